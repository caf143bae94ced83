"""The dirt of solid worlds' pictures: how a camera shakes, how noisy and soft it is, and rain before the lens."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ...media import VIEW_HEIGHT, VIEW_WIDTH
from ..camera import Optics, make_optics
from ..recipes import Recipe
from .types import Floats

_TREMBLE = Recipe(jitter_px=(0.15, 1.2))
_PAN = Recipe(pan_px_s=(0.5, 2.5))
_STILL = Recipe()


def pick_shake(share: float, rng: np.random.Generator) -> Recipe:
    """How the cameras of one plan move: mostly not at all."""
    if rng.random() >= share:
        return _STILL
    return _TREMBLE if rng.random() < 0.65 else _PAN


def margin_of(shake: Recipe) -> float:
    """How far a body must be out of the unmoved picture to be out of the moved one."""
    return 34.0 if shake is _PAN else 6.0


def solid_optics(shake: Recipe, is_dusk: bool, num_steps: int, rng: np.random.Generator) -> Optics:
    """A camera's shake, light, noise and softness. Painted pictures have all their light already."""
    ranges = Recipe(
        jitter_px=shake.jitter_px,
        pan_px_s=shake.pan_px_s,
        gain=(0.9, 1.12),
        drift=(0.0, 0.06),
        flicker=(0.0, 0.008),
        noise=(2.5, 7.0) if is_dusk else (0.3, 4.0),
        blur_px=(0.0, 0.75),
    )
    return make_optics(np.zeros(2), ranges, num_steps, rng)


def _streaks() -> NDArray[np.float32]:
    rng = np.random.default_rng(8)
    drops = (rng.random((2 * VIEW_HEIGHT, 2 * VIEW_WIDTH)) < 0.004).astype(np.float32)
    slanted = np.zeros((11, 11), np.float32)
    cv2.line(slanted, (6, 0), (4, 10), 1.0, 1, cv2.LINE_AA)
    return np.asarray(cv2.filter2D(drops, -1, slanted), np.float32)


_STREAKS = _streaks()


def rain_over(pixels: NDArray[np.uint8], strength: float, moment: int) -> NDArray[np.uint8]:
    """The picture [H, W, 3] with light streaks of rain, other ones at each moment."""
    rng = np.random.default_rng([moment, 3])
    height, width = pixels.shape[:2]
    rows = (np.arange(height) + rng.integers(2 * VIEW_HEIGHT)) % _STREAKS.shape[0]
    columns = (np.arange(width) + rng.integers(2 * VIEW_WIDTH)) % _STREAKS.shape[1]
    streaks = _STREAKS[rows[:, None], columns] * np.float32(strength)
    return np.asarray(np.clip(pixels + streaks[..., None], 0, 255), np.uint8)


def with_jumps(optics: Optics, jump: Floats) -> None:
    """Adds what knocks have moved the picture, within what the backdrop has around it."""
    optics.shift[: len(jump)] += jump
    np.clip(optics.shift, -38.0, 38.0, out=optics.shift)
