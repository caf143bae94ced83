"""What lies between a scene and the sensor: darker corners of a lens, and a light that glares into it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from ...media import VIEW_HEIGHT, VIEW_WIDTH
from ..stage import GLANCE, Window

_GLARE_SHARE, _VIGNETTE_SHARE = 0.12, 0.5  # of cameras that have them


@dataclass(frozen=True, slots=True)
class Glass:
    """One camera's front glass."""

    vignette: float = 0.0  # share of the light that the corners of the view lose
    glare: float = 0.0  # grey values that a light adds in its middle
    glare_xy: tuple[float, float] = (0.0, 0.0)  # of the light, in pixels of the view
    glare_px: float = 30.0  # its reach

    def over(self, pixels: NDArray[np.uint8], window: Window = GLANCE) -> NDArray[np.uint8]:
        """The picture [H, W, 3] of a window as seen through this glass; the picture itself through a clean one."""
        if self.glare:
            pixels = np.asarray(cv2.add(pixels, _glare(self, window)), np.uint8)
        if self.vignette:
            pixels = np.asarray(
                cv2.multiply(pixels, _vignette(self.vignette, window), scale=1 / 255), np.uint8
            )
        return pixels


def draw_glass(rng: np.random.Generator) -> Glass:
    """A camera's glass: half of them darken their corners, a few look into a lamp or the sun."""
    vignette = float(rng.uniform(0.08, 0.4)) if rng.random() < _VIGNETTE_SHARE else 0.0
    if rng.random() >= _GLARE_SHARE:
        return Glass(vignette)
    place = float(rng.uniform(0, VIEW_WIDTH)), float(rng.uniform(-0.1, 0.5) * VIEW_HEIGHT)
    return Glass(vignette, float(rng.uniform(25, 90)), place, float(rng.uniform(15, 60)))


@lru_cache(maxsize=32)
def _vignette(strength: float, window: Window) -> NDArray[np.uint8]:
    x, y = _places(window)
    away2 = ((x - VIEW_WIDTH / 2) ** 2 + (y - VIEW_HEIGHT / 2) ** 2) / (VIEW_WIDTH**2 + VIEW_HEIGHT**2) * 4
    gain = 255 * (1 - strength * np.minimum(away2, 1))
    return np.repeat(gain[..., None], 3, 2).astype(np.uint8)


@lru_cache(maxsize=32)
def _glare(glass: Glass, window: Window) -> NDArray[np.uint8]:
    x, y = _places(window)
    away = np.hypot(x - glass.glare_xy[0], y - glass.glare_xy[1]) / glass.glare_px
    added = glass.glare * (0.7 * np.exp(-(away**2)) + 0.3 / (1 + away**2))
    return (added[..., None] * [1.0, 0.97, 0.9]).astype(np.uint8)


def _places(window: Window) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Pixels of the view at the middle of each pixel of the window."""
    x = window.x + (np.arange(window.width) + 0.5) / window.zoom
    y = window.y + (np.arange(window.height) + 0.5) / window.zoom
    return np.asarray(x[None, :], np.float64), np.asarray(y[:, None], np.float64)
