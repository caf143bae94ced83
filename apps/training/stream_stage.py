"""Stage two: worlds are rendered and read through the frozen encoder, once, on all cores."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch

from ...perception.encoder import PatchEncoder
from ...streams.world.world import World
from .patches import TRAIN_SEEDS
from .progress import RunLog
from .settings import TrainSettings
from .tickstreams import TickStream, load_streams, read_stream, save_streams

SHARD = 8
_FIRST_SEED = TRAIN_SEEDS * 5
_NUM_CAMERAS, _CAMERA_WEIGHTS = (1, 2, 3, 4), (0.15, 0.25, 0.2, 0.4)
_SCENES = {"mixed": 0.3, "clash": 0.06, "things": 0.64}
_LONG_SHARE, _LONG = 0.25, 3.0  # share of worlds that last this many times as long: there is more to remember
Task = tuple[Path, int, float]
_encoder: PatchEncoder | None = None


def make_streams(settings: TrainSettings, encoder: PatchEncoder, log: RunLog) -> Path:
    """Write all shards that are missing; returns their folder."""
    folder = settings.out / "streams"
    folder.mkdir(parents=True, exist_ok=True)
    num_shards = -(-settings.num_streams // SHARD)
    missing = [n for n in range(num_shards) if not shard_path(folder, n).exists()]
    if not missing:
        return folder
    tasks = [(folder, n, settings.stream_s) for n in missing]
    with log.bar("streams", num_shards, num_shards - len(missing)) as bar:
        for _ in _on_all_cores(settings.workers, encoder, tasks):
            bar.advance()
    return folder


def _on_all_cores(workers: int, encoder: PatchEncoder, tasks: Sequence[Task]) -> Iterator[None]:
    if workers == 1:
        for task in tasks:
            make_shard(encoder, task)
            yield
        return
    weights = {name: tensor.cpu().numpy() for name, tensor in encoder.state_dict().items()}
    # Spawned, not forked: torch's thread pools do not survive a fork.
    context = multiprocessing.get_context("spawn")
    with context.Pool(workers, _start_worker, (weights,)) as pool:
        yield from pool.imap_unordered(_make_shard, tasks)


def shard_path(folder: Path, number: int) -> Path:
    """Where a shard lies."""
    return folder / f"shard-{number:05d}.pt"


def read_shards(folder: Path) -> list[TickStream]:
    """All streams that are there by now."""
    return [stream for path in sorted(folder.glob("shard-*.pt")) for stream in load_streams(path)]


def _start_worker(weights: dict[str, np.ndarray]) -> None:
    global _encoder
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    _encoder = PatchEncoder().eval()
    _encoder.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})


def _make_shard(task: Task) -> None:
    assert _encoder is not None
    make_shard(_encoder, task)


def make_shard(encoder: PatchEncoder, task: Task) -> None:
    """Render, read and write the worlds of one shard: (folder, number, seconds)."""
    folder, number, seconds = task
    streams = []
    for seed in range(_FIRST_SEED + number * SHARD, _FIRST_SEED + (number + 1) * SHARD):
        streams.append(read_stream(encoder, _draw_world(seed, seconds), vary_budget=True))
    save_streams(shard_path(folder, number), streams)


def _draw_world(seed: int, seconds: float) -> World:
    """Any scene, any number of cameras; a long world has few cameras, so that it costs as much as a short one."""
    rng = np.random.default_rng(seed)
    scene = str(rng.choice(list(_SCENES), p=list(_SCENES.values())))
    if rng.random() < _LONG_SHARE:
        return World(seed, 1 if rng.random() < 0.5 else 2, scene, seconds * _LONG)
    return World(seed, int(rng.choice(_NUM_CAMERAS, p=_CAMERA_WEIGHTS)), scene, seconds)
