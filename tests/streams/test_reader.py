from __future__ import annotations

import threading

import numpy as np

from millrace.errors import SourceError
from millrace.streams.clock import VirtualClock, WallClock
from millrace.streams.media import EventKind, VideoFrame
from millrace.streams.reader import Reader
from millrace.streams.source import Feed, SourceInfo


class Scripted:
    """A source that does what the test says."""

    name = "door"

    def __init__(self, script) -> None:
        self.script = script

    def probe(self) -> SourceInfo:
        return SourceInfo(True, False)

    def run(self, feed: Feed, stop: threading.Event) -> None:
        self.script(feed, stop)


def fail(message: str):
    def script(feed: Feed, stop: threading.Event) -> None:
        raise SourceError(message)

    return script


def run_to_end(script) -> list:
    feed = Feed("door", VirtualClock(), realtime=False)
    reader = Reader(Scripted(script), feed)
    reader.start()
    assert reader.wait(5.0)
    assert feed.is_finished
    return feed.event_channel.drain()


def test_a_source_that_returns_has_ended() -> None:
    assert [event.kind for event in run_to_end(lambda feed, stop: None)] == [EventKind.ENDED]


def test_a_source_that_raises_is_broken_and_its_event_is_one_line_with_its_name() -> None:
    (event,) = run_to_end(fail("the cable\n is loose"))
    assert (event.kind, event.detail) == (EventKind.BROKEN, "door: the cable is loose")


def test_an_error_without_words_is_named_by_its_type() -> None:
    def script(feed: Feed, stop: threading.Event) -> None:
        raise KeyError

    assert run_to_end(script)[0].detail == "door: KeyError"


def test_stopping_frees_a_source_that_blocks_in_a_full_channel() -> None:
    def script(feed: Feed, stop: threading.Event) -> None:
        while feed.video(VideoFrame("door", 0, np.zeros((1, 1, 3), np.uint8))):
            pass

    reader = Reader(Scripted(script), Feed("door", VirtualClock(), realtime=False))
    reader.start()
    assert reader.join()
    assert not reader.is_alive


def test_stopping_wakes_a_source_that_sleeps() -> None:
    clock = WallClock()
    script = lambda feed, stop: clock.wait_until(10**15, stop)  # noqa: E731
    reader = Reader(Scripted(script), Feed("door", clock, realtime=True))
    reader.start()
    assert reader.join()


def test_joining_a_source_that_never_listens_is_bounded() -> None:
    release = threading.Event()
    reader = Reader(Scripted(lambda feed, stop: release.wait()), Feed("door", VirtualClock(), realtime=False))
    reader.start()
    assert not reader.join(0.05)
    release.set()
    assert reader.join()
