"""One camera's look at a floor: its pose, and the dirt of its pictures."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ..media import VIEW_HEIGHT, VIEW_WIDTH
from .motion import STEP_HZ, Floats, Floor
from .paint import Pixels
from .recipes import Recipe

MARGIN_PX = 40  # how far a background reaches beyond the view, for jitter and pan
_NOISE = np.random.default_rng(5).normal(0, 1, (VIEW_HEIGHT * 2, VIEW_WIDTH * 2, 3)).astype(np.float32)


@dataclass(slots=True)
class Optics:
    """How a camera hangs and sees over the whole world, fixed when the world is made."""

    corner: Floats  # [2] upper left of the view on its floor, in picture heights
    shift: Floats  # [steps, 2] jitter and pan, in pixels
    light: Floats  # [steps] gain from level, drift and flicker
    tint: Pixels  # [3]
    noise: float  # standard deviation, grey values
    blur_px: float

    def shift_at(self, step: float) -> Floats:
        low = min(int(step), len(self.shift) - 1)
        high = min(low + 1, len(self.shift) - 1)
        return np.asarray(self.shift[low] + (self.shift[high] - self.shift[low]) * (step - low))


def make_optics(corner: Floats, recipe: Recipe, num_steps: int, rng: np.random.Generator) -> Optics:
    """Draw one camera's properties for a world of that many steps."""
    t = np.arange(num_steps + 1) / STEP_HZ
    drift = rng.uniform(*recipe.drift) * np.sin(2 * np.pi * t / rng.uniform(4, 25) + rng.uniform(0, 6))
    flicker = rng.uniform(*recipe.flicker) * rng.normal(0, 1, num_steps + 1)
    return Optics(
        corner=corner,
        shift=_shake(recipe, num_steps, rng),
        light=rng.uniform(*recipe.gain) * (1 + drift + flicker),
        tint=rng.normal(1, 0.03, 3).astype(np.float32),
        noise=float(rng.uniform(*recipe.noise)),
        blur_px=float(rng.uniform(*recipe.blur_px)),
    )


def _shake(recipe: Recipe, num_steps: int, rng: np.random.Generator) -> Floats:
    """Smooth jitter plus a slow pan that swings to and fro inside the margin of the background."""
    t = np.arange(num_steps + 1) / STEP_HZ
    jitter = np.zeros((num_steps + 1, 2))
    amplitude = rng.uniform(*recipe.jitter_px)
    if amplitude > 0:
        for _ in range(3):
            wave = 2 * np.pi * rng.uniform(0.5, 3.0) * t[:, None] + rng.uniform(0, 6, 2)
            jitter += amplitude / 1.7 * np.sin(wave) * rng.uniform(0.4, 1.0, 2)
    pan = rng.uniform(*recipe.pan_px_s)
    reach = MARGIN_PX - 12
    period = 4 * reach / max(pan, 1e-6)
    phase = (t / period + rng.random()) % 1
    jitter[:, 0] += 0 if pan < 0.05 else reach * (4 * np.abs(phase - 0.5) - 1)
    return jitter


def cameras_on(
    num_cameras: int, shared: bool, rng: np.random.Generator
) -> tuple[list[Floor], list[int], list[Floats]]:
    """Floors, the floor of each camera, and the corner of each camera's view on it."""
    width, height = VIEW_WIDTH / VIEW_HEIGHT, 1.0
    if not shared or num_cameras == 1:
        return [Floor(width, height)] * num_cameras, list(range(num_cameras)), [np.zeros(2)] * num_cameras
    step = rng.uniform(0.4, 0.85) * width
    vertical = rng.uniform(0.0, 0.3)
    corners = [np.array([step * n, vertical * (n % 2)]) for n in range(num_cameras)]
    floor = Floor(width + step * (num_cameras - 1), height + (vertical if num_cameras > 1 else 0))
    order = rng.permutation(num_cameras)
    return [floor], [0] * num_cameras, [corners[n] for n in order]


def expose(picture: Pixels, optics: Optics, step: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Blur, light, tint and sensor noise: what the sensor makes of a clean picture [H, W, 3]."""
    if optics.blur_px > 0.25:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), optics.blur_px), np.float32)
    gain = optics.light[min(int(step), len(optics.light) - 1)]
    exposed = picture * (optics.tint * np.float32(gain))
    if optics.noise > 0.1:
        exposed += _noise(picture.shape[0], picture.shape[1], rng) * np.float32(optics.noise)
    return np.asarray(np.clip(exposed, 0, 255), np.uint8)


def _noise(height: int, width: int, rng: np.random.Generator) -> Pixels:
    """A random piece of a fixed field of noise: drawing it anew would cost as much as the picture."""
    y, x = int(rng.integers(VIEW_HEIGHT)), int(rng.integers(VIEW_WIDTH))
    if (height, width) == (VIEW_HEIGHT, VIEW_WIDTH):
        return _NOISE[y : y + height, x : x + width]
    rows, columns = np.arange(y, y + height) % len(_NOISE), np.arange(x, x + width) % _NOISE.shape[1]
    return np.asarray(_NOISE[rows[:, None], columns])
