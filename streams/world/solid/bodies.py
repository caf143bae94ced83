"""Bodies: what things look like as shapes of faces and capsules, and how poses move their points."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ..events import HAND
from .animals import make_cat, make_dog
from .cars import make_car
from .cycles import make_bicycle
from .people import make_person
from .shape import Shape
from .things import make_ball, make_bottle, make_box, make_cup, make_hand
from .types import Floats, Look, Pose
from .vans import make_van

NUM_PHASES = 32  # steps of a gait; between them nothing can be seen
NUM_SAMPLES = 28
Mover = Callable[[float, str], Floats]
Maker = Callable[[Look, np.random.Generator], tuple[Shape, Mover | None]]

_MAKERS: dict[str, Maker] = {
    "person": make_person,
    "car": make_car,
    "van": make_van,
    "bicycle": make_bicycle,
    "dog": make_dog,
    "cat": make_cat,
    "box": make_box,
    "bottle": make_bottle,
    "ball": make_ball,
    "cup": make_cup,
    HAND: make_hand,
}


@dataclass(slots=True, eq=False)
class Body:
    """One body for its whole life.

    `points` [P, 3] are spread over its volume in its own frame, to ask how much of it can be seen.
    """

    look: Look
    shape: Shape
    lit: Shape | None  # the shape with its lamps on
    points: Floats
    height_m: float
    radius_m: float  # of the upright cylinder around where it stands
    _move: Mover | None
    _posed: dict[tuple[str, int], Floats] = field(default_factory=dict)

    def shape_for(self, pose: Pose) -> Shape:
        """Its parts: with the lamps on or off."""
        return self.lit if pose.lights and self.lit is not None else self.shape

    def posed(self, pose: Pose) -> Floats:
        """The points [P, 3] of its shape in its own frame, as the pose holds them."""
        if self._move is None:
            return self.shape.points
        step = round(pose.phase / (2 * np.pi) * NUM_PHASES) % NUM_PHASES
        key = (pose.posture, step)
        if key not in self._posed:
            moved = self._move(step * 2 * np.pi / NUM_PHASES, pose.posture)
            self._posed[key] = np.asarray(moved * self.look.scale)
        return self._posed[key]


def make_body(look: Look) -> Body:
    """The body that a look describes; the same look gives the same body.

    Raises `KeyError` for a kind or a colour that no table has.
    """
    rng = np.random.default_rng((look.seed, 77))
    shape, move = _MAKERS[look.kind](look, rng)
    lit = shape.with_lamps() if shape.lamps else None
    shape, lit = shape.scaled(look.scale), lit and lit.scaled(look.scale)
    solid = shape.outline_points()
    return Body(
        look=look,
        shape=shape,
        lit=lit,
        points=_spread(solid, NUM_SAMPLES),
        height_m=float(solid[:, 2].max()),
        radius_m=float(np.hypot(solid[:, 0], solid[:, 1]).max()),
        _move=move,
    )


def _spread(points: Floats, num: int) -> Floats:
    """`num` of the points that are far from each other: each next one is the farthest from those chosen."""
    chosen = [int(points[:, 2].argmax())]
    distance = np.full(len(points), np.inf)
    for _ in range(min(num, len(points)) - 1):
        distance = np.minimum(distance, ((points - points[chosen[-1]]) ** 2).sum(1))
        chosen.append(int(distance.argmax()))
    return points[chosen]
