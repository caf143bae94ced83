"""Real-life shades of the colours that sentences name, and of what they do not: skin, hair, cloth, fur."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..paint import RGB as NAMED
from .types import RGB

SKINS: tuple[RGB, ...] = ((226, 180, 150), (205, 155, 122), (172, 122, 90), (128, 86, 62), (88, 58, 42))
HAIRS: tuple[RGB, ...] = (
    (28, 24, 22),
    (52, 36, 26),
    (92, 66, 42),
    (168, 132, 82),
    (128, 126, 124),
    (74, 38, 24),
)
MUTED: tuple[RGB, ...] = (
    (40, 44, 58),
    (54, 54, 58),
    (32, 32, 35),
    (70, 82, 104),
    (112, 104, 90),
    (62, 58, 52),
)
RUBBER: RGB = (28, 28, 30)
GLASS: RGB = (34, 42, 48)
_SHADED = 0.85  # gain of a surface that half faces the light
STEEL: RGB = (150, 152, 155)


@dataclass(frozen=True, slots=True)
class Habit:
    """How far a material strays from the table's colour, as (low, high)."""

    bleach: tuple[float, float]  # share of grey mixed in
    gain: tuple[float, float]  # of brightness


CLOTH = Habit((0.0, 0.28), (0.82, 1.12))
PAINT = Habit((0.0, 0.15), (0.85, 1.1))
FUR = Habit((0.1, 0.4), (0.8, 1.1))


def shade_of(name: str, habit: Habit, rng: np.random.Generator) -> RGB:
    """A shade that a person would still call `name`: its nearest colour in the table is that one, in shade too."""
    base = np.array(NAMED[name], float)
    for _ in range(8):
        mixed = base + (base.mean() - base) * rng.uniform(*habit.bleach)
        shade = np.clip(mixed * rng.uniform(*habit.gain) + rng.normal(0, 5, 3), 6, 250)
        if nearest_name(shade) == nearest_name(shade * _SHADED) == name:
            return rgb(shade)
    return rgb(base)


def nearest_name(colour: np.typing.ArrayLike) -> str:
    """The colour of the table with the smallest distance in RGB."""
    table = np.array(list(NAMED.values()), float)
    return list(NAMED)[int(((table - np.asarray(colour, float)) ** 2).sum(1).argmin())]


def pick(shades: tuple[RGB, ...], rng: np.random.Generator) -> RGB:
    """One of the shades, slightly changed."""
    return rgb(
        np.clip(np.array(shades[int(rng.integers(len(shades)))], float) * rng.uniform(0.85, 1.15), 4, 250)
    )


def mix(first: RGB, second: RGB, share: float) -> RGB:
    """`share` of the second in the first."""
    return rgb(np.array(first) + (np.array(second) - np.array(first)) * share)


def dim(colour: RGB, gain: float) -> RGB:
    """The colour times a gain, within range."""
    return rgb(np.clip(np.array(colour) * gain, 0, 255))


def rgb(values: np.typing.ArrayLike) -> RGB:
    """Three plain floats."""
    red, green, blue = np.asarray(values, float)
    return float(red), float(green), float(blue)
