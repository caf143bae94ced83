"""A parking lot from high above: cars drive through, stop, park and leave."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...motion import STEP_HZ
from ..casting import Casting
from ..sites import (
    Draw,
    Site,
    Strip,
    aim,
    muted,
    outdoor_light,
)
from ..tracks import Rest, Track, follow, join, stay
from ..types import Lens, Look, Plan, Slab

_LEAD_STEPS = 25 * STEP_HZ
_VAN, _PERSON = Look("van", "white", 0), Look("person", "red", 0)
_BAY_M = 2.7


@dataclass(slots=True, eq=False)
class _Lot:
    """An aisle along x between two rows of bays."""

    aisles: list[Strip]
    bays: list[tuple[float, float, float]]  # x, y, heading of a parked car that drove in forwards
    middles: list[float]


def parking(draw: Draw) -> Site:
    """A parking lot from high above or steeply down, as a lamp post's camera sees it."""
    spread = draw.uniform(9.0, 15.0)
    middles = [n * spread for n in range(draw.num_cameras)]
    is_along = draw.chance(0.6)  # cars then pass from below to above in the pictures, not across
    lenses = [_lot_lens(draw, x, is_along) for x in middles]
    gap = draw.uniform(1.5, 1.9)
    aisles = [Strip.of(lenses, _VAN, y, draw.margin_px) for y in (-gap, gap)]
    low, high = middles[0] - 24.0, middles[-1] + 24.0
    row_y = gap + 1.7 + 2.5
    places = np.arange(low, high, _BAY_M)
    bays = [(float(x), side * row_y, side * np.pi / 2) for x in places[:-1] + _BAY_M / 2 for side in (-1, 1)]
    lines = [
        (float(x), s * (row_y - 2.5), float(x), s * (row_y + 2.5), 0.12) for x in places for s in (-1, 1)
    ]
    plan = Plan(
        "asphalt", muted(draw, 45, 120, 5), slabs=tuple(_islands(draw, middles, row_y)),
        markings=tuple(lines) if draw.chance(0.8) else (), is_outdoors=True,
    )  # fmt: skip
    lot = _Lot(aisles, bays, middles)

    def populate(casting: Casting) -> None:
        taken: set[int] = set()
        for _ in range(int(draw.rng.integers(0, 2 + len(middles)))):
            _stand_there(draw, lot, casting, taken)
        step = -_LEAD_STEPS
        while step < casting.num_steps:
            if not casting.is_full(step):
                _arrive(draw, lot, casting, step, taken)
            step += draw.gap_steps(0.72)

    return Site(plan, lenses, outdoor_light(draw), populate)


def _lot_lens(draw: Draw, x: float, is_along: bool) -> Lens:
    height = draw.uniform(8.0, 15.0)
    steep = draw.uniform(0.0, 0.75)  # tangent of the angle from straight down
    focal = (11.0 * height * draw.uniform(0.8, 1.6),) * 2
    back = steep * height
    y = draw.uniform(-0.8, 0.8)
    if is_along:
        sign = 1 if draw.chance(0.5) else -1
        return aim(draw, (x - sign * (back + 0.02), y, height), (x, y, 0.0), focal)
    return aim(draw, (x, y - back - 0.02, height), (x, y, 0.0), focal)


def _islands(draw: Draw, middles: list[float], row_y: float) -> list[Slab]:
    return [
        Slab(m + draw.uniform(-8, 8), float(draw.rng.choice([-1, 1])) * (row_y + 3.2), draw.uniform(1, 3), 0.8,
             draw.uniform(0.15, 0.8), colour=muted(draw, 60, 150, 15))
        for m in middles if draw.chance(0.6)
    ]  # fmt: skip


def _stand_there(draw: Draw, lot: _Lot, casting: Casting, taken: set[int]) -> None:
    """A car that is parked from the start, and perhaps for ever."""
    named = casting.name(("car", "car", "van"), 0)
    index = _bay(draw, lot, taken)
    if named is None or index is None:
        return
    x, y, heading = lot.bays[index]
    taken.add(index)
    if draw.chance(0.5):
        casting.add(named, stay((x, y), heading, casting.num_steps / STEP_HZ + 1), 0, is_open=True)
        return
    rest = draw.uniform(2.0, 30.0)
    track = join([stay((x, y), heading, rest), _leave(draw, lot, x, y)])
    casting.add(named, track, 0)


def _arrive(draw: Draw, lot: _Lot, casting: Casting, step: int, taken: set[int]) -> None:
    doing = draw.pick("through", "stop", "park", "walk", p=(0.42, 0.2, 0.16, 0.22))
    kinds = ("person",) if doing == "walk" else ("car", "car", "car", "van")
    named = casting.name(kinds, step)
    if named is None:
        return
    direction = 1 if draw.chance(0.5) else -1
    aisle = lot.aisles[0 if direction > 0 else 1]
    middle = lot.middles[int(draw.rng.integers(len(lot.middles)))]
    start, end = aisle.out(middle, -direction, draw.chance(0.5)), aisle.out(middle, direction, True)
    speed = draw.uniform(2.5, 6.0)
    if doing == "walk":
        y = draw.uniform(-5.5, 5.5)
        points = [
            (start, y),
            (middle + draw.uniform(-2, 2), draw.uniform(-4, 4)),
            (end, draw.uniform(-5.5, 5.5)),
        ]
        rests = {1: Rest(draw.uniform(1.0, 5.0))} if draw.chance(0.4) else {}
        track = follow(points, draw.uniform(1.0, 1.7), rests)
    elif doing == "park":
        index = _bay(draw, lot, taken, middle)
        if index is None:
            return
        x, y, _ = lot.bays[index]
        turn = x - direction * 3.2
        points = [(start, aisle.y), (turn, aisle.y), (x, aisle.y + 0.25 * (y - aisle.y)), (x, y)]
        come = follow(points, draw.uniform(2.2, 3.5), {3: Rest(draw.uniform(4.0, 25.0))}, corner_m=2.5)
        track = join([come, _leave(draw, lot, x, y)])
    else:
        place = middle + draw.uniform(-2.5, 2.5)
        rests = {1: Rest(draw.uniform(1.2, 6.0))} if doing == "stop" else {}
        track = follow([(start, aisle.y), (place, aisle.y), (end, aisle.y)], speed, rests, accel=2.5)
    if casting.is_clear(named[1], track, step):
        casting.add(named, track, step, lights=draw.is_dusk)


def _leave(draw: Draw, lot: _Lot, x: float, y: float) -> Track:
    """Backwards out of a bay, a short stop, and off along the aisle."""
    direction = 1 if y > 0 else -1  # the aisle next to this row
    aisle = lot.aisles[0 if direction < 0 else 1]
    onward = 1 if direction < 0 else -1
    place = x - onward * 5.5
    back = [(x, y), (x, aisle.y + 0.3 * (y - aisle.y)), (x - onward * 2.5, aisle.y), (place, aisle.y)]
    out = follow(back, draw.uniform(1.2, 2.0), corner_m=2.5, is_backwards=True)
    rest = stay((place, aisle.y), 0.0 if onward > 0 else np.pi, draw.uniform(0.8, 1.6))
    go = follow([(place, aisle.y), (aisle.out(x, onward, True), aisle.y)], draw.uniform(2.5, 5.0))
    track = join([out, rest, go])
    track.heading = np.unwrap(track.heading)
    return track


def _bay(draw: Draw, lot: _Lot, taken: set[int], middle: float | None = None) -> int | None:
    middle = lot.middles[int(draw.rng.integers(len(lot.middles)))] if middle is None else middle
    near = [i for i, (x, _, _) in enumerate(lot.bays) if abs(x - middle) < 7 and i not in taken]
    return int(draw.rng.choice(near)) if near else None
