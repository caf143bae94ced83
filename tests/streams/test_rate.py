from __future__ import annotations

import numpy as np
import pytest

from millrace.streams.clock import NS_PER_S
from millrace.streams.rate import RateWatch


def changes(times_ns: list[int]) -> list[tuple[float, float]]:
    watch = RateWatch()
    return [change for change in map(watch.next, times_ns) if change is not None]


def test_a_steady_stream_changes_nothing() -> None:
    assert changes([index * NS_PER_S // 30 for index in range(200)]) == []


def test_a_new_steady_rate_is_told_once() -> None:
    fast = [index * NS_PER_S // 30 for index in range(60)]
    slow = [fast[-1] + (index + 1) * NS_PER_S // 10 for index in range(60)]
    (change,) = changes(fast + slow)
    assert change == pytest.approx((30, 10), rel=0.01)


def test_a_stream_of_variable_rate_is_left_alone() -> None:
    gaps = np.random.default_rng(0).integers(10_000_000, 100_000_000, 300)
    assert changes(np.cumsum(gaps).tolist()) == []
