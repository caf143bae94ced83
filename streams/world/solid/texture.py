"""Procedural textures in metres: what the ground and walls are made of, as gains on their colour.

Every function takes places in metres and `footprint`, the metres that one pixel covers there: what is finer than
that fades out instead of flickering.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
_SIDE = 256  # pixels of a tile of noise
_FOLD = 512


class Grain:
    """Smooth noise that repeats, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng((seed, 3))
        spectrum = np.fft.rfft2(rng.normal(size=(_SIDE, _SIDE)))
        fy, fx = np.meshgrid(np.fft.fftfreq(_SIDE), np.fft.rfftfreq(_SIDE), indexing="ij")
        frequency = np.hypot(fx, fy)
        self.soft = _wrapped(spectrum * (frequency > 0) / np.maximum(frequency, 1e-3) ** 1.4)
        self.fine = _wrapped(spectrum * np.exp(-((frequency / 0.22) ** 2)))
        self.rng = rng

    def at(self, x: Plane, y: Plane, period_m: float, fine: bool = False) -> Plane:
        """Noise of mean 0 and deviation 1, of the shape of `x`; the tile is `period_m` wide."""
        if x.ndim == 1:
            # OpenCV remaps pictures, and none wider than 32 767 pixels.
            return self.at(_folded(x), _folded(y), period_m, fine).ravel()[: len(x)]
        scale = np.float32(1 / period_m)
        u, v = (((c * scale) % 1) * np.float32(_SIDE) for c in (x, y))
        return np.asarray(cv2.remap(self.fine if fine else self.soft, u, v, cv2.INTER_LINEAR), np.float32)

    def cell(self, x: Plane, y: Plane) -> Plane:
        """A number of deviation 1 for each cell of whole numbers."""
        u, v = ((np.floor(c) * 7.0) % _SIDE for c in (x, y))
        return np.asarray(self.fine[v.astype(np.intp), u.astype(np.intp)], np.float32)


def ground_gain(kind: str, x: Plane, y: Plane, footprint: Plane, grain: Grain) -> Plane:
    """Gain [H, W] of the ground's colour."""
    blotches = 1 + np.float32(0.035) * grain.at(x, y, 14.0)
    return np.asarray(blotches * _GROUNDS[kind](x, y, footprint, grain), np.float32)


def wall_gain(u: Plane, v: Plane, footprint: Plane, grain: Grain) -> Plane:
    """Gain of a plastered wall at `u` metres along it and `v` up."""
    gain = 1 + 0.02 * grain.at(u, v, 3.1) + 0.015 * _fade(0.02, footprint) * grain.at(u, v, 0.6, fine=True)
    gain *= np.where(v < 0.09, np.float32(0.62), np.float32(1.0))
    return np.asarray(gain * (0.93 + 0.07 * np.minimum(v / 1.5, 1.0)), np.float32)


def _tiles(x: Plane, y: Plane, footprint: Plane, grain: Grain) -> Plane:
    size = (0.3, 0.45, 0.6, 0.9)[int(grain.soft[3, 5] * 100) % 4]
    u, v = x / size, y / size
    tone = 1 + 0.035 * _fade(size, footprint) * grain.cell(u, v)
    joint = _line(u, 0.006 / size, footprint / size) + _line(v, 0.006 / size, footprint / size)
    return np.asarray(tone * (1 - 0.28 * np.minimum(joint, 1)) + 0.015 * grain.at(x, y, 1.7))


def _wood(x: Plane, y: Plane, footprint: Plane, grain: Grain) -> Plane:
    width = (0.09, 0.13, 0.18)[int(grain.soft[3, 5] * 100) % 3]
    row = np.floor(y / width)
    u = x / 1.3 + (row * 0.37) % 1
    tone = 1 + 0.07 * _fade(width, footprint) * grain.cell(u, y / width)
    fibre = grain.at(x * 0.08 + row * 0.71, y, 0.7) * 0.035 + grain.at(
        x * 0.06, y, 0.12, fine=True
    ) * 0.03 * _fade(0.006, footprint)
    joint = _line(y / width, 0.012, footprint / width) + _line(u, 0.0016, footprint / 1.3)
    return np.asarray(tone * (1 + fibre) * (1 - 0.22 * np.minimum(joint, 1)))


def _carpet(x: Plane, y: Plane, footprint: Plane, grain: Grain) -> Plane:
    pile = grain.at(x, y, 0.5, fine=True) * 0.06 * _fade(0.008, footprint)
    pattern = 0.05 * np.sign(np.sin(x * 5.2) * np.sin(y * 5.2)) * _fade(0.6, footprint)
    return np.asarray(1 + pile + pattern * (grain.soft[9, 9] > 0) + 0.03 * grain.at(x, y, 2.3))


def _concrete(x: Plane, y: Plane, footprint: Plane, grain: Grain) -> Plane:
    joint = _line(x / 3.6, 0.004, footprint / 3.6) + _line(y / 3.6, 0.004, footprint / 3.6)
    speck = grain.at(x, y, 0.9, fine=True) * 0.03 * _fade(0.02, footprint)
    return np.asarray((1 + 0.05 * grain.at(x, y, 4.3) + speck) * (1 - 0.25 * np.minimum(joint, 1)))


def _asphalt(x: Plane, y: Plane, footprint: Plane, grain: Grain) -> Plane:
    stone = grain.at(x, y, 1.3, fine=True)
    # A few pale stones and scraps of litter stand out of the dark grain.
    scraps = np.maximum(grain.at(x + 3.3, y, 9.0, fine=True) - 3.1, 0) * 1.3
    wear = grain.at(x * 0.35, y, 7.0) * 0.05 + grain.at(x, y * 0.4, 23.0) * 0.05
    return np.asarray(1 + wear + 0.05 * stone * _fade(0.03, footprint) + scraps * _fade(0.09, footprint))


def _grass(x: Plane, y: Plane, footprint: Plane, grain: Grain) -> Plane:
    blades = grain.at(x, y, 1.1, fine=True) * 0.12 * _fade(0.03, footprint)
    return np.asarray(1 + blades + 0.1 * grain.at(x, y, 5.0) + 0.05 * grain.at(x, y, 1.9))


def _belt(x: Plane, y: Plane, footprint: Plane, grain: Grain) -> Plane:
    rib = 0.06 * np.sin(x * (2 * np.pi / 0.05)) * _fade(0.05, footprint)
    return np.asarray(1 + rib + 0.03 * grain.at(x * 0.2, y, 0.8))


def _cloth(x: Plane, y: Plane, footprint: Plane, grain: Grain) -> Plane:
    weave = grain.at(x, y, 0.14, fine=True) * 0.02 * _fade(0.003, footprint)
    return np.asarray(1 + weave + 0.02 * grain.at(x, y * 0.5, 1.1))


def _pavers(x: Plane, y: Plane, footprint: Plane, grain: Grain) -> Plane:
    """Bricks laid in rows, each row half a brick further."""
    row = np.floor(y / 0.1)
    u = x / 0.2 + row * np.float32(0.5)
    tone = 1 + 0.1 * _fade(0.15, footprint) * grain.cell(u, row)
    joint = _line(y / 0.1, 0.05, footprint / 0.1) + _line(u, 0.025, footprint / 0.2)
    return np.asarray(tone * (1 - 0.3 * np.minimum(joint, 1)))


def _marble(x: Plane, y: Plane, footprint: Plane, grain: Grain) -> Plane:
    """Thin dark veins where smooth noise changes its sign."""
    veins = np.exp(-np.abs(grain.at(x, y, 2.7) + 0.3 * grain.at(x, y, 0.8)) * 9)
    return np.asarray(1 + 0.04 * grain.at(x, y, 1.4) - 0.25 * veins * _fade(0.1, footprint))


HELD_OUT_GROUNDS = ("pavers", "marble")  # that training never sees
_GROUNDS: dict[str, Callable[[Plane, Plane, Plane, Grain], Plane]] = {
    "tiles": _tiles,
    "wood": _wood,
    "carpet": _carpet,
    "concrete": _concrete,
    "asphalt": _asphalt,
    "grass": _grass,
    "belt": _belt,
    "cloth": _cloth,
    "pavers": _pavers,
    "marble": _marble,
}


def _fade(detail_m: float, footprint: Plane) -> Plane:
    """1 where a pixel is finer than the detail, 0 where it is coarser."""
    return np.asarray(np.clip(1.6 - footprint / np.float32(detail_m), 0, 1), np.float32)


def _line(u: Plane, half_width: float, footprint: Plane) -> Plane:
    """Share of a pixel that lies on the lines at whole numbers."""
    distance = np.abs(u - np.round(u))
    spread = half_width + 0.5 * footprint
    inside = np.clip((spread - distance) / np.maximum(footprint, 1e-6), 0, 1)
    return np.asarray(inside * np.minimum(half_width / spread * 1.5, 1.0), np.float32)


def _folded(row: Plane) -> Plane:
    """A row of numbers as a picture, filled up at its end."""
    if not len(row):
        return np.zeros((1, 1), np.float32)
    return np.resize(row, (len(row) // _FOLD + 1, _FOLD)).astype(np.float32)


def _wrapped(spectrum: NDArray[np.complex128]) -> Plane:
    noise = np.fft.irfft2(spectrum, (_SIDE, _SIDE))
    return np.asarray((noise - noise.mean()) / noise.std(), np.float32)
