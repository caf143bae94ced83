"""What does not move, as one camera sees it: drawn once, with the depth of everything that can hide a body."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..stage import GLANCE, NATIVE_ZOOM, Window
from .scenery import Scenery, draw_scenery
from .types import Floats, Lens, Light, Plan

SUPER = 2  # pixels of a canvas to a pixel of the picture
_DEPTH_SCALE = 2  # pixels of the depth map to a pixel of the view
_STILL = (0.0, 0.0)


@dataclass(slots=True, eq=False)
class Backdrop:
    """One camera's background; larger scales are drawn when they are first asked for."""

    plan: Plan
    lens: Lens
    light: Light
    seed: int
    margin_px: int
    _drawn: dict[int, Scenery]
    _shrunk: dict[int, NDArray[np.uint8]]

    def pixels(self, window: Window = GLANCE, shift: tuple[float, float] = _STILL) -> NDArray[np.uint8]:
        """The picture without bodies [H, W, 3], moved by `shift` pixels of the view."""
        return np.ascontiguousarray(self._cut(window, shift, 1)[..., :3])

    def canvas(self, window: Window = GLANCE, shift: tuple[float, float] = _STILL) -> NDArray[np.uint8]:
        """The picture at twice its resolution, with room for identities [2 H, 2 W, 4]; the caller's own copy."""
        return self._cut(window, shift, SUPER).copy()

    def hiding(
        self, window: Window = GLANCE, shift: tuple[float, float] = _STILL
    ) -> NDArray[np.float32] | None:
        """Depth [2 H, 2 W] of walls and furniture on the canvas, infinite elsewhere; None where there is nothing."""
        scenery = self._scenery(_DEPTH_SCALE)
        return self._map(scenery.hiding, window, shift, SUPER) if scenery.can_hide else None

    def levels(self, window: Window = GLANCE, shift: tuple[float, float] = _STILL) -> NDArray[np.float32]:
        """Height [H, W] of the level surface seen at each pixel; below -1 where it is none."""
        return self._map(self._scenery(_DEPTH_SCALE).level, window, shift, 1)

    def depth_at(self, xy: Floats) -> Floats:
        """Metres along the view axis to the wall or furniture at pixels of the view [..., 2]; infinite on the ground."""
        depth = self._scenery(_DEPTH_SCALE).hiding
        at = np.floor((np.asarray(xy) + self.margin_px) * _DEPTH_SCALE).astype(np.intp)
        columns, rows = at[..., 0].clip(0, depth.shape[1] - 1), at[..., 1].clip(0, depth.shape[0] - 1)
        return np.asarray(depth[rows, columns], np.float64)

    def floor_under(self, x: float, y: float, z: float) -> float:
        """Height of the surface below a point: a slab's top or the ground."""
        best = 0.0
        for slab in self.plan.slabs:
            top = slab.base + slab.height
            if best < top <= z + 0.03:
                c, s = np.cos(slab.heading), np.sin(slab.heading)
                dx, dy = x - slab.x, y - slab.y
                if abs(c * dx + s * dy) <= slab.width / 2 and abs(c * dy - s * dx) <= slab.depth / 2:
                    best = top
        return best

    def _scenery(self, scale: int) -> Scenery:
        if scale not in self._drawn:
            self._drawn[scale] = draw_scenery(
                self.plan, self.lens, self.light, self.seed, self.margin_px, scale
            )
        return self._drawn[scale]

    def _level_for(self, scale: float) -> tuple[NDArray[np.uint8], int]:
        """The smallest drawn picture that need not be enlarged, and its scale."""
        if scale > 2:
            return self._scenery(NATIVE_ZOOM).pixels, NATIVE_ZOOM
        fine = self._scenery(2).pixels
        if scale > 1:
            return fine, 2
        if 1 not in self._shrunk:
            size = fine.shape[1] // 2, fine.shape[0] // 2
            self._shrunk[1] = np.asarray(cv2.resize(fine, size, interpolation=cv2.INTER_AREA), np.uint8)
        return self._shrunk[1], 1

    def _cut(self, window: Window, shift: tuple[float, float], factor: int) -> NDArray[np.uint8]:
        image, scale = self._level_for(window.zoom * factor)
        return np.asarray(
            _cut(image, scale, self.margin_px, window, shift, factor, cv2.INTER_LINEAR), np.uint8
        )

    def _map(
        self, values: NDArray[np.float32], window: Window, shift: tuple[float, float], factor: int
    ) -> NDArray[np.float32]:
        cut = _cut(values, _DEPTH_SCALE, self.margin_px, window, shift, factor, cv2.INTER_NEAREST)
        return np.asarray(cut, np.float32)


def make_backdrop(plan: Plan, lens: Lens, light: Light, seed: int, margin_px: int) -> Backdrop:
    """The background of a camera, with `margin_px` pixels of the view around it for shake and pan.

    The light's level is left to the painter, so that one backdrop serves day and dusk.
    """
    return Backdrop(plan, lens, light, seed, margin_px, {}, {})


def _cut(
    image: NDArray[Any],
    scale: int,
    margin_px: int,
    window: Window,
    shift: tuple[float, float],
    factor: int,
    method: int,
) -> NDArray[Any]:
    """The window of an image, `factor` pixels to a pixel of the window; a view of it where no pixel is split."""
    width, height = window.width * factor, window.height * factor
    ratio = scale / (window.zoom * factor)
    x = (window.x - shift[0] + margin_px) * scale
    y = (window.y - shift[1] + margin_px) * scale
    inside = (
        x >= 0 and y >= 0 and x + width * ratio <= image.shape[1] and y + height * ratio <= image.shape[0]
    )
    if inside and abs(x - round(x)) < 1e-3 and abs(y - round(y)) < 1e-3 and ratio == int(ratio):
        step, left, top = int(ratio), round(x), round(y)
        return image[top : top + height * step : step, left : left + width * step : step]
    # Pixel centres: (i + 0.5) * ratio + corner - 0.5.
    offset = 0.5 * ratio - 0.5
    matrix = np.array([[ratio, 0, x + offset], [0, ratio, y + offset]])
    flags = method | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpAffine(image, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    )
