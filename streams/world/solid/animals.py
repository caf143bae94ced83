"""Dogs and cats: capsules with a four-legged gait."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .shades import FUR, dim, mix, shade_of
from .shape import Builder, Shape
from .types import RGB, Floats, Look


@dataclass(frozen=True, slots=True)
class _Frame:
    """Measures of an animal in metres."""

    length: float  # from shoulder to hip
    chest: float  # height of the line of its back's middle
    girth: float
    head: float
    snout: float
    leg: float  # radius
    ear: float
    tail: tuple[tuple[float, float], ...]  # (behind the hip, above the back) along it


def make_dog(look: Look, rng: np.random.Generator) -> tuple[Shape, Callable[[float, str], Floats]]:
    """A dog from terrier to retriever, standing about half a metre."""
    size = float(rng.uniform(0.85, 1.15))
    frame = _Frame(0.44 * size, 0.42 * size, 0.125 * size, 0.085 * size, 0.12 * size, 0.04 * size, 0.09 * size,
                   ((0.08, 0.02), (0.2, float(rng.uniform(0.0, 0.2)))))  # fmt: skip
    return _beast(shade_of(look.colour, FUR, rng), frame, rng, is_cat=False)


def make_cat(look: Look, rng: np.random.Generator) -> tuple[Shape, Callable[[float, str], Floats]]:
    """A cat with a long tail and pointed ears."""
    size = float(rng.uniform(0.9, 1.12))
    frame = _Frame(0.25 * size, 0.2 * size, 0.072 * size, 0.056 * size, 0.025 * size, 0.02 * size, 0.055 * size,
                   ((0.1, 0.02), (0.18, 0.06), (0.22, 0.13)))  # fmt: skip
    return _beast(shade_of(look.colour, FUR, rng), frame, rng, is_cat=True)


def _beast(
    fur: RGB, f: _Frame, rng: np.random.Generator, is_cat: bool
) -> tuple[Shape, Callable[[float, str], Floats]]:
    b = Builder()
    half, back = f.length / 2, f.chest
    marked = rng.random()
    belly = mix(fur, (225, 220, 212), 0.5) if marked < 0.3 else dim(fur, 0.88)
    feet: dict[int, tuple[float, float, float]] = {}
    for x, key in ((half, 0.0), (-half, np.pi)):
        for side in (1, -1):
            y = f.girth * 0.55 * side
            foot = b.point(x, y, f.leg * 0.7)
            feet[foot] = (x, y, key + (0 if side > 0 else np.pi))
            b.group((x, y * 1.8, back * 0.5))
            b.capsule((x * 0.95, y, back * 0.9), foot, f.leg * 1.5, dim(fur, 0.9), f.leg * 0.85)
            b.capsule(foot, foot, f.leg * 1.05, belly if marked < 0.5 else dim(fur, 0.8))
    b.group((0.0, 0.0, back))
    b.capsule((-half, 0.0, back), (half, 0.0, back * 1.02), f.girth * 0.88, fur, f.girth)
    b.capsule(
        (-half * 0.4, 0.0, back - f.girth * 0.45),
        (half * 0.9, 0.0, back - f.girth * 0.4),
        f.girth * 0.5,
        belly,
    )
    if is_cat and marked > 0.5:
        for x in np.linspace(-half, half, 4):
            b.capsule(
                (x, 0.0, back + f.girth * 0.6), (x, 0.0, back + f.girth * 0.9), f.girth * 0.16, dim(fur, 0.6)
            )
    _tail(b, fur, f)
    _face(b, fur, belly, f, is_cat)
    shape = b.make()
    neutral = shape.points.copy()

    def move(phase: float, posture: str) -> Floats:
        points = neutral.copy()
        if posture == "walk":
            for foot, (x, y, lag) in feet.items():
                lift = max(0.0, float(np.cos(phase + lag))) * back * 0.15
                points[foot] = (x + back * 0.35 * np.sin(phase + lag), y, f.leg * 0.7 + lift)
        return points

    return shape, move


def _tail(b: Builder, fur: RGB, f: _Frame) -> None:
    b.group((-f.length * 0.8, 0.0, f.chest))
    joints = [(-f.length / 2 - f.girth * 0.5, 0.0, f.chest + f.girth * 0.4)]
    joints += [(-f.length / 2 - f.girth * 0.5 - x, 0.0, f.chest + f.girth * 0.4 + z) for x, z in f.tail]
    for start, end in itertools.pairwise(joints):
        b.capsule(start, end, f.leg * 0.85, fur, f.leg * 0.65)


def _face(b: Builder, fur: RGB, belly: RGB, f: _Frame, is_cat: bool) -> None:
    neck = (f.length / 2 + f.girth * 0.3, 0.0, f.chest + f.girth * 0.35)
    head = (
        f.length / 2 + f.girth * (1.0 if is_cat else 1.15),
        0.0,
        f.chest + f.girth * (0.9 if is_cat else 1.35),
    )
    b.group(head)
    b.capsule(neck, head, f.girth * 0.68, fur, f.head * 0.85)
    b.capsule(head, (head[0] + f.head * 0.3, 0.0, head[2] - f.head * 0.1), f.head, fur, f.head * 0.85)
    nose = (head[0] + f.head * 0.5 + f.snout, 0.0, head[2] - f.head * 0.4)
    b.capsule(
        (head[0] + f.head * 0.5, 0.0, head[2] - f.head * 0.3), nose, f.head * 0.55, belly, f.head * 0.42
    )
    b.capsule(nose, (nose[0] + f.head * 0.25, 0, nose[2] + f.head * 0.1), f.head * 0.22, (30, 26, 26))
    for side in (1, -1):
        root = (head[0] - f.head * 0.25, f.head * 0.6 * side, head[2] + f.head * 0.55)
        if is_cat:
            b.capsule(root, (root[0], root[1] * 1.15, root[2] + f.ear), f.head * 0.36, dim(fur, 0.85), 0.003)
        else:
            b.capsule(
                root,
                (root[0] - 0.01, root[1] * 1.5, root[2] - f.ear),
                f.head * 0.34,
                dim(fur, 0.75),
                f.head * 0.26,
            )
