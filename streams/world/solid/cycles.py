"""Bicycles with a rider in muted clothes."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np

from .shades import HAIRS, MUTED, PAINT, RUBBER, SKINS, STEEL, dim, mix, pick, shade_of
from .shape import Builder, Shape
from .types import RGB, Floats, Look

_WHEEL = 0.34
_REAR, _FRONT = (-0.52, 0.0, _WHEEL), (0.52, 0.0, _WHEEL)
_CRANK, _SEAT, _HEAD, _BAR = (0.0, 0.0, 0.3), (-0.2, 0.0, 0.92), (0.4, 0.0, 0.86), (0.42, 0.0, 1.04)
_SPOKES = 12  # pieces of a tyre


def make_bicycle(look: Look, rng: np.random.Generator) -> tuple[Shape, Callable[[float, str], Floats]]:
    """A bicycle whose frame, mudguards and panniers are in the look's colour; returns shape and motion."""
    paint, clothes = shade_of(look.colour, PAINT, rng), pick(MUTED, rng)
    trousers, skin = dim(pick(MUTED, rng), 0.9), pick(SKINS, rng)
    b = Builder()
    knees = {side: (b.point(0.08, 0.1 * side, 0.7), b.point(0.0, 0.11 * side, 0.2)) for side in (1, -1)}
    for side in (1, -1):
        b.group((0.0, 0.16 * side, 0.6))
        knee, foot = knees[side]
        b.capsule(knee, foot, 0.06, trousers, 0.045)
        b.capsule(foot, foot, 0.055, (34, 30, 28))
        b.capsule((-0.16, 0.09 * side, 0.95), knee, 0.085, trousers, 0.065)
    _machine(b, paint, rng)
    _rider(b, clothes, skin, pick(HAIRS, rng), paint, rng)
    shape = b.make()
    neutral = shape.points.copy()

    def move(phase: float, posture: str) -> Floats:
        points = neutral.copy()
        for side, (knee, foot) in knees.items():
            turn = phase * 0.5 * 2 + (0 if side > 0 else np.pi)
            points[foot] = (0.17 * np.cos(turn), 0.11 * side, 0.3 - 0.17 * np.sin(turn))
            points[knee] = (0.17 + 0.07 * np.cos(turn), 0.1 * side, 0.68 - 0.1 * np.sin(turn))
        return points

    return shape, move


def _machine(b: Builder, paint: RGB, rng: np.random.Generator) -> None:
    b.group((0.0, 0.0, 0.5))
    for wheel in (_REAR, _FRONT):
        _tyre(b, wheel, RUBBER if rng.random() < 0.8 else mix(RUBBER, paint, 0.6))
        if rng.random() < 0.6:
            _arc(b, wheel, _WHEEL + 0.045, paint, 0.4, 2.6)
    tubes = [
        (_CRANK, _SEAT),
        (_CRANK, _HEAD),
        ((-0.16, 0, 0.8), _HEAD),
        (_REAR, _CRANK),
        (_REAR, (-0.16, 0, 0.8)),
    ]
    for start, end in tubes:
        b.capsule(start, end, 0.034, paint)
    b.capsule(_FRONT, _HEAD, 0.03, paint)
    b.capsule(_HEAD, _BAR, 0.022, STEEL)
    b.capsule((0.4, 0.26, 1.06), (0.4, -0.26, 1.06), 0.022, (40, 40, 42))
    b.capsule((-0.3, 0.0, 0.97), (-0.1, 0.0, 0.97), 0.06, (30, 28, 28), 0.035)
    if rng.random() < 0.4:
        b.box((-0.55, 0.0, 0.86), (0.34, 0.3, 0.24), paint, mix(paint, (220, 220, 220), 0.15))


def _tyre(b: Builder, wheel: tuple[float, float, float], colour: RGB) -> None:
    _arc(b, wheel, _WHEEL - 0.02, colour, 0.0, 2 * np.pi)


def _arc(
    b: Builder, wheel: tuple[float, float, float], radius: float, colour: RGB, start: float, end: float
) -> None:
    pieces = max(3, round(_SPOKES * (end - start) / (2 * np.pi)))
    angles = np.linspace(start, end, pieces + 1)
    rim = [b.point(wheel[0] + radius * np.cos(a), 0.0, wheel[2] + radius * np.sin(a)) for a in angles]
    for first, second in itertools.pairwise(rim):
        b.capsule(first, second, 0.024, colour)


def _rider(b: Builder, clothes: RGB, skin: RGB, hair: RGB, paint: RGB, rng: np.random.Generator) -> None:
    shoulder = (0.17, 0.0, 1.42)
    for side in (1, -1):
        b.group((0.2, 0.2 * side, 1.25))
        elbow = (0.26, 0.24 * side, 1.17)
        b.capsule((0.15, 0.19 * side, 1.4), elbow, 0.055, clothes, 0.045)
        b.capsule(elbow, (0.4, 0.22 * side, 1.08), 0.045, dim(clothes, 0.95), 0.038)
    b.group((0.0, 0.0, 1.2))
    b.capsule((-0.2, 0.0, 1.0), (0.0, 0.0, 1.2), 0.14, clothes, 0.145)
    for y in (0.07, -0.07):
        b.capsule((0.0, y, 1.2), shoulder, 0.12, clothes, 0.11)
    b.group((0.26, 0.0, 1.58))
    b.capsule((0.24, 0.0, 1.5), (0.28, 0.0, 1.6), 0.07, skin, 0.085)
    b.group((0.22, 0.0, 1.68))
    helmet = rng.random()
    b.capsule(
        (0.18, 0.0, 1.63),
        (0.26, 0.0, 1.65),
        0.1,
        paint if helmet < 0.3 else hair if helmet < 0.7 else (215, 215, 212),
    )
