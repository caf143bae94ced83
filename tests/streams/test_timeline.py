from __future__ import annotations

import itertools
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from millrace.streams.clock import NS_PER_MS, NS_PER_S
from millrace.streams.timeline import Timeline, to_ns

STEP_NS = 40 * NS_PER_MS


def test_stamps_are_exact_in_any_time_base() -> None:
    assert to_ns(90_000, Fraction(1, 90_000)) == NS_PER_S
    assert to_ns(1, Fraction(1001, 30_000)) == 33_366_666
    assert to_ns(-512, Fraction(1, 12_800)) == -40 * NS_PER_MS


def test_the_origin_becomes_the_start() -> None:
    timeline = Timeline(7 * NS_PER_S, 100, STEP_NS)
    assert timeline.advance(7 * NS_PER_S) == 100
    assert timeline.at(8 * NS_PER_S) == NS_PER_S + 100


def test_packets_without_stamps_follow_at_the_usual_step() -> None:
    timeline = Timeline(0, 50, STEP_NS)
    assert [timeline.advance(None) for _ in range(3)] == [50, 50 + STEP_NS, 50 + 2 * STEP_NS]


@given(st.lists(st.integers(-(10**14), 10**14), min_size=1, max_size=30))
def test_time_never_leaps_whatever_the_stamps_do(stamps: list[int]) -> None:
    timeline = Timeline(stamps[0], 0, STEP_NS)
    times = [timeline.advance(stamp) for stamp in stamps]
    steps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert all(-NS_PER_S <= step <= 60 * NS_PER_S for step in steps)


def test_a_file_put_together_from_two_runs_on() -> None:
    timeline = Timeline(0, 0, STEP_NS)
    for index in range(10):
        timeline.advance(index * STEP_NS)
    assert timeline.advance(0) == 10 * STEP_NS
    assert timeline.advance(STEP_NS) == 11 * STEP_NS
