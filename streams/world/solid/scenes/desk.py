"""A desk on which hands put things, move them about, and from which they take them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ...motion import STEP_HZ
from ..casting import Casting
from ..sites import (
    Draw,
    Site,
    aim,
    indoor_light,
    is_framed,
    muted,
    outside,
)
from ..sizes import SIZES
from ..tracks import Rest, Track, follow, join, shifted, stay
from ..types import Floats, Lens, Look, Plan, Slab, Wall
from .loads import small_thing

_HAND = Look("hand", "red", 0)
_LOW = np.array([0.0, 0.0, 0.05])
_GRIP = {
    "bottle": 0.93,
    "cup": 0.75,
    "box": 0.95,
    "ball": 0.8,
}  # share of the height at which a hand holds it


@dataclass(slots=True, eq=False)
class _Thing:
    """What stands on the table: its parts of a track so far, and since when it rests there."""

    named: tuple[int, Look]
    place: int
    heading: float
    parts: list[Track]
    first_step: int
    since: int


@dataclass(slots=True, eq=False)
class _Desk:
    """Places on a table and what stands on them."""

    places: list[Floats]
    lenses: list[Lens]
    borders: list[Floats]  # ways by which hands come, in the order of liking
    things: dict[int, _Thing] = field(default_factory=dict)  # by place


def desk(draw: Draw) -> Site:
    """A table from the front or from above; big things, a few at a time."""
    is_above = draw.chance(0.18)
    first = _desk_lens(draw, is_above, 0.0)
    angles = [0.0] + [draw.uniform(-0.7, 0.7) for _ in range(draw.num_cameras - 1)]
    lenses = [first] + [_desk_lens(draw, draw.chance(0.18), a) for a in angles[1:]]
    side = float(draw.rng.choice([-1, 1]))
    borders = [(-1.0, 0.1, 0.35), (1.0, 0.1, 0.35), (0.4 * side, 0.05, 1.0)]
    if is_above:
        borders = [(-1.0, 0.1, 0.2), (1.0, 0.1, 0.2), (0.2 * side, 1.0, 0.2), (0.2 * side, -1.0, 0.2)]
    desk_ = _Desk(_places(draw, first), lenses, [np.array(b) for b in _shuffled(draw, borders)])

    def populate(casting: Casting) -> None:
        _run_desk(draw, desk_, casting)

    return Site(_desk_plan(draw, is_above), lenses, indoor_light(draw), populate)


def _shuffled(draw: Draw, ways: list[tuple[float, float, float]]) -> list[tuple[float, float, float]]:
    return [ways[int(k)] for k in draw.rng.permutation(len(ways))]


def _desk_lens(draw: Draw, is_above: bool, angle: float) -> Lens:
    if is_above:
        height = draw.uniform(0.6, 0.85)
        return aim(draw, (0.0, -draw.uniform(0.02, 0.25), height), (0.0, 0.0, 0.0), (120.0, 150.0))
    away, height = draw.uniform(0.55, 0.95), draw.uniform(0.18, 0.55)
    x, y = away * float(np.sin(angle)), -away * float(np.cos(angle))
    return aim(
        draw, (x, y, height), (draw.uniform(-0.05, 0.05), 0.0, draw.uniform(0.08, 0.16)), (120.0, 160.0)
    )


def _places(draw: Draw, lens: Lens) -> list[Floats]:
    """Two to five places side by side, some nearer and some farther, that the first camera sees whole."""
    num, width = int(draw.rng.integers(3, 6)), draw.uniform(0.14, 0.22)
    body = np.array([(x, y, z) for x in (-0.06, 0.06) for y in (-0.06, 0.06) for z in (0.0, 0.14)])
    places: list[Floats] = []
    while len(places) < 2:
        xs = (np.arange(num) - (num - 1) / 2) * width
        rows = [np.array([x + draw.uniform(-0.02, 0.02), draw.uniform(-0.1, 0.12), 0.0]) for x in xs]
        places = [row for row in rows if is_framed(lens, row + body).all()]
        width *= 0.95
    return places


def _desk_plan(draw: Draw, is_above: bool) -> Plan:
    ground = draw.pick("wood", "cloth", "concrete", p=(0.45, 0.4, 0.15))
    is_light = draw.chance(0.5)
    table = muted(draw, 150, 225, 8) if is_light else muted(draw, 50, 150, 18)
    walls = (Wall(-3.0, 0.42, 3.0, 0.42, 1.8, muted(draw, 80, 215, 10)),) if draw.chance(0.75) else ()
    slabs = []
    if not is_above and draw.chance(0.5):
        for _ in range(int(draw.rng.integers(1, 3))):
            size = (draw.uniform(0.06, 0.3), draw.uniform(0.03, 0.08), draw.uniform(0.03, 0.35))
            slabs.append(Slab(draw.uniform(-0.5, 0.5), 0.33, *size, colour=muted(draw, 25, 200, 8)))
    return Plan(ground, table, walls, tuple(slabs))


def _run_desk(draw: Draw, desk_: _Desk, casting: Casting) -> None:
    """One act of the hands after another: bring, take, or move; what was there at the end stays."""
    for place in draw.rng.permutation(len(desk_.places))[: int(draw.rng.integers(0, len(desk_.places)))]:
        _set_down(draw, desk_, casting, int(place))
    # One act makes about two and a half events, and hands have to come and go.
    step = max(draw.gap_steps(0.25), round(0.6 * STEP_HZ))
    while step < casting.num_steps:
        step = _act(draw, desk_, casting, step) + draw.gap_steps(0.35)
    for thing in list(desk_.things.values()):
        _finish(desk_, casting, thing, casting.num_steps + 1)


def _act(draw: Draw, desk_: _Desk, casting: Casting, step: int) -> int:
    """One visit of a hand; when it is over."""
    free = [p for p in range(len(desk_.places)) if p not in desk_.things]
    standing = [t for t in desk_.things.values() if step - t.since > 1.2 * STEP_HZ]
    crowd = len(desk_.things) / len(desk_.places)
    if standing and free and draw.chance(0.15):
        return _move(draw, desk_, casting, standing[int(draw.rng.integers(len(standing)))], free, step)
    if standing and (not free or draw.chance(0.25 + 0.6 * crowd)):
        return _take(draw, desk_, casting, standing[int(draw.rng.integers(len(standing)))], step)
    if free:
        return _bring(draw, desk_, casting, int(draw.rng.choice(free)), step)
    return step


def _set_down(draw: Draw, desk_: _Desk, casting: Casting, place: int) -> None:
    named = small_thing(draw, casting, 0)
    if named is not None:
        desk_.things[place] = _Thing(named, place, draw.uniform(-3, 3), [], 0, 0)
        casting.reserve(named, 0)


def _bring(draw: Draw, desk_: _Desk, casting: Casting, place: int, step: int) -> int:
    named, at = small_thing(draw, casting, step), desk_.places[place]
    ways = None if named is None else _ways_out(draw, desk_, named[1], at)
    if named is None or ways is None:
        return step
    lift = np.array([0.0, 0.0, draw.uniform(0.03, 0.1)])
    line = np.array([ways[0], at + 0.35 * (ways[0] - at) * [1, 1, 0] + lift, at + lift * 0.4, at])
    track = follow(line, draw.uniform(0.3, 0.7), {3: Rest(0.8)}, corner_m=0.12, accel=1.5)
    heading = draw.uniform(-3, 3)
    track = shifted(_carried(track), heading)
    desk_.things[place] = _Thing(named, place, heading, [track], step, step + len(track))
    casting.reserve(named, step)
    return _hand(draw, casting, named[1], [track, _held(draw, at), None], ways[1], step)


def _take(draw: Draw, desk_: _Desk, casting: Casting, thing: _Thing, step: int) -> int:
    at = desk_.places[thing.place]
    ways = _ways_out(draw, desk_, thing.named[1], at)
    if ways is None:
        return step
    lift = np.array([0.0, 0.0, draw.uniform(0.04, 0.1)])
    line = np.array([at, at + lift + 0.1 * (ways[0] - at) * [1, 1, 0], ways[0]])
    track = shifted(follow(line, draw.uniform(0.5, 1.3), corner_m=0.1), thing.heading)
    end = _hand(draw, casting, thing.named[1], [None, _held(draw, at), track], ways[1], step)
    _lift_off(thing, at, track, end - len(track))
    _finish(desk_, casting, thing, end)
    return end


def _move(draw: Draw, desk_: _Desk, casting: Casting, thing: _Thing, free: list[int], step: int) -> int:
    """From one place to another, by hand."""
    at, place = desk_.places[thing.place], int(draw.rng.choice(free))
    to = desk_.places[place]
    ways = _ways_out(draw, desk_, thing.named[1], at)
    if ways is None:
        return step
    lift = np.array([0.0, 0.0, draw.uniform(0.02, 0.09)])
    line = np.array([at, at + lift, to + lift, to])
    track = follow(line, draw.uniform(0.25, 0.6), {3: Rest(0.8)}, corner_m=0.1, accel=1.5)
    track = shifted(_carried(track), thing.heading)
    reach = _empty_hand(draw, ways[1], at + _grip(thing.named[1]))
    held = _held(draw, at)
    end = _hand(draw, casting, thing.named[1], [reach, held, track, _held(draw, to), None], ways[1], step)
    start = step + len(reach) + len(held)
    _lift_off(thing, at, track, start)
    del desk_.things[thing.place]
    thing.place, thing.since = place, start + len(track)
    desk_.things[place] = thing
    return end


def _carried(track: Track) -> Track:
    """What comes before the last rest."""
    return track.cut(0, int(np.flatnonzero(track.is_moving)[-1]) + 1)


def _held(draw: Draw, at: Floats) -> Track:
    """A short moment in which a hand takes hold or lets go."""
    return stay(at, 0.0, 1.0).cut(0, round(draw.uniform(0.1, 0.5) * STEP_HZ) + 1)


def _lift_off(thing: _Thing, at: Floats, track: Track, start: int) -> None:
    """Until `start` the thing stood; then it goes."""
    stood = stay(at, thing.heading, (start - thing.since) / STEP_HZ).cut(0, start - thing.since)
    thing.parts += [stood, track]


def _finish(desk_: _Desk, casting: Casting, thing: _Thing, end: int) -> None:
    """Hand the thing's whole life to the casting."""
    left = end - thing.first_step - sum(len(p) for p in thing.parts)
    if left > 0:
        thing.parts.append(stay(desk_.places[thing.place], thing.heading, left / STEP_HZ).cut(0, left))
    desk_.things.pop(thing.place, None)
    casting.add(thing.named, join(thing.parts), thing.first_step)


def _ways_out(draw: Draw, desk_: _Desk, look: Look, at: Floats) -> tuple[Floats, Floats] | None:
    """Points beyond one border from where the thing and the hand that holds it can come."""
    num = len(desk_.borders)
    weights = 0.55 ** np.arange(num)
    liked = int(draw.rng.choice(num, p=weights / weights.sum()))
    for k in range(num):
        way = desk_.borders[(liked + k) % num]
        thing = outside(desk_.lenses, look, at + _LOW, way, draw.margin_px)
        hand = outside(desk_.lenses, _HAND, at + _grip(look), way, draw.margin_px)
        if thing is not None and hand is not None:
            return thing, hand
    return None


def _grip(look: Look) -> Floats:
    return np.array([0.0, 0.0, SIZES[look.kind][2] * look.scale * _GRIP[look.kind]])


def _empty_hand(draw: Draw, start: Floats, end: Floats) -> Track:
    """The way of a hand alone, relative to nothing: from start to end at its own height."""
    return follow(np.array([start, end]), draw.uniform(0.6, 1.3), accel=2.0)


def _hand(
    draw: Draw, casting: Casting, look: Look, parts: list[Track | None], beyond: Floats, step: int
) -> int:
    """A hand that goes with a thing through `parts`; None stands for its own way in or out. When it is out of sight.

    The parts that a thing shares with the hand are ways of the thing's foot; the hand holds it at its grip.
    """
    grip = _grip(look)
    known = [p for p in parts if p is not None]
    inner = known[0].position[0] + grip if parts[0] is None else known[-1].position[-1] + grip
    towards = inner - beyond
    # It holds the thing at the side where it came from, so that a camera above sees more than the hand.
    level = towards * np.array([1.0, 1.0, 0.0])
    behind = (
        -level / max(float(np.linalg.norm(level)), 1e-3) * (0.02 + 0.35 * SIZES[look.kind][0] * look.scale)
    )
    heading = float(np.arctan2(towards[1], towards[0]))
    way: list[Track] = []
    for index, part in enumerate(parts):
        if part is None:
            ends = (beyond, inner) if index == 0 else (inner, beyond)
            way.append(_empty_hand(draw, *ends))
        else:
            is_alone = index == 0 and len(parts) == 5
            way.append(part if is_alone else shifted(part, lift=float(grip[2])))
    whole = shifted(join(way), heading)
    whole.position += behind
    casting.add(casting.hand(), whole, step)
    return step + len(whole)
