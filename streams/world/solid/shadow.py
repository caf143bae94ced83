"""Soft shadows of bodies on the surface below them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .bodies import Body
from .outline import SHIFT_BITS, Frame, to_camera
from .types import NEAR_M, Floats, Lens, Light, Pose

_LOW = 0.35  # share of the height whose points make the dark of the contact
_MAX_SLOPE = 1.6  # metres of shadow to a metre of height
_SPREAD = 1.08


def add_shadow(
    mask: NDArray[np.uint8], body: Body, pose: Pose, floor: float, lens: Lens, frame: Frame, light: Light
) -> float:
    """Draw a body's shadow into a mask [H, W] of darkness 0..255; returns how soft it is, in pixels of the mask."""
    points = body.points
    drop = pose.z - floor
    fallen, contact = _fallen(points, drop, light, pose), points.copy()
    contact[:, 2] = -drop
    contact[:, :2] *= _SPREAD
    local = to_camera(body, pose, lens, np.concatenate([fallen, contact]))
    if float(local[:, 2].min()) < 4 * NEAR_M:
        return 0.0
    flat = frame.project(local, lens)
    if np.abs(flat).max() > 4000:
        return 0.0
    num = len(points)
    far = 1 / (1 + 2.5 * drop / max(body.height_m, 0.1))  # a lifted thing's shadow is weaker
    _fill(mask, flat[:num], 255 * light.shadow * (1 - light.ambient * 0.5) * far)
    low = points[:, 2] < _LOW * body.height_m
    _fill(mask, flat[num:][low], 255 * min(0.75, light.shadow * 1.3) * far)
    return float(lens.focal_px * frame.scale / local[0, 2]) * body.height_m * (0.05 + 0.1 * light.ambient)


def _fallen(points: Floats, drop: float, light: Light, pose: Pose) -> Floats:
    """Points moved along the light onto the surface, in the body's frame."""
    x, y, z = light.direction
    slope = np.array([x, y]) / max(-z, 0.2)
    length = float(np.hypot(*slope))
    slope *= min(1.0, _MAX_SLOPE / max(length, 1e-6))
    c, s = np.cos(pose.heading), np.sin(pose.heading)
    turned = np.array([c * slope[0] + s * slope[1], -s * slope[0] + c * slope[1]])
    fallen = points.copy()
    fallen[:, :2] += turned * (points[:, 2:] + drop)
    fallen[:, 2] = -drop
    return fallen


def _fill(mask: NDArray[np.uint8], flat: Floats, darkness: float) -> None:
    if len(flat) < 3:
        return
    hull = cv2.convexHull(flat.astype(np.float32))
    cv2.fillConvexPoly(mask, (hull * (1 << SHIFT_BITS)).astype(np.int32), darkness, 8, SHIFT_BITS)
