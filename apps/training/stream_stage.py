"""Stage two: worlds are rendered and read through the frozen encoder, once, on all cores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from ...errors import CheckpointError
from ...perception.encoder import EncoderConfig, PatchEncoder
from ...perception.pruning import Pruner, RandomPruner, StridePruner
from ...streams.world.world import World
from ..processes import as_they_come
from .patches import TRAIN_SEEDS
from .progress import RunLog
from .settings import TrainSettings
from .tickstreams import TickStream, load_streams, read_stream, save_streams

SHARD = 8
_FIRST_SEED = TRAIN_SEEDS * 5
_NUM_CAMERAS, _CAMERA_WEIGHTS = (1, 2, 3, 4), (0.15, 0.25, 0.2, 0.4)
_SCENES = {"mixed": 0.34, "clash": 0.08, "things": 0.58}
_RUSH_SHARE = 0.65  # share of the short worlds of things in which visits follow each other closely
_PRUNER_SHARES = (0.88, 0.06, 0.06)  # news first, at random, evenly: so that measuring the others is fair
_NATIVE_SHARE = 0.5  # of streams whose cameras have finer pixels than the view
_LONG = 3.0  # some worlds last this many times as long: there is more to remember
_encoder: PatchEncoder | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """One shard."""

    path: Path
    first_world: int
    num_streams: int
    stream_s: float
    long_share: float


def ready_streams(settings: TrainSettings, encoder: PatchEncoder, log: RunLog) -> list[TickStream]:
    """All streams of the run; what is missing or broken is rendered. Raises CheckpointError where it cannot be."""
    while True:
        make_streams(settings, encoder, log)
        streams, broken = list[TickStream](), list[Path]()
        for number, path in enumerate(_paths(settings)):
            found = _load(path, log)
            streams += found
            broken += [path] if len(found) < _num_in(settings, number) else []
        if not broken:
            return streams[: settings.num_streams]
        for path in broken:
            path.unlink()


def make_streams(settings: TrainSettings, encoder: PatchEncoder, log: RunLog) -> Path:
    """Write all shards that are missing; returns their folder. Raises CheckpointError where that fails."""
    folder = settings.out / "streams"
    paths = _paths(settings)
    missing = [n for n, path in enumerate(paths) if not path.exists()]
    if not missing:
        return folder
    tasks = [shard_task(settings, n) for n in missing]
    weights = {name: tensor.cpu().numpy() for name, tensor in encoder.state_dict().items()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with log.bar("streams", len(paths), len(paths) - len(missing)) as bar:
            for _ in as_they_come(
                settings.workers, _make_shard, tasks, _start_worker, (encoder.config, weights)
            ):
                bar.advance()
    except OSError as error:
        raise CheckpointError(
            f"cannot write into {folder} ({error.strerror or error}); what is there is kept: "
            "free space and run the same command again"
        ) from None
    return folder


def _load(path: Path, log: RunLog) -> list[TickStream]:
    try:
        return load_streams(path)
    except Exception as error:  # torch.load raises many kinds for a cut or foreign file
        log.tell(f"{path} is not whole ({type(error).__name__}): it is rendered anew")
        return []


def _num_in(settings: TrainSettings, number: int) -> int:
    """Streams in a shard: the last may hold fewer."""
    return min(SHARD, settings.num_streams - number * SHARD)


def _paths(settings: TrainSettings) -> list[Path]:
    num_shards = -(-settings.num_streams // SHARD)
    return [shard_path(settings.out / "streams", n) for n in range(num_shards)]


def shard_path(folder: Path, number: int) -> Path:
    """Where a shard lies."""
    return folder / f"shard-{number:05d}.pt"


def shard_task(settings: TrainSettings, number: int) -> Task:
    """What a shard holds."""
    return Task(
        path=shard_path(settings.out / "streams", number),
        first_world=settings.skip_streams + number * SHARD,
        num_streams=_num_in(settings, number),
        stream_s=settings.stream_s,
        long_share=settings.long_share,
    )


def _start_worker(config: EncoderConfig, weights: dict[str, np.ndarray]) -> None:
    global _encoder
    _encoder = PatchEncoder(config).eval()
    _encoder.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})


def _make_shard(task: Task) -> None:
    assert _encoder is not None
    make_shard(_encoder, task)


def make_shard(encoder: PatchEncoder, task: Task) -> None:
    """Render, read and write the worlds of one shard."""
    first = _FIRST_SEED + task.first_world
    streams = [_read(encoder, seed, task) for seed in range(first, first + task.num_streams)]
    save_streams(task.path, streams)


def _read(encoder: PatchEncoder, seed: int, task: Task) -> TickStream:
    """Most streams as a live session does; some without closer looks, some with patches kept at random or evenly."""
    rng = np.random.default_rng([seed, 79])
    pruners: tuple[Callable[[], Pruner] | None, ...] = (None, lambda: RandomPruner(seed), StridePruner)
    make_pruner = pruners[int(rng.choice(3, p=_PRUNER_SHARES))]
    has_native = bool(rng.random() < _NATIVE_SHARE)
    return read_stream(
        encoder,
        _draw_world(seed, task.stream_s, task.long_share),
        make_pruner,
        vary_budget=True,
        has_native=has_native,
    )


def _draw_world(seed: int, seconds: float, long_share: float) -> World:
    """Any scene, any number of cameras; a long world has few cameras, so that it costs as much as a short one."""
    rng = np.random.default_rng(seed)
    scene = str(rng.choice(list(_SCENES), p=list(_SCENES.values())))
    if rng.random() < long_share:
        scene = "quiet" if scene == "clash" else scene
        return World(seed, 1 if rng.random() < 0.5 else 2, scene, seconds * _LONG)
    num_cameras = int(rng.choice(_NUM_CAMERAS, p=_CAMERA_WEIGHTS))
    return World(seed, num_cameras, scene, seconds, rush=bool(rng.random() < _RUSH_SHARE))
