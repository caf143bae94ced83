"""A belt that carries things past, stops, and goes on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...motion import STEP_HZ
from ..casting import Casting
from ..sites import (
    Draw,
    Site,
    Strip,
    aim,
    indoor_light,
    muted,
)
from ..tracks import Track
from ..types import Floats, Lens, Look, Plan, Slab, Wall
from .loads import small_thing


def conveyor(draw: Draw) -> Site:
    """A belt that carries things past, stops, and goes on."""
    height, width = draw.uniform(0.6, 0.9), draw.uniform(0.5, 0.8)
    spread = draw.uniform(1.2, 2.4)
    middles = [n * spread for n in range(draw.num_cameras)]
    lenses = [_belt_lens(draw, x, height) for x in middles]
    belt = Strip.of(lenses, Look("box", "brown", 0), 0.0, draw.margin_px, z=height, step=0.05)
    seen = belt.xs[belt.seen]
    low, high = (float(seen[0]) - 0.3, float(seen[-1]) + 0.3) if len(seen) else (-2.0, 2.0)
    rail = width / 2 + 0.03
    metal = muted(draw, 60, 190)
    slabs = [
        Slab((low + high) / 2, 0.0, high - low + 3, width, height, colour=muted(draw, 35, 110, 6)),
        *(
            Slab((low + high) / 2, y, high - low + 3, 0.05, height + 0.04, colour=metal)
            for y in (-rail, rail)
        ),
    ]
    wall = Wall(low - 6, 1.6, high + 6, 1.6, 3.0, muted(draw, 90, 200))
    plan = Plan("concrete", muted(draw, 60, 150), (wall,), tuple(slabs))
    direction = 1 if draw.chance(0.5) else -1

    def populate(casting: Casting) -> None:
        _run_belt(draw, casting, low, high, direction, height, width)

    return Site(plan, lenses, indoor_light(draw), populate)


def _belt_lens(draw: Draw, x: float, height: float) -> Lens:
    if draw.chance(0.4):
        above = height + draw.uniform(0.75, 1.15)
        return aim(draw, (x, -draw.uniform(0.02, 0.3), above), (x, 0.0, height), (110.0, 150.0))
    position = (x + draw.uniform(-0.35, 0.35), -draw.uniform(0.65, 1.05), height + draw.uniform(0.2, 0.6))
    return aim(draw, position, (x, 0.0, height + 0.08), (110.0, 155.0))


def _run_belt(
    draw: Draw, casting: Casting, low: float, high: float, direction: int, height: float, width: float
) -> None:
    """Everything on the belt moves by what the belt has moved."""
    speed = draw.uniform(0.15, 0.45)
    lead = round((high - low) / speed * STEP_HZ) + STEP_HZ
    pace = _belt_pace(draw, lead + casting.num_steps, speed)
    gone = np.cumsum(pace) / STEP_HZ
    start = 0
    while start < len(gone):
        end = int(np.searchsorted(gone, gone[start] + high - low))
        if not casting.is_full(start - lead):
            _lay(draw, casting, gone[start:end] - gone[start], pace[start:end] > 0.02, start - lead, _Belt(
                low if direction > 0 else high, direction, height, width))  # fmt: skip
        room = max(speed * draw.gap_steps(0.62) / STEP_HZ, 0.4)
        start = int(np.searchsorted(gone, gone[start] + room))


@dataclass(frozen=True, slots=True)
class _Belt:
    """Where a belt begins, and how it lies."""

    x: float
    direction: int
    height: float
    width: float


def _belt_pace(draw: Draw, num_steps: int, speed: float) -> Floats:
    """Speed of the belt by step: it runs, stands, runs on."""
    pace = np.full(num_steps, speed)
    if draw.chance(0.25):
        return pace
    step = round(draw.uniform(1, 10) * STEP_HZ)
    while step < num_steps:
        rest = round(draw.uniform(1.5, 6.0) * STEP_HZ)
        pace[step : step + rest] = 0.0
        step += rest + round(draw.uniform(6.0, 20.0) * STEP_HZ)
    # Over a fifth of a second the belt slows down and gathers speed.
    return np.asarray(np.convolve(np.pad(pace, 2, mode="edge"), np.ones(5) / 5, "valid"))


def _lay(
    draw: Draw, casting: Casting, gone: Floats, is_moving: NDArray[np.bool_], step: int, belt: _Belt
) -> None:
    named = small_thing(draw, casting, step)
    if named is None or len(gone) < 2:
        return
    aside = draw.uniform(-0.25, 0.25) * belt.width
    x = belt.x + belt.direction * gone
    position = np.stack([x, np.full(len(x), aside), np.full(len(x), belt.height)], 1)
    heading = np.full(len(x), draw.uniform(-3, 3))
    casting.add(named, Track(position, heading, is_moving, np.zeros(len(x), np.int8)), step)
