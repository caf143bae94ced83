"""A rendered world as a live session would deliver it: one tick's inputs after another, never all at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ...generation.embedding import NS_PER_TICK
from ...streams.media import AudioChunk, Inputs, VideoFrame
from ...streams.world.codec import h264_round_trip
from ...streams.world.world import World
from ..training.patches import log_uniform
from ..training.tickstreams import TICK_SAMPLES

_TICK_HZ = 5.0
_CHUNK = 250  # pictures from one key picture to the next, as x264 has it

Pixels = NDArray[np.uint8]


def world_inputs(world: World, names: Sequence[str]) -> Iterator[Inputs]:
    """All ticks of a world; some worlds go through a real H.264 encoder, as their recipe says."""
    num_ticks = int(world.duration_s * 1e9) // NS_PER_TICK
    rates = _bit_rates(world)
    for start in range(1, num_ticks + 1, _CHUNK):
        ticks = range(start, min(start + _CHUNK, num_ticks + 1))
        views = [_views(world, camera, ticks, rates[camera]) for camera in range(world.num_cameras)]
        for n, tick in enumerate(ticks):
            yield _inputs(world, tick, dict(zip(names, (view[n] for view in views), strict=True)))


def _bit_rates(world: World) -> list[float | None]:
    """Of each camera; None where the pictures come as they are."""
    rng = np.random.default_rng([world.seed, 77])
    return [
        log_uniform(world.stage.bit_rate, rng) if rng.random() < world.stage.h264_share else None
        for _ in range(world.num_cameras)
    ]


def _views(world: World, camera: int, ticks: range, bit_rate: float | None) -> list[Pixels]:
    pixels = [world.picture(camera, tick * NS_PER_TICK).pixels for tick in ticks]
    return pixels if bit_rate is None else h264_round_trip(pixels, bit_rate, _TICK_HZ)


def _inputs(world: World, tick: int, views: dict[str, Pixels]) -> Inputs:
    t_ns = tick * NS_PER_TICK
    samples = world.soundtrack.samples[(tick - 1) * TICK_SAMPLES : tick * TICK_SAMPLES]
    return Inputs(
        t_ns,
        frames={name: VideoFrame(name, t_ns, view) for name, view in views.items()},
        audio={"mic": [AudioChunk("mic", t_ns - NS_PER_TICK, samples)]},
    )
