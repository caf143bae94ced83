"""Times of capture from a camera's sender reports, and from less where there are none."""

from __future__ import annotations

import numpy as np
import pytest

from millrace.streams.clock import NS_PER_MS, NS_PER_S
from millrace.streams.sender_clock import SenderClock, TrackTimes
from millrace.streams.watchdog import BackOff, Patience, Watchdog

WALL = 1_800_000_000 * NS_PER_S
STEP = 40 * NS_PER_MS


def arrivals(delay_ns: int, num: int = 200) -> list[tuple[int, int]]:
    """Times of capture and arrival, with up to 30 ms of jitter."""
    rng = np.random.default_rng(0)
    return [(n * STEP, n * STEP + delay_ns + int(rng.integers(0, 30)) * NS_PER_MS) for n in range(1, num)]


def test_a_clock_that_agrees_with_ours_is_believed() -> None:
    clock = SenderClock()
    for taken_ns, arrived_ns in arrivals(120 * NS_PER_MS):
        assert clock.captured_ns(WALL + taken_ns, arrived_ns, WALL + arrived_ns) == taken_ns


@pytest.mark.parametrize("off_ns", [-3600 * NS_PER_S, 4 * NS_PER_S, 10**18])
def test_of_a_clock_that_is_wrong_only_the_steps_are_used(off_ns: int) -> None:
    clock = SenderClock()
    found = [
        clock.captured_ns(WALL + off_ns + taken_ns, arrived_ns, WALL + arrived_ns) - taken_ns
        for taken_ns, arrived_ns in arrivals(10 * NS_PER_MS)
    ]
    assert max(found[50:]) - min(found[50:]) < 3 * NS_PER_MS
    assert min(found) >= 10 * NS_PER_MS - 1


def test_two_tracks_of_one_camera_share_a_clock() -> None:
    sender = SenderClock()
    video, audio = TrackTimes(sender), TrackTimes(sender)
    off_ns = 7200 * NS_PER_S
    for taken_ns, arrived_ns in arrivals(10 * NS_PER_MS):
        seen = video.captured_ns(WALL + off_ns + taken_ns, None, arrived_ns, WALL + arrived_ns)
        heard = audio.captured_ns(WALL + off_ns + taken_ns, None, arrived_ns + STEP, WALL + arrived_ns + STEP)
    assert abs(seen - heard) <= NS_PER_MS


def test_without_reports_the_stamps_give_the_steps_and_time_never_runs_back() -> None:
    times = TrackTimes(SenderClock())
    found = [times.captured_ns(None, taken, arrived, WALL) for taken, arrived in arrivals(0)]
    assert np.abs(np.diff(found)[50:] - STEP).max() < 3 * NS_PER_MS
    assert times.captured_ns(None, 0, found[-1] - NS_PER_S, WALL) == found[-1]
    assert times.captured_ns(None, None, found[-1] + 5, WALL) == found[-1] + 5


def test_a_child_is_given_up_after_its_time() -> None:
    dog = Watchdog(Patience(open_s=8, run_s=3), 0)
    assert not dog.barks(8 * NS_PER_S) and dog.barks(8 * NS_PER_S + 1)
    dog.hear(8 * NS_PER_S, is_open=True)
    assert not dog.barks(11 * NS_PER_S) and dog.barks(11 * NS_PER_S + 1)


def test_a_child_that_is_being_started_gets_its_own_time() -> None:
    dog = Watchdog(Patience(open_s=2, start_s=20), 0, is_ready=False)
    assert not dog.barks(20 * NS_PER_S) and dog.barks(20 * NS_PER_S + 1)
    dog.hear(15 * NS_PER_S, is_open=False)
    assert not dog.barks(17 * NS_PER_S) and dog.barks(17 * NS_PER_S + 1)


def test_attempts_come_further_apart_until_one_succeeds_and_never_pile_up() -> None:
    back_off, now_ns, gaps_ms = BackOff(), 0, []
    for _ in range(6):
        back_off.start(now_ns)
        next_ns = back_off.fail(now_ns + NS_PER_MS)
        gaps_ms.append((next_ns - now_ns) // NS_PER_MS)
        now_ns = next_ns
    assert gaps_ms == [250, 500, 1000, 2000, 2000, 2000]
    back_off.start(now_ns)
    assert back_off.fail(now_ns + 3 * NS_PER_S) == now_ns + 3050 * NS_PER_MS  # waited long enough already
    back_off.start(now_ns)
    back_off.succeed()
    assert back_off.fail(now_ns) == now_ns + 250 * NS_PER_MS
