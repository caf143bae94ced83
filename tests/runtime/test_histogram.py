import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from millrace.runtime.histogram import Histogram


@given(st.lists(st.integers(1_000, 10**11), min_size=1, max_size=300), st.sampled_from([1, 50, 95, 99, 100]))
def test_percentiles_are_right_to_two_percent(durations, percent):
    histogram = Histogram()
    for duration in durations:
        histogram.add(duration)
    exact = np.percentile(durations, percent, method="inverted_cdf")
    assert histogram.percentile_ns(percent) == pytest.approx(exact, rel=0.02)


def test_memory_does_not_grow():
    histogram = Histogram()
    before = sys.getsizeof(histogram._counts)
    for duration in range(0, 10**7, 100):
        histogram.add(duration * 1_000)
    assert sys.getsizeof(histogram._counts) == before


def test_no_durations_give_zero():
    assert Histogram().percentile_ns(99) == 0.0
