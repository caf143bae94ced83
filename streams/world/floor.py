"""Who is on a floor and when: lanes of things, one life after another, and their collisions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .events import SHAPE_COLOURS, SHAPES, Thing, nameable
from .motion import STEP_HZ, Floats, Floor, Path, make_path, straight_out
from .recipes import Recipe


@dataclass(slots=True)
class Actor:
    """One thing from its first step to its last; steps count from the start of the world."""

    identity: int  # from 1; 0 is the background in masks
    thing: Thing
    side: float  # of its square at scale 1, in picture heights
    texture_seed: int
    depth: float  # the smaller is painted over the larger
    first_step: int
    path: Path
    recolour_step: int | None = None
    new_colour: str | None = None

    @property
    def end_step(self) -> int:
        return self.first_step + len(self.path.position)

    def colour_at(self, step: int) -> str:
        changed = self.recolour_step is not None and step >= self.recolour_step
        return self.new_colour if changed and self.new_colour else self.thing.colour

    def thing_at(self, step: int) -> Thing:
        return Thing(self.colour_at(step), self.thing.kind)

    def side_at(self, steps: NDArray[np.intp]) -> Floats:
        return self.side * self.path.scale[np.clip(steps - self.first_step, 0, len(self.path.scale) - 1)]

    def position_at(self, step: float) -> Floats:
        """Position [2] between steps, interpolated."""
        local = min(max(step - self.first_step, 0.0), len(self.path.position) - 1.0)
        low = int(local)
        high = min(low + 1, len(self.path.position) - 1)
        return np.asarray(
            self.path.position[low] + (self.path.position[high] - self.path.position[low]) * (local - low)
        )


@dataclass(frozen=True, slots=True)
class Collision:
    """Two things touched at a step."""

    step: int
    first: Actor
    second: Actor


def populate(
    floor: Floor,
    recipe: Recipe,
    num_steps: int,
    colours: tuple[str, ...],
    unseen: bool,
    rng: np.random.Generator,
) -> tuple[list[Actor], list[Collision]]:
    """All lives on one floor, and their collisions where the floor is a solid one.

    The pairs of shape and colour are those of training, or with `unseen` those that training never contains.
    """
    actors: list[Actor] = []
    things = nameable(SHAPES, colours, unseen)
    for _ in range(int(rng.integers(recipe.lanes[0], recipe.lanes[1] + 1))):
        _fill_lane(actors, floor, recipe, num_steps, things, rng)
    for identity, actor in enumerate(actors, start=1):
        actor.identity = identity
    solid = rng.random() < recipe.solid
    return actors, _collide(actors, floor) if solid else []


def _fill_lane(
    actors: list[Actor],
    floor: Floor,
    recipe: Recipe,
    num_steps: int,
    things: tuple[Thing, ...],
    rng: np.random.Generator,
) -> None:
    step = 0
    while step < num_steps:
        actor = _make_actor(actors, floor, recipe, step, things, rng)
        if step == 0 and rng.random() < 0.35:
            _start_inside(actor, floor, recipe, rng)
        elif step == 0:
            actor.first_step = round(rng.uniform(0.0, 1.5) * STEP_HZ)
        if rng.random() < recipe.recolour:
            _plan_recolour(actor, things, rng)
        actors.append(actor)
        step = actor.end_step + round(rng.uniform(*recipe.gap_s) * STEP_HZ)


def _make_actor(
    actors: list[Actor],
    floor: Floor,
    recipe: Recipe,
    step: int,
    things: tuple[Thing, ...],
    rng: np.random.Generator,
) -> Actor:
    side = float(rng.uniform(*recipe.side))
    motion = str(rng.choice(recipe.motions, p=recipe.motion_weights))
    path = make_path(motion, floor, side, recipe, rng)
    return Actor(
        identity=0,
        thing=_unlike(actors, step, step + len(path.position), things, rng),
        side=side,
        texture_seed=int(rng.integers(2**31)),
        depth=float(rng.random()),
        first_step=step,
        path=path,
    )


def _unlike(
    actors: list[Actor], start: int, end: int, things: tuple[Thing, ...], rng: np.random.Generator
) -> Thing:
    """A thing that no other on the floor looks like at the same time: its name is then unambiguous."""
    around = [a for a in actors if a.first_step < end + STEP_HZ and start < a.end_step + STEP_HZ]
    taken = {Thing(c, a.thing.kind) for a in around for c in (a.thing.colour, a.new_colour) if c}
    free = [thing for thing in things if thing not in taken] or list(things)
    return free[int(rng.integers(len(free)))]


def _start_inside(actor: Actor, floor: Floor, recipe: Recipe, rng: np.random.Generator) -> None:
    """The world begins with the thing already resting in view: its way in is replaced by a wait."""
    position = actor.path.position
    inside = np.asarray(np.all((position > 0) & (position < [floor.width, floor.height]), axis=1), bool)
    cut = int(np.argmax(inside)) + round(0.4 * STEP_HZ)
    if not inside.any() or cut >= len(inside) - STEP_HZ:
        return
    rest = round(rng.uniform(*recipe.rest_s) * STEP_HZ)
    path = actor.path
    actor.path = Path(
        np.concatenate([np.repeat(path.position[cut : cut + 1], rest, 0), path.position[cut:]]),
        np.concatenate([np.zeros(rest, bool), path.is_moving[cut:]]),
        np.concatenate([np.repeat(path.scale[cut : cut + 1], rest), path.scale[cut:]]),
    )


def _plan_recolour(actor: Actor, things: tuple[Thing, ...], rng: np.random.Generator) -> None:
    length = len(actor.path.position)
    choices = [t.colour for t in things if t.kind == actor.thing.kind and t.colour != actor.thing.colour]
    if length > 3 * STEP_HZ and choices:
        actor.recolour_step = actor.first_step + int(rng.integers(length // 3, 2 * length // 3))
        actor.new_colour = str(rng.choice(choices))


def _collide(actors: list[Actor], floor: Floor) -> list[Collision]:
    """Earliest touch first; both then fly apart and leave, so that no pair touches twice."""
    collisions: list[Collision] = []
    done: set[tuple[int, int]] = set()
    while len(collisions) < 64:
        touches = [
            t for t in (_touch(a, b, done) for i, a in enumerate(actors) for b in actors[i + 1 :]) if t
        ]
        if not touches:
            return sorted(collisions, key=lambda c: c.step)
        first = min(touches, key=lambda c: c.step)
        done.add((first.first.identity, first.second.identity))
        _bounce(first, floor)
        collisions.append(first)
    return sorted(collisions, key=lambda c: c.step)


def _touch(a: Actor, b: Actor, done: set[tuple[int, int]]) -> Collision | None:
    start, end = max(a.first_step, b.first_step), min(a.end_step, b.end_step)
    if start >= end or (a.identity, b.identity) in done:
        return None
    pa = a.path.position[start - a.first_step : end - a.first_step]
    pb = b.path.position[start - b.first_step : end - b.first_step]
    near = np.hypot(*(pa - pb).T) < (a.side + b.side) * 0.42
    return Collision(start + int(np.argmax(near)), a, b) if near.any() and not near[0] else None


def _bounce(collision: Collision, floor: Floor) -> None:
    """Velocities along the line between the two are exchanged (equal masses, elastic)."""
    a, b, step = collision.first, collision.second, collision.step
    at_a, at_b = a.position_at(step), b.position_at(step)
    va, vb = _velocity(a, step), _velocity(b, step)
    normal = (at_b - at_a) / max(float(np.hypot(*(at_b - at_a))), 1e-6)
    exchange = normal * min(float((vb - va) @ normal), -0.05)
    for actor, at, velocity in ((a, at_a, va + exchange), (b, at_b, vb - exchange)):
        keep = step - actor.first_step
        rest = straight_out(at, velocity, floor, actor.side)
        scale = actor.path.scale[min(keep, len(actor.path.scale) - 1)]
        actor.path = Path(
            np.concatenate([actor.path.position[:keep], rest.position]),
            np.concatenate([actor.path.is_moving[:keep], rest.is_moving]),
            np.concatenate([actor.path.scale[:keep], rest.scale * scale]),
        )


def _velocity(actor: Actor, step: int) -> Floats:
    return (actor.position_at(step) - actor.position_at(step - 1)) * STEP_HZ


def nearest_colours(grey: float) -> tuple[str, ...]:
    """The colours that stand out from a background of that grey level (0..255)."""
    hidden = {"black"} if grey < 80 else {"white"} if grey > 175 else set()
    return tuple(c for c in SHAPE_COLOURS if c not in hidden)
