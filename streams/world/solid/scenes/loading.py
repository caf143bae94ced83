"""A loading bay: vans come and wait, people carry boxes; mostly dusk."""

from __future__ import annotations

from ...motion import STEP_HZ
from ..casting import Casting
from ..sites import (
    Draw,
    Rect,
    Site,
    Strip,
    aim,
    muted,
    outdoor_light,
)
from ..tracks import Rest, follow
from ..types import Look, Plan, Slab, Wall
from .loads import carry

_LEAD_STEPS = 25 * STEP_HZ
_VAN, _PERSON = Look("van", "white", 0), Look("person", "red", 0)


def loading(draw: Draw) -> Site:
    """A bay before a building: vans come and wait, people carry boxes between gate and van; mostly dusk."""
    draw.is_dusk = draw.chance(0.75)
    spread = draw.uniform(10.0, 16.0)
    middles = [n * spread for n in range(draw.num_cameras)]
    lenses = []
    for x in middles:
        position = (x + draw.uniform(-5, 5), draw.uniform(-10.0, -7.0), draw.uniform(2.2, 5.5))
        lenses.append(aim(draw, position, (x, 1.0, 0.8), (115.0, 150.0)))
    length = middles[-1] + 60
    gates = [x + draw.uniform(-2.5, 2.5) for x in middles]
    doors = tuple((g + 30 - 0.9, g + 30 + 0.9) for g in gates)
    wall = Wall(-30, 5.0, length - 30, 5.0, draw.uniform(3.5, 6.0), muted(draw, 70, 170), doors)
    slabs = [_stack(draw, x) for x in middles for _ in range(2)]
    lane = Strip.of(lenses, _VAN, 1.2, draw.margin_px)
    front = Strip.of(lenses, _PERSON, -1.6, draw.margin_px)
    plan = Plan(
        draw.pick("concrete", "asphalt"), muted(draw, 60, 130), (wall,), tuple(slabs), is_outdoors=True
    )

    def populate(casting: Casting) -> None:
        step = -_LEAD_STEPS
        while step < casting.num_steps:
            index = int(draw.rng.integers(len(middles)))
            if not casting.is_full(step):
                if draw.chance(0.35):
                    _deliver(draw, lane, middles[index], casting, step)
                else:
                    _haul(draw, front, gates[index], middles[index], casting, step)
            step += draw.gap_steps(0.7 / len(middles))

    yard = Rect(-1e3, -1e3, 1e3, 5.0)  # what is behind the wall is not here
    return Site(plan, lenses, outdoor_light(draw), populate, (yard,))


def _stack(draw: Draw, x: float) -> Slab:
    """A pallet or a container beside the wall."""
    side = draw.uniform(0.8, 1.4)
    height = draw.uniform(0.3, 1.2)
    return Slab(
        x + draw.uniform(-6, 6), draw.uniform(3.6, 4.2), side, 0.8, height, colour=muted(draw, 60, 170, 20)
    )


def _deliver(draw: Draw, lane: Strip, middle: float, casting: Casting, step: int) -> None:
    direction = 1 if draw.chance(0.5) else -1
    named = casting.name(("van", "van", "car"), step)
    if named is None:
        return
    start, end = lane.out(middle, -direction, True), lane.out(middle, direction, True)
    place = middle + draw.uniform(-2.5, 2.5)
    points = [(start, lane.y), (place, lane.y), (end, lane.y)]
    track = follow(points, draw.uniform(2.5, 4.5), {1: Rest(draw.uniform(3.0, 20.0))}, accel=1.8)
    if casting.is_clear(named[1], track, step):
        casting.add(named, track, step, lights=draw.is_dusk)


def _haul(draw: Draw, front: Strip, gate: float, middle: float, casting: Casting, step: int) -> None:
    """Someone comes out of the gate with a load, puts up with a wait, and goes off; or the other way round."""
    named = casting.name(("person",), step)
    if named is None:
        return
    direction = 1 if draw.chance(0.5) else -1
    y = front.y + draw.uniform(-0.4, 0.3)
    side = front.out(middle, direction, False)
    turn = gate + draw.uniform(-2.0, 2.0)
    points = [(gate, 6.0), (gate, 4.3), (turn, y), (side, y)]
    has_load = draw.chance(0.7)
    rests = {2: Rest(draw.uniform(1.2, 5.0), "carry" if has_load else "stand")} if draw.chance(0.6) else {}
    is_coming_back = draw.chance(0.5)
    if is_coming_back:
        points, rests = points[::-1], {3 - k: r for k, r in rests.items()}
    track = follow(points, draw.uniform(0.9, 1.5), rests, gait="carry" if has_load else "walk")
    if casting.is_clear(named[1], track, step):
        cast = casting.add(named, track, step)
        if cast is not None:
            if has_load:
                carry(draw, casting, named, track, step)
            cast.came_by_door, cast.leaves_by_door = not is_coming_back, is_coming_back
            if step >= 0 and not is_coming_back:
                casting.bells.append(step)
