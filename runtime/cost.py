"""What a stage costs, learnt from what it did cost: a fixed part, a part per unit, and headroom."""

from __future__ import annotations

import math
from collections import deque
from typing import NamedTuple

WINDOW = 32  # observations kept, with units and without: 6.4 s of ticks
_NUM_FADED, _FADING = 4, 0.8
_OUTLIER = 4.0  # costs above this many medians bend no line
_HEADROOM_QUANTILE = 0.9


class StageCost:
    """Predicts the time of one stage from its units (frames encoded, tokens read, words written).

    A straight line through the newest observations plus the ninth decile of what lay above it. One freak tick
    in ten does not move it; a lasting change does within a few ticks. Ticks without units are kept apart, so
    that a quiet hour does not push out what a busy tick costs.
    """

    def __init__(self, fixed_ns: float, unit_ns: float) -> None:
        self._assumed = [(0.0, fixed_ns), (8.0, fixed_ns + 8.0 * unit_ns)]
        self._idle: deque[tuple[float, float]] = deque(maxlen=WINDOW)
        self._busy: deque[tuple[float, float]] = deque(maxlen=WINDOW)
        self._line: Line | None = None

    def observe(self, units: int, cost_ns: int) -> None:
        (self._busy if units > 0 else self._idle).append((float(units), float(cost_ns)))
        self._line = None

    def fade(self) -> None:
        """Trusts what it knows a little less: a stage that is never run must not be condemned for ever.

        Few observations stay, so that the first new one counts.
        """
        faded = [(units, cost * _FADING) for units, cost in list(self._busy)[-_NUM_FADED:]]
        self._busy = deque(faded, maxlen=WINDOW)
        self._line = None

    def predict_ns(self, units: int, *, is_cautious: bool = True) -> int:
        """What so many units cost: at most, nine times of ten; or usually, where `is_cautious` is off."""
        line = self._fit()
        return int(line.fixed + line.unit * units + line.headroom * is_cautious) + 1

    def predict_one_ns(self) -> int:
        """What one more unit may cost: the ninth decile of the cost a unit, whatever is fixed shared out."""
        busy = [cost / units for units, cost in [*self._busy] or self._assumed if units]
        return int(quantile(busy, _HEADROOM_QUANTILE)) + 1

    def _fit(self) -> Line:
        if self._line is None:
            self._line = fit_line(self._points())
        return self._line

    def _points(self) -> list[tuple[float, float]]:
        busy = [*self._busy] or self._assumed
        if not self._idle:
            return busy
        idle = quantile([cost for _, cost in self._idle], _HEADROOM_QUANTILE)
        return busy + [(0.0, idle)] * -(-len(busy) // 4)


class Line(NamedTuple):
    """Costs as a straight line, in ns, none below 0."""

    fixed: float
    unit: float
    headroom: float  # with so much added, nine of ten points lie under it


def fit_line(points: list[tuple[float, float]]) -> Line:
    """The line through these points (units, cost).

    Far outliers do not bend it. Where the units hardly vary, half of the cost is taken as fixed (a weak prior
    in the least squares).
    """
    count = len(points)
    ceiling = _OUTLIER * quantile([cost for _, cost in points], 0.5)
    calm = [(units, min(cost, ceiling)) for units, cost in points]
    mean_units = sum(units for units, _ in calm) / count
    mean_cost = sum(cost for _, cost in calm) / count
    variance = sum((units - mean_units) ** 2 for units, _ in calm) / count
    covariance = sum((units - mean_units) * (cost - mean_cost) for units, cost in calm) / count
    prior_slope, prior_weight = 0.5 * mean_cost / max(mean_units, 1.0), 0.05 * mean_units**2 + 1e-9
    slope = max(0.0, (covariance + prior_weight * prior_slope) / (variance + prior_weight))
    fixed = max(0.0, mean_cost - slope * mean_units)
    above = quantile([cost - fixed - slope * units for units, cost in points], _HEADROOM_QUANTILE)
    return Line(fixed, slope, max(0.0, above))


def quantile(values: list[float], share: float) -> float:
    """The smallest value that at least `share` of all do not exceed; NumPy's takes longer than a plan may."""
    return sorted(values)[max(0, math.ceil(len(values) * share) - 1)]
