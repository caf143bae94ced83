"""The encoder's pictures, rendered ahead: files that are read again and again, each time altered otherwise."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from ...errors import CheckpointError
from ...files import write_whole
from ..processes import as_they_come
from .checkpoints import packed
from .loop import Portion
from .patches import TRAIN_SEEDS, PatchBatch, Sample
from .progress import RunLog
from .rounds import make_batch, render_world
from .settings import TrainSettings

WORLDS = 52  # of a shard: about 3,400 pictures, 310 MB
_DRAW = 3  # what a generator is for, beside its seed


def from_shards(
    settings: TrainSettings, paths: Sequence[Path], first_step: int
) -> Generator[Portion[PatchBatch] | None, None, None]:
    """Batches from a step to the last, read and altered by all cores but one."""
    batches = _Batches(paths, settings.encoder_batch, settings.seed)
    steps = range(first_step, settings.encoder_steps)
    readers = settings.workers - 1
    ahead = 4 if readers else None
    for batch in DataLoader(batches, None, sampler=steps, num_workers=readers, prefetch_factor=ahead):
        yield Portion(batch, settings.encoder_batch)


def make_shards(settings: TrainSettings, log: RunLog) -> list[Path]:
    """Render the files that are missing; returns all. Raises CheckpointError."""
    folder = Path(settings.shards)
    paths = [folder / f"pictures-{settings.seed}-{n:04d}.pt" for n in range(settings.num_shards)]
    missing = [n for n, path in enumerate(paths) if not path.exists()]
    if missing:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CheckpointError(f"shards {folder}: {error.strerror}; name another folder") from None
        with log.bar("pictures", len(paths), len(paths) - len(missing)) as bar:
            make = partial(_make_shard, settings.seed)
            for _ in as_they_come(settings.workers, make, [(paths[n], n) for n in missing], _nothing, ()):
                bar.advance()
    return paths


def _make_shard(seed: int, task: tuple[Path, int]) -> None:
    path, number = task
    worlds = range(TRAIN_SEEDS + number * WORLDS, TRAIN_SEEDS + (number + 1) * WORLDS)
    samples = [sample for world in worlds for sample in render_world((world, seed))]
    columns = [torch.from_numpy(np.stack(column)) for column in zip(*samples, strict=True)]
    write_whole(path, packed(columns))


class _Batches(Dataset[PatchBatch]):
    """The batch of a step: samples drawn from all files, which are mapped, not read."""

    def __init__(self, paths: Sequence[Path], size: int, seed: int) -> None:
        self._paths, self._size, self._seed = paths, size, seed
        self._shards: list[list[Tensor]] = []

    def __getitem__(self, step: int) -> PatchBatch:
        if not self._shards:
            self._shards = [_open(path) for path in self._paths]
        rng = np.random.default_rng([self._seed, _DRAW, step])
        shards = rng.integers(len(self._shards), size=self._size)
        return make_batch([_draw(self._shards[n], rng) for n in shards], self._seed, step)


def _open(path: Path) -> list[Tensor]:
    try:
        return list(torch.load(path, mmap=True, weights_only=True))
    except Exception as error:  # torch.load raises many kinds for a cut or foreign file
        raise CheckpointError(
            f"{path} is not a whole shard ({type(error).__name__}); delete it: only it is rendered anew"
        ) from None


def _draw(shard: list[Tensor], rng: np.random.Generator) -> Sample:
    row = int(rng.integers(len(shard[0])))
    return tuple(column[row].numpy() for column in shard)


def _nothing() -> None:
    """Nothing is to be prepared."""
