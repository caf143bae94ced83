"""What cars and vans have in common: floor pan, wheels, lamps, plates, mirrors, and panels seen from the side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .shades import RUBBER, STEEL, dim, mix
from .shape import Builder
from .types import RGB, Floats

SKY: RGB = (214.0, 222.0, 230.0)  # what level paint mirrors
SIDES = (1, -1)  # left and right
_HEADLAMP, _HEADLAMP_ON = (196.0, 200.0, 204.0), (255.0, 252.0, 236.0)
_TAILLAMP, _TAILLAMP_ON = (120.0, 24.0, 26.0), (255.0, 62.0, 48.0)
_PLATE = (205.0, 205.0, 196.0)
_MIDDLE = (0.0, 0.0, 0.8)


def panel(b: Builder, y: float, outline: Sequence[tuple[float, float]], colour: RGB) -> None:
    """A flat panel at `y` with an outline of (x, z), which faces away from the middle of the vehicle."""
    x = float(np.mean([x for x, _ in outline]))
    b.face([(x, y, z) for x, z in outline], colour, (x, 0.0, 0.8))


def rectangle(x0: float, z0: float, x1: float, z1: float) -> list[tuple[float, float]]:
    """The outline of an upright rectangle."""
    return [(x0, z0), (x1, z0), (x1, z1), (x0, z1)]


def inset(corners: Floats, share: float, moved: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Floats:
    """Corners [K, 3] drawn in towards their middle, and moved."""
    middle = corners.mean(0)
    return np.asarray(middle + (corners - middle) * share + np.array(moved))


def add_pan(b: Builder, length: float, half: float, low: float, high: float) -> None:
    """The dark underside, a little within the outline."""
    plan = [(length, half * 0.8), (length * 0.8, half), (-length * 0.85, half), (-length, half * 0.85)]
    b.prism(plan + [(x, -y) for x, y in reversed(plan)], low, high, (17.0, 17.0, 19.0))


def add_wheels(b: Builder, axle: float, half: float, radius: float, rng: np.random.Generator) -> None:
    """Four wheels in dark arches."""
    hub = mix(STEEL, (70, 70, 74), float(rng.uniform(0, 0.8)))
    for x in (axle, -axle * 1.02):
        for side in SIDES:
            y = half * side
            b.disc((x, y, radius + 0.03), radius * 1.18, (20.0, 20.0, 22.0), outward=side)
            b.disc((x, y * 1.01, radius), radius, RUBBER, outward=side)
            b.disc((x, y * 1.02, radius), radius * 0.58, hub, outward=side)


def add_lamps(b: Builder, length: float, half: float, front: float, rear: float) -> None:
    """Head and tail lamps that reach around the corners, at those heights, and number plates."""
    for x, z, colour, shine in (
        (length, front, _HEADLAMP, _HEADLAMP_ON),
        (-length, rear, _TAILLAMP, _TAILLAMP_ON),
    ):
        for side in SIDES:
            inner = (x + 0.012 * np.sign(x), 0.4 * half * side)
            outer = (x * 0.945, 0.93 * half * side)
            low, high = [(*inner, z - 0.07), (*outer, z - 0.07)], [(*outer, z + 0.08), (*inner, z + 0.07)]
            b.face(low + high, colour, (0.0, 0.0, z), shine=shine)
    for x, z in ((length + 0.015, 0.42), (-length - 0.015, rear - 0.14)):
        b.face([(x, y, h) for y, h in rectangle(-0.26, z - 0.06, 0.26, z + 0.06)], _PLATE, _MIDDLE)


def add_mirrors(b: Builder, x: float, half: float, z: float, colour: RGB) -> None:
    """A mirror on each side."""
    for side in SIDES:
        root, tip = (x, half * 0.98 * side, z), (x - 0.02, (half + 0.13) * side, z + 0.02)
        b.capsule(root, tip, 0.06, dim(colour, 0.9))
