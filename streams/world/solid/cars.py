"""Cars: a hull of cross-sections along the length, and a cabin with dark glass."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .coachwork import SIDES, SKY, add_lamps, add_mirrors, add_pan, add_wheels, inset
from .shades import GLASS, PAINT, STEEL, dim, mix, shade_of
from .shape import Builder, Shape
from .types import RGB, Floats, Look

_SHOULDER = 0.93  # of the half width: where sides end and lids begin


@dataclass(frozen=True, slots=True)
class _Station:
    """A cross-section of the hull: where, how wide to each side, and from which height to which."""

    x: float
    half: float
    low: float
    high: float

    @property
    def waist(self) -> float:
        return self.low + (self.high - self.low) * 0.45


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
_SHARES = (0.3, 0.3, 0.15, 0.25)


def make_car(look: Look, rng: np.random.Generator) -> tuple[Shape, None]:
    """A hatchback, saloon, estate or SUV in the look's colour."""
    name = str(rng.choice(list(_MODELS), p=_SHARES))
    model, paint = _MODELS[name], shade_of(look.colour, PAINT, rng)
    length, half = model.length / 2, model.width / 2
    b = Builder()
    b.group((0.0, 0.0, 0.7))
    add_pan(b, length * 0.93, half * 0.88, 0.06, 0.3)
    _hull(b, _stations(model), paint)
    add_wheels(b, length * 0.62, half, 0.37 if name == "suv" else 0.32, rng)
    add_lamps(b, length, half, model.hood - 0.1, model.tail - 0.12)
    _cabin(b, model, paint, rng)
    add_mirrors(b, length * model.cowl - 0.12, half, model.belt + 0.06, paint)
    if name in ("suv", "estate") and rng.random() < 0.5:
        for y in (half * 0.72, -half * 0.72):
            front, rear = ((length * x, y, model.roof + 0.05) for x in (model.crown, model.back))
            b.capsule(front, rear, 0.025, STEEL)
    return b.make(), None


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
    for front, rear in pairwise(stations):
        x, lid = (front.x + rear.x) / 2, mix(paint, SKY, 0.14)
        inside = (x, 0.0, (front.low + front.high) / 2)
        for side in SIDES:
            low, waist, high = (_edge(front, rear, side, band) for band in ("low", "waist", "high"))
            b.face(low + waist[::-1], dim(paint, 0.72), inside)
            b.face(waist + high[::-1], paint, inside)
        b.face(
            _edge(front, rear, 1, "high") + _edge(front, rear, -1, "high")[::-1],
            lid,
            (x, 0.0, -2.0),
        )
    _end(b, stations[0], paint, 1.0)
    _end(b, stations[-1], paint, -1.0)


def _edge(front: _Station, rear: _Station, side: int, band: str) -> list[tuple[float, float, float]]:
    """A line along one side at the foot, the waist or the shoulder."""
    share = {"low": 0.97, "waist": 1.0, "high": _SHOULDER}[band] * side
    return [(s.x, s.half * share, float(getattr(s, band))) for s in (front, rear)]


def _end(b: Builder, station: _Station, paint: RGB, towards: float) -> None:
    """Bumper and panel across one end."""
    x, half, waist = station.x, station.half, station.waist
    for low, high, gain in ((station.low, waist, 0.55), (waist, station.high, 0.95)):
        corners = [(x, half, low), (x, -half, low), (x, -half * 0.95, high), (x, half * 0.95, high)]
        b.face(corners, dim(paint, gain), (x - towards, 0.0, 0.4))


def _cabin(b: Builder, m: _Model, paint: RGB, rng: np.random.Generator) -> None:
    length, half = m.length / 2, m.width / 2
    foot, eave, low, high = half * 0.92, half * 0.74, m.belt - 0.02, m.roof
    cowl, crown, back, heel = (length * s for s in (m.cowl, m.crown, m.back, m.heel))
    inside = ((crown + back) / 2, 0.0, (low + high) / 2)
    glass = mix(GLASS, (70, 82, 86), float(rng.uniform(0, 0.8)))
    for s in SIDES:
        side = np.array(
            [(cowl, foot * s, low), (heel, foot * s, low), (back, eave * s, high), (crown, eave * s, high)]
        )
        b.face(list(side), dim(paint, 0.9), inside)
        _side_panes(b, side, glass, inside)
    for base, top, share in ((cowl, crown, 0.9), (heel, back, 0.82)):
        pane = np.array([(base, foot, low), (base, -foot, low), (top, -eave, high), (top, eave, high)])
        b.face(list(pane), paint, inside)
        b.face(list(inset(pane, share)), mix(glass, SKY, 0.16), inside)
    roof = np.array([(crown, eave, high), (crown, -eave, high), (back, -eave, high), (back, eave, high)])
    b.face(list(roof), mix(paint, SKY, 0.16), inside)
    b.face(list(inset(roof, 0.7, (0, 0, 0.03))), mix(paint, SKY, 0.26), inside)
    if rng.random() < 0.25:
        b.face(list(inset(roof, 0.6, (0.1, 0, 0.035))), dim(glass, 0.9), inside)


def _side_panes(b: Builder, side: Floats, glass: RGB, inside: tuple[float, float, float]) -> None:
    """Two panes on the slanting side of a cabin, with pillars left between and around them."""
    front_low, rear_low, rear_high, front_high = side
    outwards = np.array([0, np.sign(front_low[1]) * 0.012, 0])

    def at(along: float, up: float) -> Floats:
        low, high = front_low + (rear_low - front_low) * along, front_high + (rear_high - front_high) * along
        return np.asarray(low + (high - low) * up + outwards)

    for start, end in ((0.1, 0.5), (0.54, 0.92)):
        b.face([at(start, 0.08), at(end, 0.08), at(end, 0.88), at(start, 0.88)], glass, inside)
