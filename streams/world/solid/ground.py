"""The ground in true perspective with markings and shade, and what is beyond it: sky, dark, or a ceiling."""

from __future__ import annotations

import cv2
import numpy as np

from .rays import Plane
from .sheet import Sheet
from .texture import Grain, ground_gain
from .types import NEAR_M, RGB, Floats, Lens, Plan, Slab, Wall

_FAR_M = 60.0  # where haze has swallowed most
_END_M = 400.0
_PAINT = np.array([206.0, 206.0, 200.0], np.float32)  # of markings
_PANEL_M = 0.6  # of a ceiling

# Hues of materials that have one by nature; tiles, carpets, cloth and belts come in any.
_HUES: dict[str, RGB] = {
    "wood": (1.2, 0.98, 0.74),
    "asphalt": (0.99, 1.0, 1.03),
    "concrete": (1.03, 1.0, 0.95),
    "grass": (0.92, 1.12, 0.6),
}
_OWN_SHARE = {"wood": 0.25, "asphalt": 0.25, "concrete": 0.3, "grass": 0.35}  # of a plan's own hue


def natural(kind: str, colour: RGB) -> RGB:
    """A ground's colour, its brightness kept, its hue drawn towards what the material has in life."""
    if kind not in _HUES:
        return calm(colour)
    red, green, blue = colour
    brightness = 0.3 * red + 0.59 * green + 0.11 * blue
    share = _OWN_SHARE[kind]
    mixed = [
        own * share + brightness * hue * (1 - share) for own, hue in zip(colour, _HUES[kind], strict=True)
    ]
    return mixed[0], mixed[1], mixed[2]


def calm(colour: RGB) -> RGB:
    """A colour as most built things have it: two fifths of the way to grey."""
    grey = sum(colour) / 3
    red, green, blue = (value + (grey - value) * 0.4 for value in colour)
    return red, green, blue


def draw_beyond(sheet: Sheet, plan: Plan, rng: np.random.Generator) -> None:
    """Sky with a skyline outdoors; indoors the dark of a large room."""
    rays = sheet.rays
    if not plan.is_outdoors:
        sheet.colour[:] = np.array(rng.uniform(25, 70) + rng.normal(0, 3, 3), np.float32)
        return
    steep = (rays.z / np.hypot(rays.x, rays.y).clip(1e-6)).astype(np.float32)
    low = np.array(rng.uniform(195, 228) + rng.normal(0, 4, 3), np.float32)
    high = low * np.array([rng.uniform(0.75, 0.98), rng.uniform(0.86, 0.99), 1.02], np.float32)
    sheet.colour[:] = low + (high - low) * np.clip(steep * 2, 0, 1)[..., None]
    azimuth = np.arctan2(rays.y, rays.x).astype(np.float32)
    for height, tone, is_built in ((0.09, 0.62, False), (0.05, 0.45, True)):
        place = (np.round(azimuth * 9) / 9 if is_built else azimuth).astype(np.float32)
        edge = height * (1 + 0.5 * sheet.grain.at(place, np.full_like(place, height * 7), 2.1))
        sheet.colour[steep < edge] = low * tone * np.array([0.96, 1.0, 0.92], np.float32)
    sheet.colour *= 1 + 0.02 * sheet.grain.at(azimuth, steep, 0.7)[..., None]


def draw_ground(sheet: Sheet, plan: Plan) -> None:
    """The endless ground at height 0."""
    rays = sheet.rays
    with np.errstate(divide="ignore", invalid="ignore"):
        depth = np.where(rays.z < -1e-4, -rays.origin[2] / rays.z, np.inf).astype(np.float32)
    hit_rows = np.flatnonzero((depth < _END_M).any(1))
    if not len(hit_rows):
        return
    rows = slice(int(hit_rows[0]), int(hit_rows[-1]) + 1)
    seen = depth[rows] < _END_M
    t = np.where(seen, depth[rows], np.float32(1))
    dx, dy, dz = rays.x[rows], rays.y[rows], rays.z[rows]
    x, y = np.float32(rays.origin[0]) + t * dx, np.float32(rays.origin[1]) + t * dy
    # A pixel covers more of the ground the flatter the ray; the mean of both directions fades textures.
    flat = np.sqrt(dx * dx + dy * dy + dz * dz) / np.abs(dz).clip(1e-3)
    footprint = t * np.float32(rays.spread) * np.sqrt(flat)
    gain = ground_gain(plan.ground, x, y, footprint, sheet.grain)
    colour = gain[..., None] * np.array(natural(plan.ground, plan.ground_colour), np.float32)
    for marking in plan.markings:
        _mark(colour, x, y, footprint, marking, sheet.grain)
    colour *= sheet.gain(np.array([[0.0, 0.0, 1.0]], np.float32))[0]
    haze = np.clip(t / np.float32(_FAR_M) - 0.15, 0, 0.85 if plan.is_outdoors else 1.0)[..., None]
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
    near = (x > min(x0, x1) - width) & (x < max(x0, x1) + width)
    near &= (y > min(y0, y1) - width) & (y < max(y0, y1) + width)
    if not near.any():
        return
    px, py = x[near] - x0, y[near] - y0
    along, across = px * ex + py * ey, np.abs(py * ex - px * ey)
    cover = np.clip((width / 2 - across) / footprint[near] + 0.5, 0, 1) * ((along > 0) & (along < length))
    worn = np.clip(0.86 + 0.12 * grain.at(x[near], y[near], 1.7), 0.3, 1)
    colour[near] += (_PAINT - colour[near]) * (cover * worn)[:, None]


def draw_shade(sheet: Sheet, plan: Plan, lens: Lens, margin_px: int, scale: int) -> None:
    """Soft shadows of furniture, and of walls outdoors, on the ground."""
    mask = np.zeros(sheet.depth.shape, np.uint8)
    down = np.array(sheet.light.direction)
    slope = down[:2] / min(float(down[2]), -0.3)
    casters = [_slab_corners(slab) for slab in plan.slabs]
    casters += [_wall_corners(wall) for wall in plan.walls if plan.is_outdoors]
    for corners in casters:
        # Half the true length: the edge of a soft shadow is not where its dark part ends.
        fallen = np.concatenate([corners[:, :2] - slope * corners[:, 2:] * 0.5, 0 * corners[:, 2:]], 1)
        view, depth = lens.project(fallen)
        if (depth > NEAR_M).all() and np.abs(view).max() < 3000:
            hull = cv2.convexHull(((view + margin_px) * scale).astype(np.float32))
            cv2.fillConvexPoly(mask, (hull * 16).astype(np.int32), 255, 8, 4)
    if not mask.any():
        return
    side = 4 * scale + 1
    soft = cv2.blur(cv2.blur(mask, (side, side)), (side, side)).astype(np.float32) / 255
    sheet.colour *= np.where(sheet.level == 0, 1 - soft * (0.25 + 0.5 * sheet.light.shadow), 1)[..., None]


def _slab_corners(slab: Slab) -> Floats:
    c, s = np.cos(slab.heading), np.sin(slab.heading)
    signs = np.array([(x, y) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))]) / 2
    plan = signs * [slab.width, slab.depth] @ np.array([[c, s], [-s, c]]) + [slab.x, slab.y]
    heights = (slab.base, slab.base + slab.height)
    return np.concatenate([np.column_stack([plan, np.full(4, height)]) for height in heights])


def _wall_corners(wall: Wall) -> Floats:
    ends = ((wall.x0, wall.y0), (wall.x1, wall.y1))
    return np.array([(x, y, z) for x, y in ends for z in (0.0, wall.height)])


def draw_ceiling(sheet: Sheet, plan: Plan) -> None:
    """Panels and lamps at the height of the highest wall, where that is above the camera."""
    rays, height = sheet.rays, max((wall.height for wall in plan.walls), default=0.0)
    if height <= rays.origin[2] + 0.05 or height < 2.2:
        return
    with np.errstate(divide="ignore", invalid="ignore"):
        depth = np.where(rays.z > 1e-4, (height - rays.origin[2]) / rays.z, np.inf).astype(np.float32)
    seen = depth < _FAR_M
    t = depth[seen]
    u, v = (rays.origin[0] + t * rays.x[seen]) / _PANEL_M, (rays.origin[1] + t * rays.y[seen]) / _PANEL_M
    joint = (np.abs(u % 1 - 0.5) > 0.48) | (np.abs(v % 1 - 0.5) > 0.48)
    is_lamp = (np.floor(u) % 4 == 0) & (np.floor(v) % 4 == 0)
    tone = np.where(is_lamp, 244.0, np.where(joint, 175.0, 186.0)).astype(np.float32)
    sheet.colour[seen] = tone[:, None] * np.array([1.0, 0.99, 0.96], np.float32)
