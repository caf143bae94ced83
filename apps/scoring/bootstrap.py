"""Figures with their uncertainty: ratios of sums over worlds, and what they might have been with other worlds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

_NUM_DRAWS, _NUM_COSTLY_DRAWS = 1000, 300
_SEED = 0

T = TypeVar("T")
Pair = tuple[float, float]  # of one world: numerator, denominator


def ratio(pairs: Sequence[Pair]) -> float:
    """Sum of numerators over sum of denominators; 0 where there is nothing."""
    above, below = (sum(column) for column in zip(*pairs, strict=True)) if pairs else (0, 0)
    return above / below if below else 0.0


def interval(pairs: Sequence[Pair]) -> list[float]:
    """95 % interval of `ratio` when worlds are drawn again with replacement (percentile bootstrap)."""
    counts = np.array([pair for pair in pairs if pair[1]], float)
    if not len(counts):
        return [0.0, 0.0]
    draws = np.random.default_rng(_SEED).integers(len(counts), size=(_NUM_DRAWS, len(counts)))
    sums = counts[draws].sum(1)
    return [round(float(np.percentile(sums[:, 0] / sums[:, 1], q)), 4) for q in (2.5, 97.5)]


def interval_of(
    worlds: Sequence[Sequence[T]], statistic: Callable[[Sequence[T]], float]
) -> list[float] | None:
    """The same for any statistic of all that was measured in the worlds; None where nothing was."""
    known = [world for world in worlds if world]
    if not known:
        return None
    draws = np.random.default_rng(_SEED).integers(len(known), size=(_NUM_COSTLY_DRAWS, len(known)))
    found = [statistic([item for number in draw for item in known[number]]) for draw in draws]
    return [round(float(np.percentile(found, q)), 4) for q in (2.5, 97.5)]


def figure(name: str, pairs: Sequence[Pair], num: int | None = None) -> dict[str, Any]:
    """`{name: ratio, "ci": [low, high], "n": number}`; without `num`, n is the sum of denominators."""
    n = num if num is not None else round(sum(below for _, below in pairs))
    return {name: round(ratio(pairs), 4), "ci": interval(pairs), "n": n}


def beside(name: str, pairs: Sequence[Pair]) -> dict[str, Any]:
    """A figure beside another one: `{name: ratio, "name_ci": [low, high]}`."""
    return {name: round(ratio(pairs), 4), f"{name}_ci": interval(pairs)}
