import asyncio
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from millrace.runtime.inbox import Inbox
from millrace.streams.clock import VirtualClock
from millrace.streams.media import AudioChunk, EventKind, TextInput, VideoFrame
from millrace.streams.source import Feed

MS = 1_000_000
PIXELS = np.zeros((96, 160, 3), np.uint8)


def make_inbox(*names, realtime=False):
    inbox = Inbox(realtime=realtime)
    feeds = [Feed(name, VirtualClock(), realtime=realtime, on_put=inbox.wake) for name in names]
    for feed in feeds:
        inbox.add(feed)
    return inbox, feeds


def frame(t_ms, name="door"):
    return VideoFrame(name, t_ms * MS, PIXELS)


def chunk(t_ms, name="door"):
    return AudioChunk(name, t_ms * MS, np.zeros(320, np.float32))


def test_the_newest_frame_up_to_the_tick_is_taken_and_the_older_ones_are_passed():
    inbox, [door] = make_inbox("door")
    for t_ms in (0, 100, 200, 233):
        door.video(frame(t_ms))
    assert inbox.take(200 * MS).frames["door"].t_ns == 200 * MS
    assert inbox.take(400 * MS).frames["door"].t_ns == 233 * MS
    assert "door" not in inbox.take(600 * MS).frames
    counts = inbox.statistics()["door"]
    assert (counts.frames_in, counts.frames_taken, counts.passed, counts.frames_waiting) == (4, 2, 2, 0)
    assert counts.first_ns == 0


def test_sound_that_begins_before_the_tick_belongs_to_it():
    inbox, [door] = make_inbox("door")
    for t_ms in (160, 180, 200, 220):
        door.audio(chunk(t_ms))
    assert [one.t_ns // MS for one in inbox.take(200 * MS).audio["door"]] == [160, 180]
    assert [one.t_ns // MS for one in inbox.take(400 * MS).audio["door"]] == [200, 220]
    assert inbox.take(600 * MS).audio == {}


def test_what_is_not_due_stays_in_the_channel_and_holds_the_source_back():
    inbox, [door] = make_inbox("door")
    for t_ms in range(64):
        door.video(frame(t_ms))
        door.audio(chunk(t_ms))
    inbox.take(10 * MS)
    assert len(door.video_channel) == 64 - 11
    assert len(door.audio_channel) == 64 - 10


def test_text_waits_for_its_time_and_keeps_its_order():
    inbox, _ = make_inbox("door")
    for t_ms, text in ((50, "one"), (300, "three"), (60, "two")):
        inbox.text(TextInput("user", t_ms * MS, text))
    assert [text.text for text in inbox.take(200 * MS).texts] == ["one", "two"]
    assert [text.text for text in inbox.take(400 * MS).texts] == ["three"]


def test_in_real_time_all_that_has_come_is_taken_and_the_replaced_is_counted():
    inbox, [door] = make_inbox("door", realtime=True)
    for t_ms in (0, 33, 66):
        door.video(frame(t_ms))
    assert inbox.take(0).frames["door"].t_ns == 66 * MS
    counts = inbox.statistics()["door"]
    assert counts.dropped == {"replaced": 2}
    assert counts.passed == 0


def test_events_come_by_time_and_once():
    inbox, [door, yard] = make_inbox("door", "yard")
    door.event(EventKind.OPENED, "b", t_ns=2)
    yard.event(EventKind.OPENED, "a", t_ns=1)
    assert [event.detail for event in inbox.take(0).events] == ["a", "b"]
    assert inbox.take(1).events == []


def test_ready_waits_for_the_slowest_source_and_never_blocks_the_fast_one():
    inbox, [door, yard] = make_inbox("door", "yard")

    def run_ahead():
        for number in range(500):
            assert door.video(frame(number))
            door.watermark(number * MS)
        door.finish()

    async def wait():
        task = asyncio.create_task(inbox.ready(200 * MS))
        fast = threading.Thread(target=run_ahead)
        fast.start()
        # The fast source fills its channel; the inbox must take enough for the watermark to reach the tick.
        while door.watermark_ns < 200 * MS:
            await asyncio.wait([task], timeout=0.001)
        assert not task.done()
        yard.watermark(200 * MS)
        await task
        assert inbox.take(200 * MS).frames["door"].t_ns == 200 * MS
        await inbox.ready(10_000 * MS) if yard.finish() is None else None
        fast.join()
        assert inbox.take(10_000 * MS).frames["door"].t_ns == 499 * MS

    asyncio.run(asyncio.wait_for(wait(), 10))
    assert inbox.is_exhausted


def test_sound_far_behind_pictures_cannot_lock_the_source_up():
    inbox, [film] = make_inbox("film")

    def badly_interleaved():
        for number in range(300):
            film.video(frame(number * 33, "film"))
        film.audio(chunk(0, "film"))
        film.watermark(200 * MS)
        film.finish()

    async def wait():
        reader = threading.Thread(target=badly_interleaved)
        reader.start()
        await inbox.ready(200 * MS)
        reader.join()

    asyncio.run(asyncio.wait_for(wait(), 10))
    inputs = inbox.take(200 * MS)
    assert inputs.frames["film"].t_ns == 198 * MS
    assert len(inputs.audio["film"]) == 1


def test_closing_frees_who_waits():
    inbox, _ = make_inbox("door")

    async def wait():
        task = asyncio.create_task(inbox.ready(200 * MS))
        await asyncio.wait([task], timeout=0)
        inbox.close()
        await task

    asyncio.run(asyncio.wait_for(wait(), 10))


@given(
    steps_ms=st.lists(st.integers(1, 90), min_size=1, max_size=60),
    tick_ms=st.sampled_from([50, 100, 200]),
)
def test_every_frame_is_taken_or_passed_exactly_once(steps_ms, tick_ms):
    inbox, [door] = make_inbox("door")
    times = [sum(steps_ms[: number + 1]) for number in range(len(steps_ms))]
    for t_ms in times:
        door.video(frame(t_ms))
    taken = []
    for due_ms in range(0, times[-1] + tick_ms, tick_ms):
        taken += [one.t_ns // MS for one in inbox.take(due_ms * MS).frames.values()]
    counts = inbox.statistics()["door"]
    assert counts.frames_taken + counts.passed == len(times) == counts.frames_in
    assert taken == sorted(set(taken))
    assert set(taken) <= set(times)
    assert taken[-1] == times[-1]


@pytest.mark.parametrize("realtime", [True, False])
def test_exhausted_means_ended_and_taken(realtime):
    inbox, [door] = make_inbox("door", realtime=realtime)
    door.video(frame(10))
    assert not inbox.is_exhausted
    door.finish()
    assert not inbox.is_exhausted
    inbox.take(200 * MS)
    assert inbox.is_exhausted
