"""A yard with animals, people, bicycles, and balls that bounce off boxes."""

from __future__ import annotations

import numpy as np

from ...motion import STEP_HZ
from ..casting import Casting, Collision
from ..sites import (
    Draw,
    Site,
    aim,
    muted,
    outdoor_light,
    outside,
)
from ..sizes import SIZES
from ..tracks import Rest, follow, join, shifted, stay
from ..types import Cast, Floats, Lens, Look, Plan, Slab, Wall

_LEAD_STEPS = 25 * STEP_HZ


def yard(draw: Draw) -> Site:
    """Grass or concrete: animals, people, bicycles, and balls that bounce off boxes."""
    spread = draw.uniform(7.0, 12.0)
    middles = [np.array([n * spread, 0.0, 0.0]) for n in range(draw.num_cameras)]
    lenses = [_yard_lens(draw, m) for m in middles]
    low, high = middles[0][0] - 40.0, middles[-1][0] + 40.0
    walls = (Wall(float(low), 6.5, float(high), 6.5, draw.uniform(1.2, 4.0), muted(draw, 60, 180, 20)),)
    slabs = [_clutter(draw, float(m[0])) for m in middles for _ in range(int(draw.rng.integers(0, 3)))]
    ground = draw.pick("grass", "concrete", "tiles", p=(0.5, 0.35, 0.15))
    colour = (
        (draw.uniform(60, 110), draw.uniform(90, 140), draw.uniform(45, 80)) if ground == "grass" else None
    )
    plan = Plan(ground, colour or muted(draw, 80, 170), walls, tuple(slabs), is_outdoors=True)

    def populate(casting: Casting) -> None:
        boxes = [box for m in middles if draw.chance(0.75) for box in [_put_box(draw, casting, m)] if box]
        step = -_LEAD_STEPS
        while step < casting.num_steps:
            middle = middles[int(draw.rng.integers(len(middles)))]
            if not casting.is_full(step):
                if boxes and draw.chance(0.28):
                    _bounce(draw, lenses, boxes, casting, step)
                else:
                    _roam(draw, lenses, middle, casting, step, slabs)
            step += draw.gap_steps(0.72 / len(middles))

    return Site(plan, lenses, outdoor_light(draw), populate)


def _yard_lens(draw: Draw, middle: Floats) -> Lens:
    x, aside = float(middle[0]), draw.uniform(-3.0, 3.0)
    if draw.chance(0.25):
        return aim(draw, (x, draw.uniform(-2.0, -0.5), draw.uniform(6.0, 9.0)), (x, 0.6, 0.0), (120.0, 160.0))
    height = draw.uniform(1.2, 3.6)
    return aim(draw, (x + aside, draw.uniform(-6.2, -4.2), height), (x, 0.8, 0.4), (110.0, 160.0))


def _clutter(draw: Draw, x: float) -> Slab:
    """A bench or a post: nothing that could be taken for a box."""
    if draw.chance(0.5):
        size = draw.uniform(1.2, 2.2), draw.uniform(0.35, 0.5), draw.uniform(0.4, 0.5)
    else:
        size = draw.uniform(0.12, 0.3), draw.uniform(0.12, 0.3), draw.uniform(1.8, 4.0)
    return Slab(x + draw.uniform(-4, 4), draw.uniform(2.5, 5.5), *size, colour=muted(draw, 50, 170, 7))


def _put_box(draw: Draw, casting: Casting, middle: Floats) -> Cast | None:
    """A box that stays, for balls to hit."""
    named = casting.name(("box",), 0, scale=draw.uniform(1.4, 2.4))
    if named is None:
        return None
    place = (float(middle[0]) + draw.uniform(-1.8, 1.8), draw.uniform(-0.8, 2.0))
    return casting.add(
        named, stay(place, draw.uniform(0, 3.0), casting.num_steps / STEP_HZ + 1), 0, is_open=True
    )


def _roam(
    draw: Draw, lenses: list[Lens], middle: Floats, casting: Casting, step: int, slabs: list[Slab]
) -> None:
    """Into the picture from somewhere, a place or two to be at, and out again."""
    kinds = draw.pick("person", "animal", "bicycle", "ball", p=(0.22, 0.44, 0.17, 0.17))
    named = casting.name({"animal": ("dog", "cat")}.get(kinds, (kinds,)), step, draw.uniform(0.9, 1.2))
    if named is None:
        return
    kind = named[1].kind
    first, second = (
        middle + np.array([draw.uniform(-2.2, 2.2), draw.uniform(-1.5, 2.8), 0.0]) for _ in range(2)
    )
    come = _way_out(draw, lenses, named[1], first)
    go = _way_out(draw, lenses, named[1], second)
    if come is None or go is None:
        return
    speeds = {
        "person": (0.9, 1.7),
        "dog": (1.0, 3.2),
        "cat": (0.6, 1.8),
        "bicycle": (2.0, 4.0),
        "ball": (1.2, 3.5),
    }
    rests = (
        {1: Rest(draw.uniform(1.0, 6.0))} if kind in ("person", "dog", "cat") and draw.chance(0.55) else {}
    )
    points = [come, first, go] if kind in ("ball", "bicycle") else [come, first, second, go]
    if kind == "ball":
        points = [come, go]
    track = follow(np.array(points), draw.uniform(*speeds[kind]), rests, corner_m=1.2)
    if casting.is_clear(named[1], track, step):
        casting.add(named, track, step)


def _way_out(draw: Draw, lenses: list[Lens], look: Look, start: Floats) -> Floats | None:
    for _ in range(6):
        angle = draw.pick("left", "right", "near", p=(0.4, 0.4, 0.2))
        x = {"left": -1.0, "right": 1.0, "near": draw.uniform(-0.5, 0.5)}[angle]
        y = -1.0 if angle == "near" else draw.uniform(-0.5, 0.15)
        place = outside(lenses, look, start, np.array([x, y, 0.0]), draw.margin_px)
        if place is not None and place[1] < 6.0:
            return place
    return None


def _bounce(draw: Draw, lenses: list[Lens], boxes: list[Cast], casting: Casting, step: int) -> None:
    """A ball rolls in, hits a box with a crash, and rolls off slower."""
    box = boxes[int(draw.rng.integers(len(boxes)))]
    named = casting.name(("ball",), step, draw.uniform(0.9, 1.3))
    if named is None:
        return
    radius = SIZES["ball"][0] * named[1].scale / 2
    come = _way_out(draw, lenses, named[1], box.position[0])
    if come is None:
        return
    way = box.position[0] - come
    hit, normal = _contact(box, come, radius)
    leave = way - 2 * (way @ normal) * normal + np.array([draw.uniform(-0.2, 0.2), -0.15, 0.0])
    go = outside(lenses, named[1], hit, leave * np.array([1, 1, 0]), draw.margin_px)
    if go is None or go[1] > 6.0 or (leave @ normal) < 0.05:
        return
    speed = draw.uniform(1.5, 3.5)
    first = follow(np.array([come, hit]), speed)
    track = join([first, follow(np.array([hit, go]), speed * draw.uniform(0.5, 0.8))])
    moment = step + len(first)
    if not casting.is_clear(named[1], track, step, ignore=(box.identity,)) or moment < 0:
        return
    if casting.add(named, shifted(track), step) is not None and moment < casting.num_steps:
        casting.collisions.append(Collision(moment, named[0], box.identity))


def _contact(box: Cast, come: Floats, radius: float) -> tuple[Floats, Floats]:
    """Where a ball that rolls towards a box's middle touches it, and the side's normal there."""
    length, width = (v * box.look.scale for v in SIZES["box"][:2])
    angle = float(box.heading[0])
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    way = turn @ (come - box.position[0])[:2]
    half = np.array([length / 2 + radius, width / 2 + radius])
    scale = np.abs(way) / half
    axis = int(np.argmax(scale))
    place = way / scale[axis]
    normal = np.zeros(2)
    normal[axis] = np.sign(way[axis])
    at = np.append(turn.T @ place, 0.0) + box.position[0]
    return at, np.append(turn.T @ normal, 0.0)
