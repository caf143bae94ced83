"""One or two rooms with doors, through which people come to cross, linger or sit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...motion import STEP_HZ
from ..casting import Casting
from ..sites import (
    Draw,
    Rect,
    Site,
    aim,
    indoor_light,
    is_free,
    muted,
    route,
)
from ..tracks import Rest, follow
from ..types import Lens, Plan, Slab, Wall
from .loads import carry

_BEHIND_M = 0.9  # how far behind a door a life begins and ends
LEAD_STEPS = 20 * STEP_HZ  # life before the world begins, so that it begins in the midst of it
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Door:
    """A door in a wall, its normal pointing into the room with that index."""

    x: float
    y: float
    normal: Point
    room: int
    has_wall: bool = True  # False: an open end, where nothing hides who comes

    @property
    def inner(self) -> Point:
        return self.x + 0.6 * self.normal[0], self.y + 0.6 * self.normal[1]

    @property
    def outer(self) -> Point:
        return self.x - _BEHIND_M * self.normal[0], self.y - _BEHIND_M * self.normal[1]


@dataclass(slots=True, eq=False)
class House:
    """Rooms in a row along x, the doors that lead out of them and those that join them."""

    rooms: list[Rect]
    outer: list[Door]
    joints: list[Point]  # between room n and n + 1
    slabs: list[Slab]
    seats: list[tuple[int, float, float, float]]  # room, place, heading


def lobby(draw: Draw) -> Site:
    """One or two rooms with doors, furniture and pillars."""
    num_rooms = 1 if draw.num_cameras == 1 or draw.chance(0.5) else 2
    width, depth = draw.uniform(6.0, 9.5), draw.uniform(5.5, 8.0)
    rooms = [Rect(n * width, 0.0, (n + 1) * width, depth) for n in range(num_rooms)]
    outer, walls, joints = _walls(draw, rooms)
    house = House(rooms, outer, joints, [], [])
    for index in range(num_rooms):
        _furnish(draw, house, index)
    plan = Plan(
        ground=draw.pick("tiles", "wood", "carpet", "concrete"),
        ground_colour=muted(draw, 70, 190, 14),
        walls=tuple(walls),
        slabs=tuple(house.slabs),
    )
    lenses = [_lens_in(draw, rooms[n % num_rooms], n // num_rooms) for n in range(draw.num_cameras)]

    def populate(casting: Casting) -> None:
        step = -LEAD_STEPS
        while step < casting.num_steps:
            if not casting.is_full(step):
                visit(draw, house, casting, step)
            step += draw.gap_steps(0.95 / num_rooms)

    return Site(plan, lenses, indoor_light(draw), populate, tuple(rooms))


def _walls(draw: Draw, rooms: list[Rect]) -> tuple[list[Door], list[Wall], list[Point]]:
    """Outer walls with two or three doors a room, and inner walls with one each."""
    outer: list[Door] = []
    walls: list[Wall] = []
    joints: list[Point] = []
    height, colour = draw.uniform(2.6, 3.4), muted(draw, 110, 225)
    for index, room in enumerate(rooms):
        width = room.x1 - room.x0
        for y, normal in ((room.y1, (0.0, -1.0)), (room.y0, (0.0, 1.0))):
            half = draw.uniform(0.45, 0.7)
            at = draw.uniform(1.2, width - 1.2)
            doors = ((at - half, at + half),)
            walls.append(Wall(room.x0, y, room.x1, y, height, colour, doors))
            outer.append(Door(room.x0 + at, y, normal, index))
        if index + 1 < len(rooms):
            at = draw.uniform(1.2, room.y1 - 1.2)
            walls.append(Wall(room.x1, 0, room.x1, room.y1, height, colour, ((at - 0.6, at + 0.6),)))
            joints.append((room.x1, at))
    depth = rooms[0].y1
    for x, normal, index in ((rooms[0].x0, (1.0, 0.0), 0), (rooms[-1].x1, (-1.0, 0.0), len(rooms) - 1)):
        at = draw.uniform(1.2, depth - 1.2)
        has_door = draw.chance(0.6)
        walls.append(Wall(x, 0, x, depth, height, colour, ((at - 0.5, at + 0.5),) if has_door else ()))
        if has_door:
            outer.append(Door(x, at, normal, index))
    return outer, walls, joints


def _furnish(draw: Draw, house: House, index: int) -> None:
    """Sofas to sit on, counters, pillars; never in front of a door."""
    room = house.rooms[index]
    doors = [d.inner for d in house.outer] + house.joints
    for _ in range(int(draw.rng.integers(2, 6))):
        kind = draw.pick("sofa", "table", "pillar", "shelf", p=(0.4, 0.25, 0.2, 0.15))
        slab = _piece(draw, kind, room)
        far = all(np.hypot(slab.x - x, slab.y - y) > 1.3 + slab.width / 2 for x, y in doors)
        gap = 0.6 + slab.width / 2
        if not far or not is_free((slab.x, slab.y), house.slabs, gap):
            continue
        house.slabs.append(slab)
        if kind == "sofa":
            ahead = slab.heading - np.pi / 2
            x, y = slab.x + 0.26 * float(np.cos(ahead)), slab.y + 0.26 * float(np.sin(ahead))
            house.seats.append((index, x, y, ahead))


def _piece(draw: Draw, kind: str, room: Rect) -> Slab:
    x, y = draw.uniform(room.x0 + 1.0, room.x1 - 1.0), draw.uniform(room.y0 + 1.0, room.y1 - 1.0)
    heading = float(draw.rng.integers(4)) * np.pi / 2
    colour = muted(draw, 40, 190, 18)
    if kind == "sofa":
        return Slab(x, y, draw.uniform(0.6, 1.7), 0.6, 0.44, heading, 0.0, colour)
    if kind == "table":
        return Slab(
            x,
            y,
            draw.uniform(0.8, 1.8),
            draw.uniform(0.6, 0.9),
            draw.uniform(0.7, 1.05),
            heading,
            0.0,
            colour,
        )
    if kind == "pillar":
        side = draw.uniform(0.3, 0.5)
        return Slab(x, y, side, side, 2.8, 0.0, 0.0, muted(draw, 100, 210))
    return Slab(x, room.y1 - 0.3, draw.uniform(0.8, 1.6), 0.35, draw.uniform(1.2, 2.0), 0.0, 0.0, colour)


def _lens_in(draw: Draw, room: Rect, number: int) -> Lens:
    """A ceiling corner mostly, sometimes eye height from a wall, or straight down."""
    corner = (int(draw.rng.integers(4)) + number) % 4
    x = room.x0 + 0.25 if corner in (0, 3) else room.x1 - 0.25
    y = room.y0 + 0.25 if corner in (0, 1) else room.y1 - 0.25
    middle = (room.x0 + room.x1) / 2 + draw.uniform(-1, 1), (room.y0 + room.y1) / 2 + draw.uniform(-1, 1)
    kind = draw.pick("corner", "eye", "down", p=(0.6, 0.28, 0.12))
    if kind == "corner":
        position = (x, y, draw.uniform(2.3, 2.58))
        return aim(draw, position, (*middle, draw.uniform(0.5, 0.9)), (95.0, 135.0))
    if kind == "eye":
        return aim(draw, (x, y, draw.uniform(1.3, 1.7)), (*middle, draw.uniform(0.8, 1.1)), (105.0, 140.0))
    # A straight look down needs a high hall: its ceiling is never in the picture.
    tilt = draw.uniform(0.1, 1.2)
    return aim(draw, (*middle, draw.uniform(4.5, 6.5)), (middle[0], middle[1] + tilt, 0.0), (100.0, 150.0))


def visit(draw: Draw, house: House, casting: Casting, step: int) -> None:
    """Someone comes through a door, does something or not, and goes out through another."""
    # Seen along a corridor, a cat would be too small.
    animals = ("dog",) if len(house.rooms) == 1 and house.rooms[0].y0 < 0 else ("dog", "cat")
    kinds = ("person",) if draw.chance(0.9) else animals
    named = casting.name(kinds, step)
    way = _way(draw, house)
    if named is None or way is None:
        return
    points, rests, first, last = way
    kind = named[1].kind
    gait = "carry" if kind == "person" and draw.chance(0.18) else "walk"
    if kind != "person":
        rests = {k: Rest(r.seconds, "stand") for k, r in rests.items()}
    speed = draw.uniform(0.8, 1.5) if kind == "person" else draw.uniform(0.7, 1.8)
    if gait == "carry":
        rests = {k: Rest(r.seconds, "carry", r.facing) for k, r in rests.items()}
    track = follow(points, speed, rests, gait=gait, corner_m=0.5)
    if not casting.is_clear(named[1], track, step):
        return
    cast = casting.add(named, track, step)
    if cast is None:
        return
    cast.came_by_door, cast.leaves_by_door = first.has_wall, last.has_wall
    if gait == "carry":
        carry(draw, casting, named, track, step)
    if first.has_wall and step >= 0:
        casting.bells.append(step)


def _way(draw: Draw, house: House) -> tuple[list[Point], dict[int, Rest], Door, Door] | None:
    first, last = (house.outer[int(draw.rng.integers(len(house.outer)))] for _ in range(2))
    points: list[Point] = [first.outer, first.inner]
    rests: dict[int, Rest] = {}
    room = first.room
    while room != last.room:
        onward = 1 if last.room > room else -1
        x, y = house.joints[min(room, room + onward)]
        if not _go_to(draw, house, room, points, (x - 0.6 * onward, y)):
            return None
        points.append((x + 0.6 * onward, y))
        room += onward
    doing = draw.pick("cross", "linger", "sit", p=(0.3, 0.45, 0.25))
    if first is last and doing == "cross":
        doing = "linger"
    seats = [s for s in house.seats if s[0] == room]
    if doing == "sit" and seats:
        _, x, y, heading = seats[int(draw.rng.integers(len(seats)))]
        front = x + 0.45 * float(np.cos(heading)), y + 0.45 * float(np.sin(heading))
        if not _go_to(draw, house, room, points, front):
            return None
        points += [(x, y), front]
        rests[len(points) - 2] = Rest(draw.uniform(4.0, 14.0), "sit", heading)
    elif doing != "cross":
        spot = _spot(draw, house, room)
        if not _go_to(draw, house, room, points, spot):
            return None
        facing = draw.uniform(-np.pi, np.pi) if draw.chance(0.4) else None
        rests[len(points) - 1] = Rest(draw.uniform(1.2, 7.0), "stand", facing)
    if not _go_to(draw, house, room, points, last.inner):
        return None
    points.append(last.outer)
    return points, rests, first, last


def _go_to(draw: Draw, house: House, room: int, points: list[Point], end: Point) -> bool:
    way = route(points[-1], end, house.slabs, house.rooms[room], draw.rng)
    points += (way or [])[1:]
    return way is not None


def _spot(draw: Draw, house: House, index: int) -> Point:
    room = house.rooms[index]
    spot = (0.0, 0.0)
    for _ in range(30):
        spot = draw.uniform(room.x0 + 0.7, room.x1 - 0.7), draw.uniform(room.y0 + 0.7, room.y1 - 0.7)
        if is_free(spot, house.slabs, 0.35):
            break
    return spot
