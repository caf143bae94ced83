"""Walls with doors, windows and pictures, and furniture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .ground import calm
from .rays import Hits, Plane, hit_slab, hit_wall
from .sheet import NO_LEVEL, Sheet
from .texture import wall_gain
from .types import RGB, Plan, Slab, Wall

_DOOR_M = 2.1
_DOORWAY_M = 0.5  # how far behind a door's wall things can still be seen
_STOREY_M, _SILL_M, _PANE_M = 2.9, 0.95, 1.35
_EDGE_M = 0.04  # of frames
_LEG_M = 0.05


@dataclass(frozen=True, slots=True)
class _Hanging:
    """Something rectangular on a wall, from (u0, v0) to (u1, v1) metres along it and up."""

    u0: float
    v0: float
    u1: float
    v1: float
    colour: RGB
    frame: RGB

    def holds(self, hits: Hits, edge_m: float = 0.0) -> np.ndarray:
        along = (hits.u > self.u0 + edge_m) & (hits.u < self.u1 - edge_m)
        return np.asarray(along & (hits.v > self.v0 + edge_m) & (hits.v < self.v1 - edge_m))


def draw_walls(sheet: Sheet, plan: Plan, rng: np.random.Generator) -> None:
    """All walls, whatever their order."""
    for wall in plan.walls:
        hangings = _windows(wall, rng) if plan.is_outdoors else _pictures(wall, rng)
        hits = hit_wall(sheet.rays, wall, sheet.depth)
        if hits is None:
            continue
        footprint = hits.depth * np.float32(sheet.rays.spread)
        gain = wall_gain(hits.u, hits.v, footprint, sheet.grain)
        colour = gain[:, None] * np.array(calm(wall.colour), np.float32)
        for hanging in hangings:
            _hang(colour, hits, hanging, sheet)
        colour *= sheet.gain(hits.normal)[:, None] * np.float32(1.12)
        hiding = hits.depth.copy()
        for start, end in wall.doors:
            _open_door(colour, hiding, hits, start, end)
        sheet.put(hits, colour, hiding, NO_LEVEL)


def _hang(colour: Plane, hits: Hits, hanging: _Hanging, sheet: Sheet) -> None:
    colour[hanging.holds(hits)] = hanging.frame
    inside = hanging.holds(hits, _EDGE_M)
    pattern = 1 + 0.18 * sheet.grain.at(hits.u[inside], hits.v[inside], 1.3)
    colour[inside] = pattern[:, None] * np.array(hanging.colour, np.float32)


def _open_door(colour: Plane, hiding: Plane, hits: Hits, start: float, end: float) -> None:
    """A frame around an opening into a dark room."""
    is_frame = (hits.u > start - 0.08) & (hits.u < end + 0.08) & (hits.v < _DOOR_M + 0.08)
    colour[is_frame] *= 0.72
    is_open = (hits.u > start) & (hits.u < end) & (hits.v < _DOOR_M)
    dusk = 30 + 26 * (1 - hits.v[is_open] / _DOOR_M)
    colour[is_open] = dusk[:, None] * np.array([1.04, 1.0, 0.95], np.float32)
    hiding[is_open] += _DOORWAY_M


def _windows(wall: Wall, rng: np.random.Generator) -> list[_Hanging]:
    """Rows of windows on a house, clear of its doors."""
    if wall.height < 2.4:
        return []
    pitch, pane = float(rng.uniform(1.8, 3.2)), float(rng.uniform(0.8, 1.3))
    found = []
    for storey in range(max(1, int(wall.height / _STOREY_M))):
        for n in range(min(int(_length(wall) / pitch), 24)):
            u, v, tone = n * pitch + (pitch - pane) / 2, storey * _STOREY_M + _SILL_M, rng.uniform(45, 110)
            glass = (tone * 0.92, tone, tone * 1.06)
            found.append(_Hanging(u, v, u + pane, v + _PANE_M, glass, (200.0, 200.0, 196.0)))
    return _clear(found, wall)


def _pictures(wall: Wall, rng: np.random.Generator) -> list[_Hanging]:
    """Posters and boards on a wall of a room, clear of its doors."""
    found = []
    for _ in range(int(rng.integers(0, max(2, min(int(_length(wall) / 1.5), 6))))):
        u, v = rng.uniform(0.2, max(_length(wall) - 0.8, 0.3)), rng.uniform(0.9, 1.5)
        width, height = rng.uniform(0.3, 1.1), rng.uniform(0.3, 0.8)
        red, green, blue = np.clip(rng.uniform(50, 215) + rng.normal(0, 26, 3), 10, 240)
        edge = float(rng.uniform(40, 200))
        top = min(v + height, wall.height - 0.1)
        found.append(_Hanging(u, v, u + width, top, (red, green, blue), (edge, edge, edge)))
    return _clear(found, wall)


def _clear(hangings: list[_Hanging], wall: Wall) -> list[_Hanging]:
    return [h for h in hangings if all(h.u1 < start - 0.1 or h.u0 > end + 0.1 for start, end in wall.doors)]


def _length(wall: Wall) -> float:
    return float(np.hypot(wall.x1 - wall.x0, wall.y1 - wall.y0))


def draw_slabs(sheet: Sheet, plan: Plan) -> None:
    """All furniture, whatever its order."""
    for slab in plan.slabs:
        for piece in (slab, *_legs(slab)):
            hits = hit_slab(sheet.rays, piece, sheet.depth)
            if hits is not None:
                is_top = hits.face == 2
                level = np.where(is_top, np.float32(piece.base + piece.height), np.float32(NO_LEVEL))
                sheet.put(hits, _slab_colour(sheet, piece, hits), hits.depth, level)


def _slab_colour(sheet: Sheet, slab: Slab, hits: Hits) -> Plane:
    """Tops catch more light; the sides of what is tall darken towards the floor."""
    is_top = hits.face == 2
    gain = 1 + 0.03 * sheet.grain.at(hits.u * np.float32(0.3) + np.float32(slab.x), hits.v, 0.9)
    gain *= np.where(is_top, 1.08, 1.0) * sheet.gain(hits.normal)
    if slab.height > 0.3:
        gain *= np.where(is_top, 1.0, 0.86 + 0.14 * np.clip(hits.v / slab.height, 0, 1))
    return np.asarray(gain[:, None] * np.array(slab.colour), np.float32)


def _legs(slab: Slab) -> list[Slab]:
    """Four legs under a table top that hovers."""
    if slab.base < 0.25:
        return []
    c, s = np.cos(slab.heading), np.sin(slab.heading)
    red, green, blue = (v * 0.7 for v in slab.colour)
    legs = []
    for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
        dx, dy = x * (slab.width / 2 - _LEG_M), y * (slab.depth / 2 - _LEG_M)
        place = slab.x + c * dx - s * dy, slab.y + s * dx + c * dy
        legs.append(Slab(*place, _LEG_M, _LEG_M, slab.base, heading=slab.heading, colour=(red, green, blue)))
    return legs
