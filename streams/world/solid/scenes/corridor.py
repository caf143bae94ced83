"""A corridor along which people walk from door to door."""

from __future__ import annotations

from ..casting import Casting
from ..sites import (
    Draw,
    Rect,
    Site,
    aim,
    indoor_light,
    muted,
)
from ..types import Plan, Wall
from .lobby import LEAD_STEPS, Door, House, visit


def corridor(draw: Draw) -> Site:
    """A long corridor at eye height, doors on both sides and at its end."""
    width, length = draw.uniform(2.2, 3.2), draw.uniform(10.0, 15.0)
    left = sorted(draw.uniform(2.5, length - 2.0) for _ in range(2))
    right = sorted(draw.uniform(2.5, length - 2.0) for _ in range(2))
    colour = muted(draw, 130, 215)
    walls = (
        Wall(0, -3, 0, length, 2.6, colour, tuple((y + 2.5, y + 3.5) for y in left if _apart(left, y))),
        Wall(
            width,
            -3,
            width,
            length,
            2.6,
            colour,
            tuple((y + 2.5, y + 3.5) for y in right if _apart(right, y)),
        ),
        Wall(0, length, width, length, 2.6, muted(draw, 110, 200), ((width / 2 - 0.6, width / 2 + 0.6),)),
    )
    room = Rect(0, -3.0, width, length)
    outer = [Door(0, y, (1, 0), 0) for y in left if _apart(left, y)]
    outer += [Door(width, y, (-1, 0), 0) for y in right if _apart(right, y)]
    outer += [Door(width / 2, length, (0, -1), 0)]
    outer += [Door(x * width, -2.4, (0, 1), 0, has_wall=False) for x in (0.4, 0.6)]
    house = House([room], outer, [], [], [])
    plan = Plan(draw.pick("tiles", "carpet", "concrete"), muted(draw, 70, 180), walls)
    lenses = []
    for n in range(draw.num_cameras):
        # Close to a wall, so that nobody walks through the camera.
        x, start = (0.1 if draw.chance(0.5) else 0.9) * width, (0.0, 3.0, 1.0, 4.0)[n]
        height = draw.uniform(1.5, 1.9) if draw.chance(0.7) else 2.4
        target = (width / 2, start + 6.0, draw.uniform(0.9, 1.2))
        lenses.append(aim(draw, (x, start, height), target, (105.0, 150.0)))

    def populate(casting: Casting) -> None:
        step = -LEAD_STEPS
        while step < casting.num_steps:
            if not casting.is_full(step):
                visit(draw, house, casting, step)
            step += draw.gap_steps(0.8)

    return Site(plan, lenses, indoor_light(draw), populate, (room,))


def _apart(places: list[float], place: float) -> bool:
    return place == places[0] or place - places[0] > 1.6
