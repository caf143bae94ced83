"""What a decoder child says to its parent: whole messages, or an error; and the parent keeps none of it."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from millrace.streams.child_intake import ChildIntake
from millrace.streams.clock import NS_PER_S, WallClock, monotonic_ns
from millrace.streams.media import EventKind
from millrace.streams.source import Feed
from millrace.streams.wire import (
    MAX_BODY_BYTES,
    Beat,
    MessageReader,
    Opened,
    Picture,
    Sound,
    Trouble,
    TroubleKind,
    WireError,
    decode,
    encode,
    plain,
)

VIEW, NATIVE = (160, 96), (640, 384)


def picture(t_ns: int = 0, size: tuple[int, int] = NATIVE, num_replaced: int = 0) -> Picture:
    num_bytes = 3 * (VIEW[0] * VIEW[1] + size[0] * size[1])
    return Picture(t_ns, VIEW, size, 2, num_replaced, 4, 1, memoryview(bytes([7]) * num_bytes))


@pytest.fixture
def pipe():
    reading, writing = os.pipe()
    yield MessageReader(reading), writing
    for fd in (reading, writing):
        os.close(fd)


def test_messages_come_through_a_pipe_as_they_were(pipe) -> None:
    reader, writing = pipe
    sent = [
        Beat(),
        Opened(True, False, 1280, 720, 25.0, "h264"),
        picture(123),
        Sound(5, 2, memoryview(bytes(64))),
        Trouble(TroubleKind.REFUSED, "401"),
    ]

    def write() -> None:
        for message in sent:
            data = memoryview(encode(message))
            while data:
                data = data[os.write(writing, data) :]

    writer = threading.Thread(target=write)
    writer.start()
    came = [reader.read(5000) for _ in sent]
    writer.join()
    assert came[0] == sent[0] and came[1] == sent[1] and came[4] == sent[4]
    assert (came[2].t_ns, came[2].size, came[2].pixels.tobytes()) == (123, NATIVE, sent[2].pixels.tobytes())
    assert (came[3].t_ns, came[3].num_channels, len(came[3].samples)) == (5, 2, 64)


def test_half_a_message_is_waited_for_no_longer_than_told_and_kept(pipe) -> None:
    reader, writing = pipe
    data = encode(Trouble(TroubleKind.ENDED, "x"))
    os.write(writing, data[:9])
    assert reader.read(1) is None
    os.write(writing, data[9:])
    assert reader.read(1000) == Trouble(TroubleKind.ENDED, "x")


def test_the_end_of_the_pipe_and_a_length_without_measure_are_told() -> None:
    for written, error in (
        (b"", EOFError),
        (b"\x01" + (MAX_BODY_BYTES + 1).to_bytes(4, "little"), WireError),
    ):
        reading, writing = os.pipe()
        os.write(writing, written)
        os.close(writing)
        with pytest.raises(error):
            MessageReader(reading).read(1000)
        os.close(reading)


@given(st.integers(0, 6), st.binary(max_size=200))
def test_any_bytes_are_a_message_or_a_wire_error(kind: int, body: bytes) -> None:
    try:
        message = decode(kind, bytearray(body))
    except WireError:
        return
    assert isinstance(message, (Opened, Picture, Sound, Trouble, Beat))


@given(st.text(max_size=1000))
def test_what_a_child_says_becomes_one_short_line(text: str) -> None:
    line = plain(text)
    assert len(line) <= 200 and line.isprintable()


@pytest.fixture
def feed() -> Feed:
    return Feed("door", WallClock(), realtime=True)


def test_times_that_cannot_be_are_bounded(feed) -> None:
    intake = ChildIntake(feed)
    for t_ns in (monotonic_ns() + 10**15, -(10**15), monotonic_ns()):
        intake.take(picture(t_ns))
        (frame,) = feed.video_channel.drain()
        assert 0 <= frame.t_ns <= feed.clock.now_ns()


def test_pictures_and_their_counts_reach_the_feed(feed) -> None:
    intake = ChildIntake(feed)
    intake.take(Opened(True, False, *NATIVE))
    intake.take(picture(monotonic_ns(), num_replaced=3))
    intake.take(Opened(True, False, 320, 192))
    counts = feed.statistics()
    assert (counts.frames_in, counts.passed, counts.packets, counts.packets_damaged) == (6, 2, 4, 1)
    assert counts.dropped == {"replaced in the decoder": 3}
    assert [event.kind for event in feed.event_channel.drain()] == [EventKind.RESIZED]


def test_an_interruption_is_told_once_and_ends_with_the_next_picture(feed) -> None:
    feed.interrupt("door: gone")
    feed.interrupt("door: still gone")
    feed.check_silence()
    ChildIntake(feed).take(picture(monotonic_ns()))
    feed.interrupt("door: gone again")
    kinds = [event.kind for event in feed.event_channel.drain()]
    assert kinds == [EventKind.BROKEN, EventKind.RESUMED, EventKind.BROKEN]


def test_the_parent_keeps_nothing_of_two_hundred_pictures(feed, pipe) -> None:
    reader, writing = pipe
    intake, data, settled = ChildIntake(feed), encode(picture()), 0

    def write() -> None:
        for _ in range(220):
            left = memoryview(data)
            while left:
                left = left[os.write(writing, left) :]

    writer = threading.Thread(target=write)
    writer.start()
    for num in range(220):
        message = reader.read(5000)
        assert message is not None
        intake.take(message)
        settled = resident_bytes() if num == 20 else settled
    writer.join()
    assert resident_bytes() - settled < 8 * len(data)
    assert feed.statistics().dropped["replaced"] == 219


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_sound_is_cut_into_chunks_and_kept_in_bounds(feed) -> None:
    import numpy as np

    samples = np.array([np.nan, 9.0, -9.0, 0.5] * 400, np.float32)
    ChildIntake(feed).take(Sound(monotonic_ns() - NS_PER_S, 1, memoryview(samples.tobytes())))
    chunks = feed.audio_channel.drain()
    assert [len(chunk.samples) for chunk in chunks] == [800, 800]
    assert np.abs(chunks[0].samples).max() == 1.0
    assert chunks[1].t_ns - chunks[0].t_ns == NS_PER_S // 20
