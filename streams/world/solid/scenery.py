"""Draws what does not move: sky, ground with markings and shade, walls with doors and pictures, furniture."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .outline import light_on
from .rays import Hits, Plane, Rays, hit_slab, hit_wall, make_rays
from .texture import Grain, ground_gain, wall_gain
from .types import NEAR_M, RGB, Floats, Lens, Light, Plan, Slab, Wall

NO_LEVEL = -9.0
_DOOR_M = 2.1
_DOORWAY_M = 0.5  # how far behind a door's wall things can still be seen
_FAR_M = 60.0


@dataclass(frozen=True, slots=True, eq=False)
class Scenery:
    """A drawn background at one scale."""

    pixels: NDArray[np.uint8]  # [H, W, 4]: RGB and 0
    hiding: Plane  # [H, W] depth of walls and furniture, infinite elsewhere
    level: Plane  # [H, W] height of level surfaces, NO_LEVEL elsewhere
    can_hide: bool


@dataclass(slots=True, eq=False)
class _Sheet:
    """A picture in the making."""

    rays: Rays
    colour: Plane  # [H, W, 3]
    depth: Plane  # [H, W] of everything
    hiding: Plane
    level: Plane
    light: Light
    grain: Grain

    def gain(self, normal: Plane) -> Plane:
        """Light on surfaces with those normals [N, 3]."""
        towards = -np.array(self.light.direction, np.float32)
        return np.asarray(light_on(normal @ towards, self.light), np.float32)


def draw_scenery(plan: Plan, lens: Lens, light: Light, seed: int, margin_px: int, scale: int) -> Scenery:
    """The background with `margin_px` view pixels around it, `scale` pixels to a pixel of the view."""
    rays = make_rays(lens, margin_px, scale)
    shape = rays.x.shape
    far = np.full(shape, np.inf, np.float32)
    colour = np.empty((*shape, 3), np.float32)
    sheet = _Sheet(rays, colour, far, far.copy(), np.full(shape, NO_LEVEL, np.float32), light, Grain(seed))
    rng = np.random.default_rng((seed, 11))
    _beyond(sheet, plan, rng)
    _ground(sheet, plan)
    _shade(sheet, plan, lens, margin_px, scale)
    if not plan.is_outdoors:
        _ceiling(sheet, plan)
    for wall in plan.walls:
        _wall(sheet, wall, plan.is_outdoors, rng)
    for slab in plan.slabs:
        _slab(sheet, slab, rng)
    pixels = np.zeros((*shape, 4), np.uint8)
    pixels[..., :3] = np.clip(_lamplight(sheet, plan), 0, 255)
    return Scenery(pixels, sheet.hiding, sheet.level, bool(np.isfinite(sheet.hiding).any()))


def _beyond(sheet: _Sheet, plan: Plan, rng: np.random.Generator) -> None:
    """Sky with a skyline outdoors; indoors the dark of a large room."""
    rays = sheet.rays
    steep = rays.z / np.hypot(rays.x, rays.y).clip(1e-6)
    if not plan.is_outdoors:
        sheet.colour[:] = np.array(rng.uniform(25, 70) + rng.normal(0, 3, 3), np.float32)
        return
    low = np.array(rng.uniform(195, 228) + rng.normal(0, 4, 3), np.float32)
    high = low * np.array([rng.uniform(0.75, 0.98), rng.uniform(0.86, 0.99), 1.02], np.float32)
    sheet.colour[:] = low + (high - low) * np.clip(steep * 2, 0, 1)[..., None]
    azimuth = np.arctan2(rays.y, rays.x).astype(np.float32)
    row = np.zeros_like(azimuth)
    for height, tone, block in ((0.09, 0.62, False), (0.05, 0.45, True)):
        place = np.round(azimuth * 9) / 9 if block else azimuth
        edge = height * (1 + 0.5 * sheet.grain.at(place, row + height * 7, 2.1))
        colour = low * tone * np.array([0.96, 1.0, 0.92], np.float32)
        sheet.colour[steep < edge] = colour
    sheet.colour *= 1 + 0.02 * sheet.grain.at(azimuth, steep, 0.7)[..., None]


def _ground(sheet: _Sheet, plan: Plan) -> None:
    rays = sheet.rays
    with np.errstate(divide="ignore", invalid="ignore"):
        depth = np.where(rays.z < -1e-4, -rays.origin[2] / rays.z, np.inf).astype(np.float32)
    rows, columns = np.nonzero(depth < 400.0)
    if not len(rows):
        return
    rows, columns = slice(rows.min(), rows.max() + 1), slice(None)
    seen = depth[rows] < 400.0
    t = np.where(seen, depth[rows], 1.0).astype(np.float32)
    x = np.float32(rays.origin[0]) + t * rays.x[rows]
    y = np.float32(rays.origin[1]) + t * rays.y[rows]
    # A pixel covers more of the ground the flatter the ray; the mean of both directions fades textures.
    flat = np.sqrt(rays.x[rows] ** 2 + rays.y[rows] ** 2 + rays.z[rows] ** 2) / np.abs(rays.z[rows]).clip(
        1e-3
    )
    footprint = t * rays.spread[rows] * np.sqrt(flat)
    gain = ground_gain(plan.ground, x, y, footprint, sheet.grain)
    colour = gain[..., None] * np.array(plan.ground_colour, np.float32)
    for marking in plan.markings:
        _mark(colour, x, y, footprint, marking, sheet.grain)
    colour *= sheet.gain(np.array([[0.0, 0.0, 1.0]], np.float32))[0]
    haze = np.clip((t / _FAR_M - 0.15), 0, 0.85 if plan.is_outdoors else 1.0)[..., None]
    colour += (sheet.colour[rows] * 0.85 - colour) * haze
    sheet.colour[rows][seen] = colour[seen]
    sheet.depth[rows][seen] = t[seen]
    sheet.level[rows][seen] = 0.0


def _mark(
    colour: Plane,
    x: Plane,
    y: Plane,
    footprint: Plane,
    line: tuple[float, float, float, float, float],
    grain: Grain,
) -> None:
    """A worn painted line."""
    x0, y0, x1, y1, width = line
    length = max(float(np.hypot(x1 - x0, y1 - y0)), 1e-3)
    ex, ey = (x1 - x0) / length, (y1 - y0) / length
    near = (
        (np.minimum(x0, x1) - width < x)
        & (x < max(x0, x1) + width)
        & (min(y0, y1) - width < y)
        & (y < max(y0, y1) + width)
    )
    if not near.any():
        return
    px, py, foot = x[near] - x0, y[near] - y0, footprint[near]
    along, across = px * ex + py * ey, np.abs(py * ex - px * ey)
    cover = np.clip((width / 2 - across) / foot + 0.5, 0, 1) * ((along > 0) & (along < length))
    worn = np.clip(0.86 + 0.12 * grain.at(x[near][None], y[near][None], 1.7)[0], 0.3, 1)
    paint = np.array([206.0, 206.0, 200.0], np.float32)
    colour[near] += (paint - colour[near]) * (cover * worn)[:, None]


def _shade(sheet: _Sheet, plan: Plan, lens: Lens, margin_px: int, scale: int) -> None:
    """Soft shadows of furniture, and of walls outdoors, on the ground."""
    mask = np.zeros(sheet.depth.shape, np.uint8)
    down = np.array(sheet.light.direction)
    slope = down[:2] / min(float(down[2]), -0.3)
    for corners in [_slab_corners(s) for s in plan.slabs] + [
        _wall_corners(w) for w in plan.walls if plan.is_outdoors
    ]:
        fallen = np.concatenate(
            [corners[:, :2] - slope * corners[:, 2:] * 0.5, np.zeros((len(corners), 1))], 1
        )
        view, depth = lens.project(fallen)
        if (depth > NEAR_M).all() and np.abs(view).max() < 3000:
            hull = cv2.convexHull(((view + margin_px) * scale).astype(np.float32))
            cv2.fillConvexPoly(mask, (hull * 16).astype(np.int32), 255, 8, 4)
    if not mask.any():
        return
    side = 2 * scale * 2 + 1
    soft = cv2.blur(cv2.blur(mask, (side, side)), (side, side)).astype(np.float32) / 255
    sheet.colour *= np.where(sheet.level == 0, 1 - soft * (0.25 + 0.5 * sheet.light.shadow), 1)[..., None]


def _slab_corners(slab: Slab) -> Floats:
    c, s = np.cos(slab.heading), np.sin(slab.heading)
    rows = []
    for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
        dx, dy = x * slab.width / 2, y * slab.depth / 2
        for z in (slab.base, slab.base + slab.height):
            rows.append((slab.x + c * dx - s * dy, slab.y + s * dx + c * dy, z))
    return np.array(rows)


def _wall_corners(wall: Wall) -> Floats:
    return np.array(
        [(x, y, z) for x, y in ((wall.x0, wall.y0), (wall.x1, wall.y1)) for z in (0.0, wall.height)]
    )


def _ceiling(sheet: _Sheet, plan: Plan) -> None:
    rays, height = sheet.rays, max((wall.height for wall in plan.walls), default=0.0)
    if height <= rays.origin[2] + 0.05 or height < 2.2:
        return
    with np.errstate(divide="ignore", invalid="ignore"):
        depth = np.where(rays.z > 1e-4, (height - rays.origin[2]) / rays.z, np.inf).astype(np.float32)
    seen = depth < 60.0
    t = depth[seen]
    x, y = rays.origin[0] + t * rays.x[seen], rays.origin[1] + t * rays.y[seen]
    tone = np.full(len(t), 186.0, np.float32)
    tone *= 1 - 0.06 * ((np.abs(x / 0.6 % 1 - 0.5) > 0.48) | (np.abs(y / 0.6 % 1 - 0.5) > 0.48))
    is_lamp = (np.floor(x / 0.6) % 4 == 0) & (np.floor(y / 0.6) % 4 == 0)
    tone[is_lamp] = 244.0
    sheet.colour[seen] = tone[:, None] * np.array([1.0, 0.99, 0.96], np.float32)


def _wall(sheet: _Sheet, wall: Wall, is_outdoors: bool, rng: np.random.Generator) -> None:
    hits = hit_wall(sheet.rays, wall, sheet.depth)
    pictures = _pictures(wall, is_outdoors, rng)
    if hits is None:
        return
    footprint = (hits.depth * sheet.rays.spread[0, 0])[None]
    gain = wall_gain(hits.u[None], hits.v[None], footprint, sheet.grain)[0]
    colour = gain[:, None] * np.array(wall.colour, np.float32)
    for (u0, v0, u1, v1), tone, frame in pictures:
        inside = (hits.u > u0) & (hits.u < u1) & (hits.v > v0) & (hits.v < v1)
        colour[inside] = np.array(frame, np.float32)
        edge = 0.04
        inside &= (hits.u > u0 + edge) & (hits.u < u1 - edge) & (hits.v > v0 + edge) & (hits.v < v1 - edge)
        pattern = 1 + 0.18 * sheet.grain.at(hits.u[inside][None], hits.v[inside][None], 1.3)[0]
        colour[inside] = pattern[:, None] * np.array(tone, np.float32)
    colour *= sheet.gain(hits.normal)[:, None] * np.float32(1.12)
    hiding = hits.depth.copy()
    for start, end in wall.doors:
        _door(colour, hiding, hits, start, end)
    sheet.colour[hits.at] = colour
    sheet.depth[hits.at] = hits.depth
    sheet.hiding[hits.at] = hiding
    sheet.level[hits.at] = NO_LEVEL


def _door(colour: Plane, hiding: Plane, hits: Hits, start: float, end: float) -> None:
    """A frame around an opening into a dark room."""
    is_frame = (hits.u > start - 0.08) & (hits.u < end + 0.08) & (hits.v < _DOOR_M + 0.08)
    colour[is_frame] *= 0.72
    is_open = (hits.u > start) & (hits.u < end) & (hits.v < _DOOR_M)
    dusk = 30 + 26 * (1 - hits.v[is_open] / _DOOR_M)
    colour[is_open] = dusk[:, None] * np.array([1.04, 1.0, 0.95], np.float32)
    hiding[is_open] += _DOORWAY_M


def _pictures(
    wall: Wall, is_outdoors: bool, rng: np.random.Generator
) -> list[tuple[tuple[float, float, float, float], RGB, RGB]]:
    """Windows of a house, or posters and boards of a room, clear of the doors: place, colour, frame."""
    length = float(np.hypot(wall.x1 - wall.x0, wall.y1 - wall.y0))
    pictures: list[tuple[tuple[float, float, float, float], RGB, RGB]] = []
    if is_outdoors:
        if wall.height < 2.4:
            return []
        pitch, pane = float(rng.uniform(1.8, 3.2)), float(rng.uniform(0.8, 1.3))
        for floor in range(max(1, int(wall.height / 2.9))):
            for n in range(min(int(length / pitch), 24)):
                u, v = n * pitch + (pitch - pane) / 2, floor * 2.9 + 0.95
                tone = float(rng.uniform(45, 110))
                pictures.append(
                    ((u, v, u + pane, v + 1.35), (tone * 0.92, tone, tone * 1.06), (200.0, 200.0, 196.0))
                )
    else:
        for _ in range(int(rng.integers(0, max(2, min(int(length / 1.5), 6))))):
            u, v = rng.uniform(0.2, max(length - 0.8, 0.3)), rng.uniform(0.9, 1.5)
            w, h = rng.uniform(0.3, 1.1), rng.uniform(0.3, 0.8)
            tone = rng.uniform(50, 215) + rng.normal(0, 26, 3)
            pictures.append(
                (
                    (u, v, u + w, min(v + h, wall.height - 0.1)),
                    tuple(np.clip(tone, 10, 240)),
                    tuple(np.full(3, rng.uniform(40, 200))),
                )
            )
    clear = [p for p in pictures if all(p[0][2] < a - 0.1 or p[0][0] > b + 0.1 for a, b in wall.doors)]
    return clear


def _slab(sheet: _Sheet, slab: Slab, rng: np.random.Generator) -> None:
    for piece in (slab, *_legs(slab)):
        hits = hit_slab(sheet.rays, piece, sheet.depth)
        if hits is None:
            continue
        gain = 1 + 0.03 * sheet.grain.at(hits.u[None] * 0.3 + slab.x, hits.v[None], 0.9)[0]
        gain *= np.where(hits.face == 2, 1.08, 1.0) * sheet.gain(hits.normal)
        if slab.height > 0.3:
            # Drawers and seams on the sides; sides are darker towards the floor.
            gain *= np.where(hits.face == 2, 1.0, 0.86 + 0.14 * np.clip(hits.v / piece.height, 0, 1))
        sheet.colour[hits.at] = gain[:, None] * np.array(piece.colour, np.float32)
        for plane in (sheet.depth, sheet.hiding):
            plane[hits.at] = hits.depth
        sheet.level[hits.at] = np.where(hits.face == 2, piece.base + piece.height, NO_LEVEL)


def _legs(slab: Slab) -> list[Slab]:
    """Four legs under a table top that hovers."""
    if slab.base < 0.25:
        return []
    c, s = np.cos(slab.heading), np.sin(slab.heading)
    dark = tuple(v * 0.7 for v in slab.colour)
    legs = []
    for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
        dx, dy = x * (slab.width / 2 - 0.05), y * (slab.depth / 2 - 0.05)
        legs.append(
            Slab(
                slab.x + c * dx - s * dy,
                slab.y + s * dx + c * dy,
                0.05,
                0.05,
                slab.base,
                slab.heading,
                0.0,
                dark,
            )
        )
    return legs


def _lamplight(sheet: _Sheet, plan: Plan) -> Plane:
    """Uneven light: brighter and darker regions across the picture, more so indoors."""
    height, width = sheet.depth.shape
    coarse = sheet.grain.rng.normal(0, 1, (3, 4)).astype(np.float32)
    wide = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(sheet.colour * (1 + np.float32(0.035 if plan.is_outdoors else 0.07) * wide)[..., None])
