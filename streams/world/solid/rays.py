"""The ray of every pixel of a camera, and what unmoving thing it hits first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...media import VIEW_HEIGHT, VIEW_WIDTH
from .types import Lens, Slab, Wall

Plane = NDArray[np.float32]
_STEPS = 6  # of Newton's method; enough for every distortion of a usable lens


@dataclass(frozen=True, slots=True, eq=False)
class Rays:
    """Directions such that position + depth * (x, y, z) is the point at that depth along the view axis."""

    origin: tuple[float, float, float]
    x: Plane  # [H, W]
    y: Plane
    z: Plane
    spread: float  # metres across that one pixel covers at depth 1


def make_rays(lens: Lens, margin_px: int, scale: int) -> Rays:
    """Rays of the view with a margin of view pixels around it, `scale` pixels to a pixel of the view."""
    width, height = (n + 2 * margin_px for n in (VIEW_WIDTH, VIEW_HEIGHT))
    columns = ((np.arange(width * scale) + 0.5) / scale - margin_px - VIEW_WIDTH / 2) / lens.focal_px
    rows = ((np.arange(height * scale) + 0.5) / scale - margin_px - VIEW_HEIGHT / 2) / lens.focal_px
    u, v = _undistorted(*np.meshgrid(columns.astype(np.float32), rows.astype(np.float32)), lens.k1)
    r = lens.rotation.astype(np.float32)
    x, y, z = (u * r[0, n] + v * r[1, n] + r[2, n] for n in range(3))
    px, py, pz = (float(p) for p in lens.position)
    return Rays((px, py, pz), x, y, z, 1 / (lens.focal_px * scale))


def _undistorted(u: Plane, v: Plane, k1: float) -> tuple[Plane, Plane]:
    """Inverts r' = r (1 + k1 min(r^2, 1.5)), as `Lens.project` distorts."""
    if not k1:
        return u, v
    seen = np.hypot(u, v)
    radius = seen.copy()
    limit = np.float32(1.5**0.5)
    for _ in range(_STEPS):
        slope = np.maximum(1 + 3 * k1 * np.minimum(radius, limit) ** 2, 0.2)
        radius -= (radius * (1 + k1 * np.minimum(radius, limit) ** 2) - seen) / slope
    ratio = np.clip(radius / np.maximum(seen, 1e-6), 0.3, 3.0).astype(np.float32)
    return u * ratio, v * ratio


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """Rays that meet a surface: where in the picture, how deep, and at which place of the surface."""

    at: tuple[NDArray[np.intp], NDArray[np.intp]]  # rows and columns
    depth: Plane  # [N] along the view axis
    u: Plane  # [N] metres along the surface
    v: Plane  # [N] metres up, or across
    face: NDArray[np.int8]  # [N] of a slab: 0 its ends along x, 1 its sides along y, 2 its top
    normal: Plane  # [N, 3]


def hit_wall(rays: Rays, wall: Wall, nearest: Plane) -> Hits | None:
    """The pixels where a wall is nearer than what `nearest` [H, W] holds."""
    length = float(np.hypot(wall.x1 - wall.x0, wall.y1 - wall.y0))
    ex, ey = (wall.x1 - wall.x0) / length, (wall.y1 - wall.y0) / length
    nx, ny = -ey, ex
    ox, oy, oz = rays.origin
    distance = nx * (wall.x0 - ox) + ny * (wall.y0 - oy)
    with np.errstate(divide="ignore", invalid="ignore"):
        depth = np.asarray(distance / (np.float32(nx) * rays.x + np.float32(ny) * rays.y), np.float32)
    rows, columns = np.nonzero((depth > 0.02) & (depth < nearest))
    if not len(rows):
        return None
    t, dx, dy, dz = (plane[rows, columns] for plane in (depth, rays.x, rays.y, rays.z))
    u = np.float32((ox - wall.x0) * ex + (oy - wall.y0) * ey) + t * (
        np.float32(ex) * dx + np.float32(ey) * dy
    )
    v = np.float32(oz) + t * dz
    keep = (u >= 0) & (u <= length) & (v >= 0) & (v <= wall.height)
    if not keep.any():
        return None
    num, side = int(keep.sum()), -1.0 if distance > 0 else 1.0
    normal = np.broadcast_to(np.array([nx * side, ny * side, 0.0], np.float32), (num, 3))
    return Hits((rows[keep], columns[keep]), t[keep], u[keep], v[keep], np.zeros(num, np.int8), normal)


def hit_slab(rays: Rays, slab: Slab, nearest: Plane) -> Hits | None:
    """The pixels where a slab is nearer than what `nearest` [H, W] holds."""
    c, s = np.float32(np.cos(slab.heading)), np.float32(np.sin(slab.heading))
    ox, oy = rays.origin[0] - slab.x, rays.origin[1] - slab.y
    start = (c * ox + s * oy, -s * ox + c * oy, rays.origin[2] - slab.base)
    way = (c * rays.x + s * rays.y, c * rays.y - s * rays.x, rays.z)
    low = (-slab.width / 2, -slab.depth / 2, 0.0)
    high = (slab.width / 2, slab.depth / 2, slab.height)
    enter, leave, face = np.full_like(nearest, 0.02), nearest.copy(), np.full(nearest.shape, -1, np.int8)
    with np.errstate(divide="ignore", invalid="ignore"):
        for axis in range(3):
            inverse = 1 / way[axis]
            a, b = (low[axis] - start[axis]) * inverse, (high[axis] - start[axis]) * inverse
            first = np.minimum(a, b).astype(np.float32)
            face[first > enter] = axis
            np.maximum(enter, first, out=enter)
            np.minimum(leave, np.maximum(a, b).astype(np.float32), out=leave)
    rows, columns = np.nonzero((enter < leave) & (face >= 0))
    if not len(rows):
        return None
    t, side = enter[rows, columns], face[rows, columns]
    local = [start[n] + t * way[n][rows, columns] for n in range(3)]
    u = np.where(side == 0, local[1], local[0])
    v = np.where(side == 2, local[1], local[2])
    sign = [np.where(side == n, -np.sign(way[n][rows, columns]), 0) for n in range(3)]
    normal = np.stack([c * sign[0] - s * sign[1], s * sign[0] + c * sign[1], sign[2]], 1)
    return Hits(
        (rows, columns), t, u.astype(np.float32), v.astype(np.float32), side, normal.astype(np.float32)
    )
