"""A street with a crossing: vehicles in lanes, people along and across."""

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
from ..tracks import Rest, follow, stay
from ..types import Lens, Look, Plan, Slab, Wall

_LEAD_STEPS = 25 * STEP_HZ
_LANE_M = 3.1
_VAN, _PERSON = Look("van", "white", 0), Look("person", "red", 0)


@dataclass(slots=True, eq=False)
class _Street:
    """Strips of ways along x, in the order of their y."""

    lanes: list[tuple[Strip, int]]  # with their direction
    bicycles: list[tuple[Strip, int]]
    pavements: list[Strip]
    crossings: list[float]  # x of zebra crossings
    middles: list[float]  # x that each camera looks at


def crossing(draw: Draw) -> Site:
    """Two lanes, pavements, a zebra crossing; from a pole or at eye height."""
    spread = draw.uniform(9.0, 22.0)
    middles = [n * spread for n in range(draw.num_cameras)]
    lenses = [_street_lens(draw, x) for x in middles]
    crossings = [x + draw.uniform(-2.5, 2.5) for x in middles if draw.chance(0.7)] or [middles[0]]
    street = _Street(
        lanes=[(Strip.of(lenses, _VAN, side * _LANE_M / 2, draw.margin_px), -side) for side in (-1, 1)],
        bicycles=[
            (Strip.of(lenses, _VAN, side * (_LANE_M + 0.4), draw.margin_px), -side) for side in (-1, 1)
        ],
        pavements=[Strip.of(lenses, _PERSON, y, draw.margin_px) for y in (-5.4, 5.2, 6.0)],
        crossings=crossings,
        middles=middles,
    )
    parked = [x + draw.uniform(-8, 8) for x in middles if draw.chance(0.25)]

    def populate(casting: Casting) -> None:
        for x in parked:
            _park(draw, casting, x)
        step = -_LEAD_STEPS
        while step < casting.num_steps:
            if not casting.is_full(step):
                _traffic(draw, street, casting, step)
            step += draw.gap_steps(0.62)

    return Site(_street_plan(draw, street), lenses, outdoor_light(draw), populate)


def _street_lens(draw: Draw, x: float) -> Lens:
    aside = draw.uniform(-7.0, 7.0)
    if draw.chance(0.6):
        position = (x + aside, draw.uniform(-11.0, -7.5), draw.uniform(3.5, 6.5))
        return aim(draw, position, (x, draw.uniform(-0.5, 1.0), 0.3), (105.0, 160.0))
    position = (x + aside * 0.6, draw.uniform(-11.0, -8.5), draw.uniform(1.5, 1.8))
    return aim(draw, position, (x, 0.0, draw.uniform(0.9, 1.2)), (120.0, 170.0))


def _street_plan(draw: Draw, street: _Street) -> Plan:
    low, high = street.middles[0] - 45.0, street.middles[-1] + 45.0
    kerb = _LANE_M + 0.9
    lines = [(low, side * kerb, high, side * kerb, 0.18) for side in (-1, 1)]
    dash = draw.uniform(1.5, 3.0)
    lines += [(x, 0.0, x + dash, 0.0, 0.12) for x in np.arange(low, high, 2.2 * dash)]
    for x in street.crossings:
        lines += [(x - 1.3, y, x + 1.3, y, 0.45) for y in np.arange(-2.6, 2.7, 0.9)]
    houses = []
    x = low
    while x < high:
        width = draw.uniform(5.0, 12.0)
        colour = muted(draw, 70, 200, 16)
        houses.append(Wall(x, 7.4, min(x + width, high), 7.4, draw.uniform(4.0, 9.0), colour))
        x += width
    poles = [
        Slab(
            m + draw.uniform(-6, 6),
            float(draw.rng.choice([-4.3, 4.5])),
            0.16,
            0.16,
            4.5,
            colour=muted(draw, 60, 130),
        )
        for m in street.middles
        if draw.chance(0.4)
    ]
    return Plan(
        "asphalt", muted(draw, 60, 125, 5), tuple(houses), tuple(poles), tuple(lines), is_outdoors=True
    )


def _traffic(draw: Draw, street: _Street, casting: Casting, step: int) -> None:
    """One arrival: a vehicle in a lane, a bicycle, or someone on foot."""
    doing = draw.pick("vehicle", "bicycle", "along", "across", p=(0.42, 0.2, 0.2, 0.18))
    if doing == "across":
        _cross(draw, street, casting, step)
    elif doing == "along":
        strip = street.pavements[int(draw.rng.integers(len(street.pavements)))]
        _walk_along(draw, street, strip, casting, step)
    else:
        lanes = street.lanes if doing == "vehicle" else street.bicycles
        strip, direction = lanes[int(draw.rng.integers(len(lanes)))]
        _drive(draw, street, strip, direction, casting, step, doing)


def _drive(
    draw: Draw, street: _Street, strip: Strip, direction: int, casting: Casting, step: int, doing: str
) -> None:
    kinds = ("car", "car", "van") if doing == "vehicle" else ("bicycle",)
    named = casting.name(kinds, step)
    if named is None:
        return
    middle = street.middles[int(draw.rng.integers(len(street.middles)))]
    start = strip.out(middle, -direction, is_far=draw.chance(0.6))
    end = strip.out(middle, direction, is_far=True)
    line = middle - direction * draw.uniform(-1.0, 3.5)
    speed = draw.uniform(3.5, 8.0) if doing == "vehicle" else draw.uniform(2.2, 4.5)
    points = [(start, strip.y), (line, strip.y), (end, strip.y)]
    stops = draw.chance(0.35 if doing == "vehicle" else 0.15)
    rests = {1: Rest(draw.uniform(1.5, 6.0))} if stops and (end - line) * direction > 2 else {}
    points = points if rests else [points[0], points[2]]
    track = follow(points, speed, rests, accel=draw.uniform(2.0, 3.5))
    if casting.is_clear(named[1], track, step):
        casting.add(named, track, step, lights=draw.is_dusk)


def _walk_along(draw: Draw, street: _Street, strip: Strip, casting: Casting, step: int) -> None:
    direction = 1 if draw.chance(0.5) else -1
    middle = street.middles[int(draw.rng.integers(len(street.middles)))]
    named = casting.name(("person",) if draw.chance(0.92) else ("dog",), step)
    if named is None:
        return
    start, end = strip.out(middle, -direction, False), strip.out(middle, direction, draw.chance(0.6))
    stop = middle + draw.uniform(-2.5, 2.5)
    points = [(start, strip.y), (stop, strip.y + draw.uniform(-0.2, 0.2)), (end, strip.y)]
    rests = {1: Rest(draw.uniform(1.5, 6.0), facing=draw.uniform(-3, 3))} if draw.chance(0.35) else {}
    track = follow(points, draw.uniform(0.9, 1.8), rests)
    if casting.is_clear(named[1], track, step):
        casting.add(named, track, step)


def _cross(draw: Draw, street: _Street, casting: Casting, step: int) -> None:
    """Along one pavement, over the zebra, and along the other."""
    x = street.crossings[int(draw.rng.integers(len(street.crossings)))]
    named = casting.name(("person",), step)
    if named is None:
        return
    near, far = street.pavements[0], street.pavements[1]
    first, last = (near, far) if draw.chance(0.5) else (far, near)
    come, go = (1 if draw.chance(0.5) else -1 for _ in range(2))
    points = [
        (first.out(x, -come, False), first.y),
        (x, first.y),
        (x + draw.uniform(-0.5, 0.5), last.y),
        (last.out(x, go, False), last.y),
    ]
    rests = {1: Rest(draw.uniform(1.0, 4.0))} if draw.chance(0.5) else {}
    track = follow(points, draw.uniform(1.0, 1.8), rests, corner_m=1.0)
    if casting.is_clear(named[1], track, step):
        casting.add(named, track, step)


def _park(draw: Draw, casting: Casting, x: float) -> None:
    named = casting.name(("car", "car", "van"), 0)
    if named is not None:
        track = stay((x, 5.6), 0.0 if draw.chance(0.5) else np.pi, casting.num_steps / STEP_HZ + 1)
        if casting.is_clear(named[1], track, 0):
            casting.add(named, track, 0, is_open=True)
