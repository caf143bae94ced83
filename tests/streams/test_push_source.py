from __future__ import annotations

import threading

import numpy as np
import pytest

from millrace.errors import SourceError
from millrace.streams.clock import NS_PER_MS, NS_PER_S, VirtualClock, WallClock
from millrace.streams.media import EventKind
from millrace.streams.push import PushSource
from millrace.streams.reader import Reader
from millrace.streams.source import Feed

PICTURE = np.full((192, 320, 3), 7, np.uint8)


def opened(source: PushSource, *, realtime: bool) -> Reader:
    clock = WallClock() if realtime else VirtualClock()
    reader = Reader(source, Feed(source.name, clock, realtime=realtime))
    reader.start()
    assert source.wait_open(60.0)
    return reader


def test_nobody_takes_what_is_pushed_before_the_opening_and_after_the_end() -> None:
    source = PushSource("door")
    assert not source.push_frame(PICTURE)
    reader = opened(source, realtime=True)
    assert source.push_frame(PICTURE)
    source.close()
    assert reader.wait(60.0)
    assert not source.push_frame(PICTURE)
    assert [event.kind for event in reader.feed.event_channel.drain()] == [EventKind.ENDED]


def test_pushed_pictures_become_views_and_are_copied() -> None:
    source = PushSource("door")
    reader = opened(source, realtime=True)
    picture = np.full((96, 160, 3), 7, np.uint8)
    assert source.push_frame(picture, t_ns=5)
    picture[:] = 0
    frame = reader.feed.video_channel.take_nowait()
    assert (frame.source, frame.t_ns, frame.pixels.shape, int(frame.pixels.min())) == (
        "door",
        5,
        (96, 160, 3),
        7,
    )
    assert source.push_frame(PICTURE)
    assert reader.feed.video_channel.take_nowait().pixels.shape == (96, 160, 3)
    assert reader.join()


def test_played_fast_every_push_arrives_and_moves_the_watermark() -> None:
    source = PushSource("door")
    reader = opened(source, realtime=False)
    pusher = threading.Thread(
        target=lambda: ([source.push_frame(PICTURE, n * NS_PER_MS) for n in range(200)], source.close())
    )
    pusher.start()
    times = []
    while not reader.feed.is_finished or len(reader.feed.video_channel):
        times += [frame.t_ns for frame in reader.feed.video_channel.drain()]
    pusher.join()
    assert reader.join()
    assert times == [n * NS_PER_MS for n in range(200)]


def test_with_two_tracks_the_one_who_pushes_gives_the_promise() -> None:
    source = PushSource("door", has_audio=True)
    reader = opened(source, realtime=False)
    source.push_frame(PICTURE, 50)
    source.push_audio(np.zeros(800, np.float32), 0)
    assert reader.feed.watermark_ns < 0
    source.promise(50)
    assert reader.feed.watermark_ns == 50
    assert reader.join()


@pytest.mark.parametrize(
    "pixels", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32), np.zeros((0, 4, 3), np.uint8)]
)
def test_a_frame_of_another_form_is_refused(pixels) -> None:
    source = PushSource("door")
    reader = opened(source, realtime=True)
    with pytest.raises(SourceError, match=r"door: a frame must be uint8 \[H, W, 3\], not "):
        source.push_frame(pixels)
    assert reader.join()


def test_sound_of_another_form_is_refused() -> None:
    source = PushSource("door", has_video=False, has_audio=True)
    reader = opened(source, realtime=True)
    with pytest.raises(SourceError, match=r"sound must be float32 \[N\], not float64"):
        source.push_audio(np.zeros(8))
    assert reader.join()


def test_a_pushed_source_that_falls_silent_is_told_of_and_one_that_never_began_is_not() -> None:
    clock, source = VirtualClock(), PushSource("door")
    feed = Feed("door", clock, realtime=True)
    told = threading.Event()
    feed.event_channel.on_put = told.set
    reader = Reader(source, feed)
    with clock.participant():  # who is awake, so that the clock stands still
        reader.start()
        assert source.wait_open(60.0)
        for _ in range(3):
            let_sleep(clock)
            clock.jump_to(clock.now_ns() + 10 * NS_PER_S)
        let_sleep(clock)
        assert not told.is_set()
        assert source.push_frame(PICTURE)
    assert told.wait(60.0)
    assert [event.kind for event in feed.event_channel.drain()] == [EventKind.SILENT]
    assert reader.join(60.0)


def let_sleep(clock: VirtualClock) -> None:
    """Wait until the reader has looked and sleeps again."""
    breath = threading.Event()
    for _ in range(60_000):
        if clock.num_sleepers:
            return
        breath.wait(0.001)
    raise AssertionError("the reader does not sleep")
