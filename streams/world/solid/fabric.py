"""Patterns of clothes as colours of the faces of a turned body."""

from __future__ import annotations

import numpy as np

from .shades import dim, mix
from .types import RGB

_PATTERNS = ("plain", "stripes", "checks", "print", "open", "band")
_SHARES = (0.52, 0.13, 0.1, 0.1, 0.09, 0.06)
_HELD_OUT = ("diagonal", "dots")  # of clothes that training never sees


def wrap(
    colour: RGB, sections: int, sides: int, rng: np.random.Generator, held_out: bool = False
) -> list[list[RGB]]:
    """Colours [sections][sides] of a cloth whose own colour stays the largest part; side 0 is left of ahead."""
    pattern = str(rng.choice(_HELD_OUT) if held_out else rng.choice(_PATTERNS, p=_SHARES))
    dark = sum(colour) < 200
    other = mix(colour, (200, 200, 200) if dark else (20, 20, 24), float(rng.uniform(0.25, 0.5)))
    rows = [[dim(colour, float(rng.uniform(0.95, 1.05))) for _ in range(sides)] for _ in range(sections)]
    for m in range(sections):
        for n in range(sides):
            is_front = n in (0, sides - 1)
            is_other = {
                "plain": False,
                "stripes": m % 2 == 1,
                "checks": (m + n) % 2 == 1,
                "print": is_front and m in (2, 3),
                "open": is_front and m >= 2,  # what is under an open jacket
                "band": m == 3,
                "diagonal": (m + n) % 3 == 2,
                "dots": m % 2 == 1 and n % 2 == 1,
            }[pattern]
            if is_other:
                rows[m][n] = other
    return rows
