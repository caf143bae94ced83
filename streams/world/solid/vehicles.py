"""Cars and vans: a hull of stations along the length, a cabin with dark glass, wheels, lamps, plates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .shades import GLASS, PAINT, RUBBER, STEEL, dim, mix, shade_of
from .shape import Builder, Shape
from .types import RGB, Floats, Look

_HEADLAMP, _HEADLAMP_ON = (196.0, 200.0, 204.0), (255.0, 252.0, 236.0)
_TAILLAMP, _TAILLAMP_ON = (120.0, 24.0, 26.0), (255.0, 62.0, 48.0)
_PLATE = (205.0, 205.0, 196.0)
_SKY = (214.0, 222.0, 230.0)


@dataclass(frozen=True, slots=True)
class _Station:
    """A cross-section of the hull: where, how wide to each side, and from which height to which."""

    x: float
    half: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class _Model:
    """Measures in metres; x positions as shares of half the length."""

    length: float
    width: float
    hood: float  # height of its front edge
    belt: float  # height of the lower edge of the windows
    tail: float  # height of the rear edge of the hull
    roof: float
    cowl: float  # foot of the windscreen
    crown: float  # its upper edge
    back: float  # upper edge of the rear window
    heel: float  # its foot


_MODELS = {
    "hatch": _Model(3.95, 1.74, 0.72, 0.92, 0.9, 1.46, 0.42, 0.08, -0.66, -0.94),
    "saloon": _Model(4.65, 1.8, 0.7, 0.92, 0.92, 1.42, 0.36, 0.04, -0.4, -0.66),
    "estate": _Model(4.7, 1.8, 0.72, 0.93, 0.92, 1.48, 0.36, 0.06, -0.8, -0.95),
    "suv": _Model(4.55, 1.86, 0.92, 1.08, 1.04, 1.7, 0.42, 0.14, -0.74, -0.95),
}


def make_car(look: Look, rng: np.random.Generator) -> tuple[Shape, None]:
    """A hatchback, saloon, estate or SUV in the look's colour."""
    name = str(rng.choice(list(_MODELS), p=[0.3, 0.3, 0.15, 0.25]))
    model, paint = _MODELS[name], shade_of(look.colour, PAINT, rng)
    b = Builder()
    b.group((0.0, 0.0, 0.7))
    length, half = model.length / 2, model.width / 2
    b.prism(_plan(length * 0.93, half * 0.88), 0.06, 0.3, (16, 16, 18))
    _hull(b, _stations(model), paint)
    _wheels(b, length * 0.62, half, 0.32 if name != "suv" else 0.37, rng)
    _lamps(b, length, half, model.hood - 0.1, model.tail - 0.12)
    _cabin(b, model, paint, rng)
    _mirrors(b, length * model.cowl - 0.12, half, model.belt + 0.06, paint)
    if name in ("suv", "estate") and rng.random() < 0.5:
        for side in (1, -1):
            y = side * half * 0.72
            b.capsule(
                (length * model.crown, y, model.roof + 0.05),
                (length * model.back, y, model.roof + 0.05),
                0.025,
                STEEL,
            )
    return b.make(), None


def make_van(look: Look, rng: np.random.Generator) -> tuple[Shape, None]:
    """A delivery van, or a small truck with a box, in the look's colour."""
    paint = shade_of(look.colour, PAINT, rng)
    b = Builder()
    b.group((0.0, 0.0, 1.1))
    is_truck = rng.random() < 0.3
    length, half, roof = (3.0, 1.05, 2.15) if is_truck else (2.65, 0.98, float(rng.uniform(1.95, 2.5)))
    b.prism(_plan(length * 0.95, half * 0.9), 0.08, 0.4, (18, 18, 20))
    rear = length * 0.3 if is_truck else -length
    if is_truck:
        _truck_box(b, length, half, paint, rng)
    _van_front(b, length, half, roof, rear, paint, has_panes=rng.random() < 0.25 and not is_truck)
    _wheels(b, length * 0.62, half, 0.37, rng)
    _lamps(b, length, half, 0.75, 0.95)
    _mirrors(b, length * 0.62, half + 0.05, 1.35, (40, 40, 42))
    return b.make(), None


def _plan(length: float, half: float) -> list[tuple[float, float]]:
    return [(length, half * 0.8), (length * 0.8, half), (-length * 0.85, half), (-length, half * 0.85),
            (-length, -half * 0.85), (-length * 0.85, -half), (length * 0.8, -half), (length, -half * 0.8)]  # fmt: skip


def _stations(model: _Model) -> list[_Station]:
    length, half = model.length / 2, model.width / 2
    return [
        _Station(length, half * 0.7, 0.26, model.hood - 0.14),
        _Station(length * 0.93, half * 0.9, 0.2, model.hood),
        _Station(length * 0.75, half * 0.98, 0.2, model.hood + 0.06),
        _Station(length * model.cowl, half, 0.2, model.belt),
        _Station(-length * 0.7, half, 0.2, model.belt),
        _Station(-length * 0.93, half * 0.93, 0.24, model.tail),
        _Station(-length, half * 0.78, 0.3, model.tail - 0.06),
    ]


def _hull(b: Builder, stations: list[_Station], paint: RGB) -> None:
    """Sides in two bands (the lower sees the road, so it is darker), lids that mirror the sky, and both ends."""
    for front, rear in zip(stations, stations[1:], strict=False):
        inside = ((front.x + rear.x) / 2, 0.0, (front.low + front.high) / 2)
        waist_f, waist_r = (s.low + (s.high - s.low) * 0.45 for s in (front, rear))
        for side in (1, -1):
            y_f, y_r = front.half * side, rear.half * side
            b.face([(front.x, y_f * 0.97, front.low), (rear.x, y_r * 0.97, rear.low), (rear.x, y_r, waist_r), (front.x, y_f, waist_f)], dim(paint, 0.72), inside)  # fmt: skip
            b.face([(front.x, y_f, waist_f), (rear.x, y_r, waist_r), (rear.x, y_r * 0.93, rear.high), (front.x, y_f * 0.93, front.high)], paint, inside)  # fmt: skip
        b.face(
            [(s.x, s.half * 0.93 * k, s.high) for s, k in ((front, 1), (rear, 1), (rear, -1), (front, -1))],
            mix(paint, _SKY, 0.14),
            (inside[0], 0.0, -2.0),
        )
    for station, towards in ((stations[0], 1.0), (stations[-1], -1.0)):
        x, middle = station.x, station.low + (station.high - station.low) * 0.42
        ends = [(-station.half, station.low, middle), (-station.half, middle, station.high)]
        for (y, low, high), tone in zip(ends, (0.55, 0.95), strict=True):
            b.face([(x, y, low), (x, -y, low), (x, -y * 0.95, high), (x, y * 0.95, high)], dim(paint, tone), (x - towards, 0, 0.4))  # fmt: skip


def _cabin(b: Builder, m: _Model, paint: RGB, rng: np.random.Generator) -> None:
    length, half = m.length / 2, m.width / 2
    foot, eave = half * 0.92, half * 0.74
    cowl, crown, back, heel = (length * s for s in (m.cowl, m.crown, m.back, m.heel))
    low, high = m.belt - 0.02, m.roof
    inside = ((crown + back) / 2, 0.0, (low + high) / 2)
    glass = mix(GLASS, (70, 82, 86), float(rng.uniform(0, 0.8)))
    for side in (1, -1):
        corners = [
            (cowl, foot * side, low),
            (heel, foot * side, low),
            (back, eave * side, high),
            (crown, eave * side, high),
        ]
        b.face(corners, dim(paint, 0.9), inside)
        _side_panes(b, np.array(corners), glass, inside)
    screen = [(cowl, foot, low), (cowl, -foot, low), (crown, -eave, high), (crown, eave, high)]
    window = [(heel, foot, low), (heel, -foot, low), (back, -eave, high), (back, eave, high)]
    for pane, share in ((screen, 0.9), (window, 0.82)):
        b.face(pane, paint, inside)
        b.face(_inset(np.array(pane), share), mix(glass, _SKY, 0.16), inside)
    roof = [(crown, eave, high), (crown, -eave, high), (back, -eave, high), (back, eave, high)]
    b.face(roof, mix(paint, _SKY, 0.16), inside)
    b.face(_inset(np.array(roof), 0.7) + [0, 0, 0.03], mix(paint, _SKY, 0.26), inside)
    if rng.random() < 0.25:
        pane = _inset(np.array(roof), 0.6) + [0.1, 0, 0.035]
        b.face(pane, dim(glass, 0.9), inside)


def _side_panes(b: Builder, corners: Floats, glass: RGB, inside: tuple[float, float, float]) -> None:
    """Two panes on the slanting side of a cabin, with pillars left between and around them."""
    front_low, rear_low, rear_high, front_high = corners

    def at(along: float, up: float) -> Floats:
        low, high = front_low + (rear_low - front_low) * along, front_high + (rear_high - front_high) * along
        point = low + (high - low) * up
        return np.asarray(point + [0, np.sign(front_low[1]) * 0.012, 0])

    for start, end in ((0.1, 0.5), (0.54, 0.92)):
        b.face([at(start, 0.08), at(end, 0.08), at(end, 0.88), at(start, 0.88)], glass, inside)


def _inset(corners: Floats, share: float) -> Floats:
    middle = corners.mean(0)
    return np.asarray(middle + (corners - middle) * share)


def _wheels(b: Builder, axle: float, half: float, radius: float, rng: np.random.Generator) -> None:
    hub = mix(STEEL, (70, 70, 74), float(rng.uniform(0, 0.8)))
    for x in (axle, -axle * 1.02):
        for side in (1, -1):
            y = half * side
            b.disc((x, y * 1.0, radius + 0.03), radius * 1.18, (20, 20, 22), outward=side)
            b.disc((x, y * 1.01, radius), radius, RUBBER, outward=side)
            b.disc((x, y * 1.02, radius), radius * 0.58, hub, outward=side)


def _lamps(b: Builder, length: float, half: float, front: float, rear: float) -> None:
    for side in (1, -1):
        for x, z, colour, shine in (
            (length, front, _HEADLAMP, _HEADLAMP_ON),
            (-length, rear, _TAILLAMP, _TAILLAMP_ON),
        ):
            ahead = np.sign(x)
            inner, outer = (x + 0.012 * ahead, 0.4 * half * side), (x * 0.945, 0.93 * half * side)
            b.face([(*inner, z - 0.07), (*outer, z - 0.07), (*outer, z + 0.08), (*inner, z + 0.07)], colour, (0, 0, z), shine=shine)  # fmt: skip
    for x, z in ((length + 0.015, 0.42), (-length - 0.015, rear - 0.14)):
        b.face([(x, -0.26, z - 0.06), (x, 0.26, z - 0.06), (x, 0.26, z + 0.06), (x, -0.26, z + 0.06)], _PLATE, (0, 0, z))  # fmt: skip


def _mirrors(b: Builder, x: float, half: float, z: float, paint: RGB) -> None:
    for side in (1, -1):
        b.capsule(
            (x, half * 0.98 * side, z), (x - 0.02, (half + 0.13) * side, z + 0.02), 0.06, dim(paint, 0.9)
        )


def _van_front(
    b: Builder, length: float, half: float, roof: float, rear: float, paint: RGB, has_panes: bool
) -> None:
    """Cab and, where `rear` is the van's end, the cargo room behind it, as one pressed profile."""
    nose, cowl, crown = length, length * 0.76, length * 0.52
    inside = ((nose + rear) / 2, 0.0, 1.0)
    eave = half * 0.94
    profile = [
        (rear, 0.32),
        (nose, 0.3),
        (nose, 0.85),
        (cowl, 1.2),
        (crown, roof - 0.06),
        (crown - 0.25, roof),
        (rear, roof),
    ]
    for side in (1, -1):
        low = [
            (x, half * side, z)
            for x, z in ((rear, 0.32), (nose * 0.97, 0.3), (nose * 0.97, 0.72), (rear, 0.72))
        ]
        b.face(low, dim(paint, 0.75), inside)
        sides = [
            (rear, 0.72),
            (nose * 0.97, 0.72),
            (nose * 0.97, 0.86),
            (cowl, 1.2),
            (crown, roof - 0.06),
            (crown - 0.25, roof),
            (rear, roof),
        ]
        b.face([(x, (eave if z > 1.3 else half) * side, z) for x, z in sides], paint, inside)
        panes = [
            (crown - 0.62, 1.22, cowl - 0.12, 1.22, crown - 0.02, roof * 0.83, crown - 0.62, roof * 0.83)
        ]
        if has_panes:
            panes += [
                (x - 0.9, 1.25, x, 1.25, x, roof * 0.82, x - 0.9, roof * 0.82)
                for x in (crown - 0.75, crown - 1.75)
            ]
        for p in panes:
            b.face(
                [(x, (half + 0.015) * side, z) for x, z in zip(p[::2], p[1::2], strict=True)], GLASS, inside
            )
    for (x0, z0), (x1, z1) in zip(profile[1:], profile[2:], strict=False):
        y0, y1 = (eave if z0 > 1.3 else half), (eave if z1 > 1.3 else half)
        corners = np.array([(x0, y0, z0), (x0, -y0, z0), (x1, -y1, z1), (x1, y1, z1)])
        is_screen = x0 == cowl
        b.face(corners, mix(paint, _SKY, 0.1 if z1 > 0.9 else 0.0), inside)
        if is_screen:
            b.face(_inset(corners, 0.88) + [0.012, 0, 0.01], mix(GLASS, _SKY, 0.16), inside)
        if z0 == 0.3:
            b.face(_inset(corners, 0.6) + [0.012, 0, -0.08], (36, 36, 38), inside)
    b.face(
        [(rear, half, 0.32), (rear, -half, 0.32), (rear, -eave, roof), (rear, eave, roof)],
        dim(paint, 0.92),
        inside,
    )
    b.face([(rear - 0.01, 0.02, 0.5), (rear - 0.01, -0.02, 0.5), (rear - 0.01, -0.02, roof - 0.15), (rear - 0.01, 0.02, roof - 0.15)], dim(paint, 0.5), inside)  # fmt: skip


def _truck_box(b: Builder, length: float, half: float, paint: RGB, rng: np.random.Generator) -> None:
    top = float(rng.uniform(2.5, 3.0))
    front = length * 0.3
    b.box(
        ((front - length) / 2, 0.0, (0.75 + top) / 2),
        (length + front, half * 2.08, top - 0.75),
        paint,
        mix(paint, _SKY, 0.15),
    )
    for side in (1, -1):
        y = half * 1.05 * side
        z = 0.75 + (top - 0.75) * 0.55
        b.face([(front - 0.5, y, z), (-length + 0.5, y, z), (-length + 0.5, y, z + 0.35), (front - 0.5, y, z + 0.35)], mix(paint, (225, 225, 225), 0.35), (0, 0, z))  # fmt: skip
