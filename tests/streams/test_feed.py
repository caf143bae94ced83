from __future__ import annotations

import numpy as np

from millrace.streams.clock import NS_PER_S, VirtualClock
from millrace.streams.media import AudioChunk, EventKind, VideoFrame
from millrace.streams.source import NEVER_NS, Feed

PIXELS = np.zeros((96, 160, 3), np.uint8)


def frame(t_ns: int) -> VideoFrame:
    return VideoFrame("door", t_ns, PIXELS)


def sound(t_ns: int, seconds: float) -> AudioChunk:
    return AudioChunk("door", t_ns, np.zeros(int(seconds * 16_000), np.float32))


def test_in_real_time_only_the_newest_frame_and_two_seconds_of_sound_wait() -> None:
    feed = Feed("door", VirtualClock(), realtime=True)
    for index in range(5):
        feed.video(frame(index))
        feed.audio(sound(index, 1.0))
    assert [one.t_ns for one in feed.video_channel.drain()] == [4]
    assert [one.t_ns for one in feed.audio_channel.drain()] == [3, 4]
    figures = feed.statistics()
    assert (figures.frames_in, figures.dropped, figures.audio_dropped) == (
        5,
        {"replaced": 4},
        {"overflow": 3},
    )


def test_who_listens_gets_each_chunk_of_sound_whether_it_is_taken_or_not() -> None:
    feed, heard = Feed("door", VirtualClock(), realtime=True), []
    feed.audio(sound(0, 1.0))
    feed.on_audio = heard.append
    for index in range(1, 5):
        feed.audio(sound(index, 1.0))
    assert [one.t_ns for one in heard] == [1, 2, 3, 4]


def test_every_frame_is_given_passed_or_dropped() -> None:
    feed = Feed("door", VirtualClock(), realtime=True)
    feed.video(frame(1))
    feed.count(passed=2, packets=4, packets_skipped=1, packets_damaged=1)
    feed.drop(sound(0, 0.1), "late")
    figures = feed.statistics()
    assert (figures.frames_in, figures.passed, figures.audio_dropped) == (3, 2, {"late": 1})
    assert (figures.packets, figures.packets_skipped, figures.packets_damaged) == (4, 1, 1)


def test_the_lag_is_how_late_the_latest_frame_was() -> None:
    clock = VirtualClock()
    feed = Feed("door", clock, realtime=True)
    feed.video(frame(0))
    clock.jump_to(50)
    feed.video(frame(20))
    assert feed.statistics().max_lag_ns == 30


def test_the_watermark_only_rises_and_ends_at_never() -> None:
    woken: list[int] = []
    feed = Feed("door", VirtualClock(), realtime=False, start_ns=100, on_put=lambda: woken.append(1))
    assert feed.watermark_ns < 100
    feed.watermark(300)
    feed.watermark(200)
    assert feed.watermark_ns == 300
    assert len(woken) == 2
    feed.finish()
    assert feed.is_finished
    assert feed.watermark_ns == NEVER_NS
    assert not feed.video(frame(400))


def test_silence_is_told_once_and_so_is_its_end() -> None:
    clock = VirtualClock()
    feed = Feed("door", clock, realtime=True)
    clock.jump_to(NS_PER_S)
    feed.check_silence()
    clock.jump_to(2 * NS_PER_S)
    feed.check_silence()
    clock.jump_to(9 * NS_PER_S)
    feed.check_silence()
    feed.video(frame(9 * NS_PER_S))
    events = feed.event_channel.drain()
    assert [(event.kind, event.t_ns) for event in events] == [
        (EventKind.SILENT, 2 * NS_PER_S),
        (EventKind.RESUMED, 9 * NS_PER_S),
    ]
    assert events[0].detail == "door: nothing has come for 2.0 s"


def test_played_fast_an_event_without_a_time_happens_at_the_watermark() -> None:
    feed = Feed("door", VirtualClock(), realtime=False, start_ns=5)
    feed.event(EventKind.OPENED)
    feed.watermark(70)
    feed.event(EventKind.ENDED)
    assert [event.t_ns for event in feed.event_channel.drain()] == [5, 70]
