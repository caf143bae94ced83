"""The glow of lamps in dim light, added to the finished picture."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .backdrop import SUPER
from .outline import SHIFT_BITS, Outlines
from .shape import Shape
from .types import RGB, Light

DUSK = 0.75  # lamps glow when the light is below this level
_SIDE = 33  # pixels of the pattern of a glow
_HALO = 2.6  # reach of a glow, in sizes of its lamp


def _pattern() -> NDArray[np.float32]:
    away = np.hypot(*np.meshgrid(*[np.linspace(-1, 1, _SIDE)] * 2))
    return np.clip(1.15 * np.exp(-((away / 0.33) ** 2)) + 0.3 * (1 - away), 0, 1).astype(np.float32)


_PATTERN = _pattern()


def add_glow(
    pixels: NDArray[np.uint8],
    identities: NDArray[np.uint8],
    lines: Outlines,
    shape: Shape,
    identity: int,
    light: Light,
) -> None:
    """Light up the lamps of a body that can be seen in the picture [H, W, 3], in place."""
    strength = min(1.0, (DUSK - light.level) / DUSK * 1.6)
    for face, shine in shape.lamps:
        corners = lines.parts[face]
        if corners is None:
            continue
        points = corners / (SUPER << SHIFT_BITS)
        (x, y), reach = points.mean(0), float(np.ptp(points, axis=0).max()) * _HALO / 2 + 1.2
        column, row = int(x), int(y)
        is_inside = 0 <= row < identities.shape[0] and 0 <= column < identities.shape[1]
        if is_inside and identities[row, column] == identity:
            _add(pixels, float(x), float(y), reach, shine, strength)


def _add(pixels: NDArray[np.uint8], x: float, y: float, reach: float, shine: RGB, strength: float) -> None:
    height, width = pixels.shape[:2]
    side = max(3, int(2 * reach) | 1)
    left, top = round(x - side / 2), round(y - side / 2)
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + side, width), min(top + side, height)
    if x0 >= x1 or y0 >= y1:
        return
    halo = cv2.resize(_PATTERN, (side, side), interpolation=cv2.INTER_AREA)
    part = halo[y0 - top : y1 - top, x0 - left : x1 - left, None] * (
        np.array(shine, np.float32) * np.float32(strength)
    )
    region = pixels[y0:y1, x0:x1]
    region[:] = np.minimum(region + part, 255).astype(np.uint8)
