"""Pictures of things and of backgrounds: anti-aliased sprites with texture and shading, procedural rooms."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from .events import Thing

Pixels = NDArray[np.float32]
SPRITE = 96  # side of the largest sprite, in pixels
LEVELS = (12, 16, 24, 32, 48, 64)  # sides to which sprites are shrunk before they are placed

RGB = {
    "red": (205, 45, 40),
    "green": (45, 160, 60),
    "blue": (45, 80, 205),
    "yellow": (230, 205, 50),
    "purple": (145, 60, 175),
    "cyan": (60, 195, 205),
    "white": (238, 238, 238),
    "black": (22, 22, 26),
    "grey": (128, 128, 130),
    "orange": (232, 125, 35),
    "brown": (112, 72, 42),
}


@dataclass(frozen=True, slots=True)
class Sprite:
    """A thing's picture at one size: `colour` [S, S, 3] 0..255 premultiplied by `alpha` [S, S, 1] 0..1."""

    colour: Pixels
    alpha: Pixels


@lru_cache(maxsize=4096)
def sprite(thing: Thing, texture_seed: int, level: int) -> Sprite:
    """The picture of a thing on a square of `level` pixels; the same seed gives the same texture and tilt."""
    rng = np.random.default_rng(texture_seed)
    alpha = _mask(thing.kind, float(rng.uniform(-0.25, 0.25) if thing.kind != "disc" else 0))
    colour = _shade(np.array(RGB[thing.colour], np.float32), thing.colour, rng) * alpha[..., None]
    small = cv2.resize(np.dstack([colour, alpha]), (level, level), interpolation=cv2.INTER_AREA)
    return Sprite(np.ascontiguousarray(small[..., :3]), np.ascontiguousarray(small[..., 3:]))


def level_for(side_px: float) -> int:
    """The smallest sprite that is not enlarged at that size."""
    return next((level for level in LEVELS if level >= side_px), LEVELS[-1])


def _mask(shape: str, tilt: float) -> Pixels:
    size, centre = SPRITE * 4, SPRITE * 2
    canvas = np.zeros((size, size), np.uint8)
    radius = centre * 0.96
    if shape in ("disc", "ring"):
        cv2.circle(canvas, (centre, centre), int(radius), 255, -1)
        if shape == "ring":
            cv2.circle(canvas, (centre, centre), int(radius * 0.52), 0, -1)
    else:
        points = _outline(shape) @ np.array([[np.cos(tilt), np.sin(tilt)], [-np.sin(tilt), np.cos(tilt)]])
        cv2.fillPoly(canvas, [(points * radius + centre).astype(np.int32)], 255)
    small = cv2.resize(canvas, (SPRITE, SPRITE), interpolation=cv2.INTER_AREA)
    return np.asarray(small / 255, np.float32)


def _outline(shape: str) -> NDArray[np.float64]:
    if shape == "square":
        return np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * 0.8
    if shape == "cross":
        w = 0.3
        arm = [
            (-w, -1),
            (w, -1),
            (w, -w),
            (1, -w),
            (1, w),
            (w, w),
            (w, 1),
            (-w, 1),
            (-w, w),
            (-1, w),
            (-1, -w),
            (-w, -w),
        ]
        return np.array(arm) * 0.95
    angles = -np.pi / 2 + np.arange(3 if shape == "triangle" else 10) * 2 * np.pi / (
        3 if shape == "triangle" else 10
    )
    radii = np.ones(3) if shape == "triangle" else np.where(np.arange(10) % 2 == 0, 1.0, 0.42)
    return np.stack([np.cos(angles) * radii, np.sin(angles) * radii], 1)


def _shade(base: Pixels, name: str, rng: np.random.Generator) -> Pixels:
    """Colour jitter, a texture of stripes, dots, checks or grain, and light from one side."""
    y, x = np.mgrid[0:SPRITE, 0:SPRITE].astype(np.float32) / SPRITE
    base = np.clip(base + rng.normal(0, 9, 3), 0, 255).astype(np.float32)
    angle, period, depth = rng.uniform(0, np.pi), rng.uniform(0.12, 0.35), float(rng.uniform(0.05, 0.3))
    along = x * np.cos(angle) + y * np.sin(angle)
    across = -x * np.sin(angle) + y * np.cos(angle)
    pattern = {
        0: np.zeros_like(x),
        1: np.sign(np.sin(2 * np.pi * along / period)),
        2: np.sign(np.sin(2 * np.pi * along / period) * np.sin(2 * np.pi * across / period)),
        3: np.sin(2 * np.pi * along / period) * np.sin(2 * np.pi * across / period),
        4: cv2.resize(rng.normal(0, 0.7, (12, 12)).astype(np.float32), (SPRITE, SPRITE)),
    }[int(rng.integers(5))]
    light = 1 + float(rng.uniform(0, 0.3)) * ((x - 0.5) * np.cos(angle * 2) + (y - 0.5) * np.sin(angle * 2))
    # A texture that only multiplies would not show on black.
    lift = (16.0 if name == "black" else 0.0) * pattern
    shading = light * (1 - depth / 2 + depth / 2 * pattern)
    return np.asarray(np.clip((base + lift[..., None]) * shading[..., None], 0, 255), np.float32)


def background(width: int, height: int, clutter: int, rng: np.random.Generator) -> Pixels:
    """A room of [height, width, 3]: gradient, texture, and furniture-like blocks in muted colours."""
    grey = rng.uniform(45, 205)
    tint = rng.normal(0, 9, 3)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    slope = rng.uniform(-30, 30, 2)
    room = grey + tint + (slope[0] * x / width + slope[1] * y / height)[..., None]
    for cells in (4, 12, 40):
        grain = rng.normal(0, float(rng.uniform(0, 7)), (cells, cells * 2)).astype(np.float32)
        room += cv2.resize(grain, (width, height), interpolation=cv2.INTER_CUBIC)[..., None]
    if rng.random() < 0.3:
        period, angle = rng.uniform(6, 30), rng.uniform(0, np.pi)
        room += (
            rng.uniform(2, 8) * np.sign(np.sin((x * np.cos(angle) + y * np.sin(angle)) * 2 * np.pi / period))
        )[..., None]
    canvas = np.ascontiguousarray(room, np.float32)
    for _ in range(clutter):
        _furniture(canvas, grey, rng)
    return np.asarray(np.clip(canvas, 0, 255), np.float32)


def _furniture(canvas: Pixels, grey: float, rng: np.random.Generator) -> None:
    height, width = canvas.shape[:2]
    w, h = rng.uniform(0.05, 0.4) * width, rng.uniform(0.08, 0.5) * height
    x, y = rng.uniform(-0.1, 1.0) * width, rng.uniform(-0.1, 1.0) * height
    level = np.clip(grey + rng.uniform(-55, 55), 20, 225)
    colour = np.clip(level + rng.normal(0, 10, 3), 0, 255)
    skew = rng.uniform(-0.25, 0.25) * h
    corners = np.array([(x, y), (x + w, y + skew), (x + w, y + h + skew), (x, y + h)]).astype(np.int32)
    cv2.fillPoly(canvas, [corners], colour.tolist(), lineType=cv2.LINE_AA)
    if rng.random() < 0.5:
        cv2.polylines(
            canvas, [corners], True, (colour * rng.uniform(0.6, 1.2)).clip(0, 255).tolist(), 1, cv2.LINE_AA
        )


def occluder(width: int, height: int, rng: np.random.Generator) -> tuple[int, int, NDArray[np.float32]]:
    """A pillar or a table edge in the middle of a view: its corner (x, y) and its pixels [h, w, 3]."""
    w, h = int(rng.integers(8, 26)), int(rng.integers(30, 70))
    x, y = int(rng.integers(30, width - 30 - w)), int(rng.integers(14, height - 14 - min(h, height - 30)))
    h = min(h, height - 14 - y)
    base = rng.uniform(40, 190)
    block = base + rng.normal(0, 6, 3) + rng.normal(0, 3, (h, w, 1)) + np.linspace(-15, 15, w)[None, :, None]
    return x, y, np.clip(block, 0, 255).astype(np.float32)
