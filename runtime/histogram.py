"""Percentiles of a stream of durations in memory that never grows."""

from __future__ import annotations

import math

import numpy as np

_LOWEST_NS = 1_000  # 1 us
_STEP = 1.02  # each bin is 2 % wider: a percentile is right to 1 %
_NUM_BINS = 1_050  # up to about 1,000 s


class Histogram:
    """Counts durations in bins of logarithmic width."""

    def __init__(self) -> None:
        self._counts = np.zeros(_NUM_BINS, dtype=np.int64)

    def add(self, duration_ns: int) -> None:
        place = math.log(max(duration_ns, _LOWEST_NS) / _LOWEST_NS) / math.log(_STEP)
        self._counts[min(int(place), _NUM_BINS - 1)] += 1

    @property
    def count(self) -> int:
        return int(self._counts.sum())

    def percentile_ns(self, percent: float) -> float:
        """The duration that `percent` of all lie at or under, to 1 %; 0 while there are none."""
        if not self.count:
            return 0.0
        rank = max(1, math.ceil(self.count * percent / 100))
        place = int(np.searchsorted(np.cumsum(self._counts), rank))
        return float(_LOWEST_NS * _STEP ** (place + 0.5))
