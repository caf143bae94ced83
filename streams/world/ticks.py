"""A rendered world as a live session would take it: one tick's inputs after another, never all at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ..media import SAMPLE_RATE_HZ, AudioChunk, Inputs, VideoFrame
from .codec import h264_round_trip
from .native import WorldNative
from .world import World

_CHUNK = 250  # pictures from one key picture to the next, as x264 has it

Pixels = NDArray[np.uint8]


def world_inputs(
    world: World, names: Sequence[str], ns_per_tick: int, *, has_native: bool = True
) -> Iterator[Inputs]:
    """All ticks of a world, the first at `ns_per_tick`; some cameras go through a real H.264 encoder.

    With `has_native` a camera's finer pixels can be looked at as well; they come as they are rendered.
    """
    num_ticks = int(world.duration_s * 1e9) // ns_per_tick
    rates = _bit_rates(world)
    for start in range(1, num_ticks + 1, _CHUNK):
        times = [tick * ns_per_tick for tick in range(start, min(start + _CHUNK, num_ticks + 1))]
        views = [
            _views(world, camera, times, rates[camera], 1e9 / ns_per_tick)
            for camera in range(world.num_cameras)
        ]
        for n, t_ns in enumerate(times):
            frames = {
                name: VideoFrame(
                    name,
                    t_ns,
                    views[camera][n],
                    native=WorldNative(world, camera, t_ns) if has_native else None,
                )
                for camera, name in enumerate(names)
            }
            yield Inputs(t_ns, frames=frames, audio={"mic": [_heard(world, t_ns - ns_per_tick, t_ns)]})


def log_uniform(bounds: tuple[float, float], rng: np.random.Generator) -> float:
    """A number between the bounds whose logarithm is evenly spread."""
    return float(np.exp(rng.uniform(*np.log(bounds))))


def _bit_rates(world: World) -> list[float | None]:
    """Of each camera; None where the pictures come as they are."""
    rng = np.random.default_rng([world.seed, 77])
    return [
        log_uniform(world.stage.bit_rate, rng) if rng.random() < world.stage.h264_share else None
        for _ in range(world.num_cameras)
    ]


def _views(
    world: World, camera: int, times: Sequence[int], bit_rate: float | None, fps: float
) -> list[Pixels]:
    pixels = [world.picture(camera, t_ns).pixels for t_ns in times]
    return pixels if bit_rate is None else h264_round_trip(pixels, bit_rate, fps)


def _heard(world: World, start_ns: int, end_ns: int) -> AudioChunk:
    first, last = (t_ns * SAMPLE_RATE_HZ // 1_000_000_000 for t_ns in (start_ns, end_ns))
    return AudioChunk("mic", start_ns, world.soundtrack.samples[first:last])
