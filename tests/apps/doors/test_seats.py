"""Who sits where: labels, returns, refusals, and sources that run in a seat."""

import threading

import numpy as np
import pytest

from millrace.apps.doors.seats import NoSeatError, Seats
from millrace.streams.clock import WallClock, monotonic_ns
from millrace.streams.media import EventKind
from millrace.streams.source import Feed, SourceInfo


@pytest.fixture
def seats():
    return Seats(2)


@pytest.fixture
def feed(seats):
    """The first seat as a running session holds it."""
    feed = Feed("cam1", WallClock(), realtime=True)
    stop = threading.Event()
    thread = threading.Thread(target=seats.all[0].source.run, args=(feed, stop))
    thread.start()
    assert seats.all[0].source.wait_open(2.0)
    yield feed
    stop.set()
    thread.join()


def test_what_is_lost_is_counted_by_cause_for_who_sits_there(seats, feed):
    door = seats.take("door")
    door.lose(2, "damaged")
    door.lose(1, "late")
    door.lose(0, "replaced")
    assert door.lost == {"damaged": 2, "late": 1}
    assert feed.statistics().dropped["damaged"] == 2
    seats.leave(door)
    assert seats.take("door").lost == {"damaged": 2, "late": 1}
    seats.leave(door)
    seats.take("yard")
    assert seats.take("cellar") is door
    assert door.lost == {}
    door.lose(3, "late")
    assert door.lost == {"late": 3}


def test_a_returning_camera_takes_its_old_seat(seats):
    door, yard = seats.take("door"), seats.take("yard")
    assert [door.name, yard.name] == ["cam1", "cam2"]
    seats.leave(door)
    seats.leave(yard)
    assert seats.take("yard").name == "cam2"
    assert seats.label_of("cam1") == "door"


def test_a_new_camera_takes_the_seat_that_nobody_had_then_the_one_left_longest_ago():
    seats = Seats(3)
    first, second = seats.take("a"), seats.take("b")
    seats.leave(second)
    assert seats.take("c").name == "cam3"
    seats.leave(first)
    assert seats.take("d") is second
    assert seats.take("e") is first


def test_a_seat_may_be_asked_for_by_its_own_name(seats):
    assert seats.take("cam2").name == "cam2"
    assert seats.take("door").name == "cam1"


def test_a_taken_label_and_a_full_house_are_refused_with_their_names(seats):
    seats.take("door")
    with pytest.raises(NoSeatError, match="door is connected already"):
        seats.take("door")
    seats.take("yard")
    with pytest.raises(NoSeatError, match=r"all 2 cameras are taken \(door, yard\)"):
        seats.take("shed")


def test_capture_times_are_moved_to_the_session_clock_and_never_ahead_of_it(seats, feed):
    seat, pixels = seats.all[0], np.zeros((96, 160, 3), np.uint8)
    assert seat.push_frame(pixels, monotonic_ns() + 5_000_000_000)
    ahead = feed.video_channel.drain()[0]
    assert ahead.t_ns <= feed.clock.now_ns()
    WallClock().wait_until(100_000_000, threading.Event())
    assert seat.push_frame(pixels, monotonic_ns() - 50_000_000)
    before = feed.clock.now_ns() - feed.video_channel.drain()[0].t_ns
    assert before == pytest.approx(50e6, abs=20e6)


class Short:
    """A source that gives one frame and ends or breaks."""

    name = "short"

    def __init__(self, error=None):
        self.error = error

    def probe(self):
        return SourceInfo(True, False)

    def run(self, feed, stop):
        self.start_ns = feed.start_ns
        if self.error:
            raise self.error
        stop.wait(5)


def test_a_source_runs_in_a_seat_until_it_is_cleared(seats, feed):
    seat = seats.take("clip")
    WallClock().wait_until(50_000_000, threading.Event())
    source = Short()
    seat.play(source)
    assert seat.is_playing
    seats.leave(seat)
    assert not seat.is_playing
    assert source.start_ns > 0
    assert [event.kind for event in feed.event_channel.drain()] == [EventKind.ENDED]


def test_a_source_that_breaks_is_told_under_its_label_and_the_seat_stays_open(seats, feed):
    seat = seats.take("clip")
    seat.play(Short(ValueError("bad bytes")))
    seat._player.join(2.0)
    (event,) = feed.event_channel.drain()
    assert (event.kind, event.detail) == (EventKind.BROKEN, "clip: bad bytes")
    assert seat.push_frame(np.zeros((96, 160, 3), np.uint8))
