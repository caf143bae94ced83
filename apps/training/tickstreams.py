"""Streams of ticks: worlds seen and heard through the frozen encoder, kept as arrays for the language stage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ...generation.embedding import NS_PER_TICK
from ...perception.audio import NUM_AUDIO_FEATURES, AudioTokenizer
from ...perception.encoder import NUM_PATCHES, PatchEncoder
from ...perception.perception import encode_views
from ...perception.pruning import ChangePruner, Pruner
from ...perception.sampler import FrameSampler
from ...streams.media import SAMPLE_RATE_HZ, AudioChunk, VideoFrame
from ...streams.world.codec import h264_round_trip
from ...streams.world.record import Record, record_of
from ...streams.world.world import World
from .patches import log_uniform

TICK_SAMPLES = SAMPLE_RATE_HZ * NS_PER_TICK // 1_000_000_000
MAX_TOKENS = 6  # patches of a camera in a tick, when the budget is full


@dataclass(frozen=True, slots=True, eq=False)
class TickStream:
    """One world as the model reads it: kept patches and sounds with their tick, and what happened."""

    num_ticks: int
    num_cameras: int
    video: NDArray[np.float16]  # [N, F]
    video_place: NDArray[np.int64]  # [N]
    video_slot: NDArray[np.int64]  # [N] camera, from 0
    video_tick: NDArray[np.int64]  # [N] ascending
    audio: NDArray[np.float16]  # [M, F]
    audio_place: NDArray[np.int64]  # [M]
    audio_tick: NDArray[np.int64]  # [M] ascending
    record: Record
    num_offered: int = 0


def stream_pictures(
    world: World, camera: int, num_ticks: int, rng: np.random.Generator
) -> list[NDArray[np.uint8]]:
    """What a camera delivers at each tick, for some worlds through a real encoder."""
    pixels = [world.picture(camera, tick * NS_PER_TICK).pixels for tick in range(1, num_ticks + 1)]
    if rng.random() < world.stage.h264_share:
        return h264_round_trip(pixels, log_uniform(world.stage.bit_rate, rng), 5.0)
    return pixels


def read_stream(
    encoder: PatchEncoder,
    world: World,
    make_pruner: Callable[[], Pruner] | None = None,
    vary_budget: bool = False,
    max_tokens: int = MAX_TOKENS,
) -> TickStream:
    """See and hear a world at every tick, with the same sampler, encoder and pruner as a live session."""
    num_ticks = int(world.duration_s * 1e9) // NS_PER_TICK
    rng = np.random.default_rng([world.seed, 77])
    budgets = _budgets(num_ticks, max_tokens, vary_budget, rng)
    columns: list[tuple[NDArray[np.float32], NDArray[np.int64], int, int]] = []
    num_offered = 0
    for camera in range(world.num_cameras):
        pixels = stream_pictures(world, camera, num_ticks, rng)
        pruner = make_pruner() if make_pruner else ChangePruner(encoder.config)
        ticks, features = _look(encoder, pixels)
        num_offered += NUM_PATCHES * num_ticks
        for tick, patch in zip(ticks, features, strict=True):
            places = pruner.select(patch, tick * NS_PER_TICK, int(budgets[tick - 1]))
            columns.append((patch[places], places, camera, tick))
    columns.sort(key=lambda c: (c[3], c[2]))
    sounds = _listen(world, num_ticks)
    return _pack(world, num_ticks, columns, sounds, num_offered, encoder.config.num_features)


def _budgets(num_ticks: int, most: int, vary: bool, rng: np.random.Generator) -> NDArray[np.int64]:
    """A full budget, or for some streams one that changes from tick to tick, so that pruning is familiar."""
    if not vary or rng.random() < 0.6:
        return np.full(num_ticks, most)
    return rng.integers(1, most + 1, num_ticks)


@torch.inference_mode()
def _look(
    encoder: PatchEncoder, pixels: Sequence[NDArray[np.uint8]]
) -> tuple[list[int], list[NDArray[np.float32]]]:
    """Ticks whose frame is read, and the features [60, F] of each."""
    sampler = FrameSampler()
    ticks = [n + 1 for n, p in enumerate(pixels) if sampler.wants(VideoFrame("", (n + 1) * NS_PER_TICK, p))]
    now = [pixels[tick - 1] for tick in ticks]
    before = [now[0], *now[:-1]]
    features: list[NDArray[np.float32]] = []
    # In bfloat16 the features move by 0.02 at most and take less than half the time.
    with torch.autocast("cpu", torch.bfloat16):
        for start in range(0, len(now), 32):
            features += encode_views(encoder, now[start : start + 32], before[start : start + 32])
    return ticks, features


def _listen(world: World, num_ticks: int) -> list[tuple[NDArray[np.float32], int]]:
    ear, samples = AudioTokenizer(), world.soundtrack.samples
    chunks = (samples[n * TICK_SAMPLES : (n + 1) * TICK_SAMPLES] for n in range(num_ticks))
    return [(ear.tokens([AudioChunk("", n * NS_PER_TICK, c)])[0], n + 1) for n, c in enumerate(chunks)]


def _pack(
    world: World,
    num_ticks: int,
    columns: list[tuple[NDArray[np.float32], NDArray[np.int64], int, int]],
    sounds: list[tuple[NDArray[np.float32], int]],
    num_offered: int,
    num_features: int,
) -> TickStream:
    video = np.concatenate([c[0] for c in columns] or [np.zeros((0, num_features), np.float32)])
    audio = np.concatenate([s for s, _ in sounds] or [np.zeros((0, NUM_AUDIO_FEATURES), np.float32)])
    repeat = [len(c[1]) for c in columns]
    return TickStream(
        num_ticks=num_ticks,
        num_cameras=world.num_cameras,
        video=video.astype(np.float16),
        video_place=np.concatenate([c[1] for c in columns] or [np.zeros(0, np.int64)]),
        video_slot=np.repeat([c[2] for c in columns], repeat).astype(np.int64),
        video_tick=np.repeat([c[3] for c in columns], repeat).astype(np.int64),
        audio=audio.astype(np.float16),
        audio_place=np.concatenate([np.arange(len(s)) for s, _ in sounds]).astype(np.int64),
        audio_tick=np.repeat([t for _, t in sounds], [len(s) for s, _ in sounds]).astype(np.int64),
        record=record_of(world, num_ticks, NS_PER_TICK),
        num_offered=num_offered,
    )


def save_streams(path: Path, streams: Sequence[TickStream]) -> None:
    """A shard of streams; it appears whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    torch.save(list(streams), partial)
    partial.replace(path)


def load_streams(path: Path) -> list[TickStream]:
    """A shard that `save_streams` wrote on this machine."""
    return list(torch.load(path, weights_only=False))
