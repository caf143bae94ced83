"""Vans and small trucks: one pressed profile with a cab, or a cab before a box."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .coachwork import SIDES, SKY, add_lamps, add_mirrors, add_pan, add_wheels, inset, panel, rectangle
from .shades import GLASS, PAINT, dim, mix, shade_of
from .shape import Builder, Shape
from .types import RGB, Look

_SILL, _WAIST, _HOOD, _SCREEN = 0.3, 0.72, 0.85, 1.2  # heights on the front
_GRILLE: RGB = (36.0, 36.0, 38.0)


@dataclass(frozen=True, slots=True)
class _Van:
    """Measures in metres; `length` and `half` are half of what a tape would say."""

    length: float
    half: float
    roof: float
    rear: float  # x where the pressed body ends

    def half_at(self, z: float) -> float:
        return self.half if z <= 1.3 else self.half * 0.94


def make_van(look: Look, rng: np.random.Generator) -> tuple[Shape, None]:
    """A delivery van, or a small truck with a box, in the look's colour."""
    paint = shade_of(look.colour, PAINT, rng)
    is_truck = rng.random() < 0.25
    roof = float(rng.uniform(1.95, 2.45))
    van = _Van(2.75, 1.02, 2.1, 0.85) if is_truck else _Van(2.6, 0.98, roof, -2.6)
    b = Builder()
    b.group((0.0, 0.0, 1.1))
    add_pan(b, van.length * 0.95, van.half * 0.9, 0.08, 0.4)
    if is_truck:
        _truck_box(b, van, paint, float(rng.uniform(2.4, 2.8)))
    _flanks(b, van, paint, has_panes=rng.random() < 0.25 and not is_truck)
    _front_and_roof(b, van, paint)
    _back(b, van, paint)
    add_wheels(b, van.length * 0.62, van.half, 0.37, rng)
    add_lamps(b, van.length, van.half, 0.75, 0.95)
    add_mirrors(b, van.length * 0.62, van.half + 0.05, 1.35, (40.0, 40.0, 42.0))
    return b.make(), None


def _profile(van: _Van) -> list[tuple[float, float]]:
    """The outline from the foot of the front over the roof to the rear, as (x, z)."""
    nose, crown = van.length, van.length * 0.52
    upper = [(crown, van.roof - 0.06), (crown - 0.25, van.roof), (van.rear, van.roof)]
    return [(nose, _SILL), (nose, _HOOD), (van.length * 0.76, _SCREEN), *upper]


def _flanks(b: Builder, van: _Van, paint: RGB, has_panes: bool) -> None:
    nose, crown = van.length * 0.97, van.length * 0.52
    upper = [(van.rear, _WAIST), (nose, _WAIST), (nose, _HOOD + 0.01), *_profile(van)[2:]]
    sill, top = (crown - 0.62, van.length * 0.76 - 0.12), van.roof * 0.83
    panes = [[(sill[0], 1.22), (sill[1], 1.22), (crown - 0.02, top), (sill[0], top)]]
    if has_panes:
        panes += [rectangle(x - 0.9, 1.25, x, van.roof * 0.82) for x in (crown - 0.75, crown - 1.75)]
    for side in SIDES:
        panel(b, van.half * side, rectangle(van.rear, _SILL, nose, _WAIST), dim(paint, 0.75))
        middle = ((nose + van.rear) / 2, 0.0, 1.0)
        b.face([(x, van.half_at(z) * side, z) for x, z in upper], paint, middle)
        for pane in panes:
            panel(b, (van.half + 0.015) * side, pane, GLASS)


def _front_and_roof(b: Builder, van: _Van, paint: RGB) -> None:
    inside = ((van.length + van.rear) / 2, 0.0, 1.0)
    for (x0, z0), (x1, z1) in pairwise(_profile(van)):
        y0, y1 = van.half_at(z0), van.half_at(z1)
        corners = np.array([(x0, y0, z0), (x0, -y0, z0), (x1, -y1, z1), (x1, y1, z1)])
        b.face(list(corners), mix(paint, SKY, 0.1 if z1 > 0.9 else 0.0), inside)
        if z0 == _SCREEN:
            b.face(list(inset(corners, 0.88, (0.012, 0, 0.01))), mix(GLASS, SKY, 0.16), inside)
        if z0 == _SILL:
            b.face(list(inset(corners, 0.6, (0.012, 0, -0.08))), _GRILLE, inside)


def _back(b: Builder, van: _Van, paint: RGB) -> None:
    """Two doors with a seam between them."""
    inside = (van.rear + 1, 0.0, 1.0)
    low, high = van.half, van.half_at(van.roof)
    corners = [(low, _SILL), (-low, _SILL), (-high, van.roof), (high, van.roof)]
    b.face([(van.rear, y, z) for y, z in corners], dim(paint, 0.92), inside)
    seam = rectangle(-0.02, 0.5, 0.02, van.roof - 0.15)
    b.face([(van.rear - 0.01, y, z) for y, z in seam], dim(paint, 0.5), inside)


def _truck_box(b: Builder, van: _Van, paint: RGB, top: float) -> None:
    """The box behind the cab, with a paler band along it."""
    low, front = 0.75, van.rear
    size = (van.length + front, van.half * 2.06, top - low)
    b.box(((front - van.length) / 2, 0.0, (low + top) / 2), size, paint, mix(paint, SKY, 0.15))
    z = low + (top - low) * 0.55
    for side in SIDES:
        band = rectangle(-van.length + 0.5, z, front - 0.5, z + 0.3)
        panel(b, van.half * 1.04 * side, band, mix(paint, (225.0, 225.0, 225.0), 0.35))
