from hypothesis import given
from hypothesis import strategies as st

from millrace.runtime.metronome import Metronome

MS = 1_000_000


def test_ticks_that_keep_time_miss_nothing():
    metronome = Metronome(200 * MS)
    assert [metronome.next_due(now * MS) for now in (0, 50, 250, 450)] == [
        (0, 0),
        (200 * MS, 0),
        (400 * MS, 0),
        (600 * MS, 0),
    ]


def test_a_tick_that_overran_by_little_is_followed_at_once():
    metronome = Metronome(200 * MS)
    metronome.next_due(0)
    assert metronome.next_due(230 * MS) == (200 * MS, 0)


def test_missed_periods_are_counted_and_do_not_queue_up():
    metronome = Metronome(200 * MS)
    metronome.next_due(0)
    assert metronome.next_due(950 * MS) == (1000 * MS, 4)
    assert metronome.next_due(1010 * MS) == (1200 * MS, 0)


@given(st.lists(st.integers(0, 3_000), max_size=50))
def test_every_period_is_either_served_or_missed(durations_ms):
    metronome, now_ns, served, missed = Metronome(200 * MS), 0, 0, 0
    due_ns = 0
    for duration_ms in durations_ms:
        due_ns, num_missed = metronome.next_due(now_ns)
        assert due_ns % (200 * MS) == 0
        assert now_ns - due_ns <= 100 * MS
        served, missed = served + 1, missed + num_missed
        now_ns = max(now_ns, due_ns) + duration_ms * MS
    assert not served or served + missed == due_ns // (200 * MS) + 1
