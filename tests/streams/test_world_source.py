"""Rendered cameras as sources."""

import threading

import cv2
import numpy as np
import pytest

from millrace.errors import SourceError
from millrace.streams.clock import VirtualClock
from millrace.streams.reader import Reader
from millrace.streams.source import Feed
from millrace.streams.world_source import WorldSource


def frames_of(source):
    feed = Feed(source.name, VirtualClock(), realtime=False)
    reader = Reader(source, feed)
    reader.start()
    frames, samples = [], 0
    while not feed.is_finished or feed.video_channel.statistics().depth:
        frames += feed.video_channel.drain()
        samples += sum(len(c.samples) for c in feed.audio_channel.drain())
    assert reader.join()
    samples += sum(len(c.samples) for c in feed.audio_channel.drain())
    return frames, samples


def test_it_gives_every_frame_and_the_first_camera_gives_sound():
    frames, samples = frames_of(WorldSource("w", {"seconds": "3", "fps": "10", "cameras": "2"}))
    assert [f.index for f in frames] == list(range(30))
    assert [f.t_ns for f in frames] == [n * 100_000_000 for n in range(30)]
    assert samples == 29 * 1600


def test_the_second_camera_sees_something_else_and_is_deaf():
    options = {"seconds": "1", "fps": "5", "cameras": "2"}
    first, _ = frames_of(WorldSource("a", {**options, "camera": "1"}))
    second, samples = frames_of(WorldSource("b", {**options, "camera": "2"}))
    assert samples == 0
    assert (first[3].pixels != second[3].pixels).any()


def test_a_part_of_its_picture_is_rendered_with_finer_pixels():
    frame = frames_of(WorldSource("w", {"seconds": "1", "fps": "2", "cameras": "1"}))[0][1]
    assert frame.native.max_zoom == 4
    part = cv2.resize(frame.native.crop(40, 48, 2.0), (80, 48), interpolation=cv2.INTER_AREA).astype(int)
    assert np.abs(part - frame.pixels[48:, 40:120]).mean() < 8  # but for the noise
    outside = frame.native.crop(200, 200, 4.0)
    assert np.array_equal(outside, frame.native.crop(120, 72, 4.0))


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"colour": "red"}, "'colour' is unknown"),
        ({"seed": "x"}, "seed='x' must be a whole number"),
        ({"scene": "beach"}, "'beach' is unknown"),
        ({"camera": "3", "cameras": "2"}, "camera <= cameras"),
        ({"fps": "0"}, "fps 1..60"),
    ],
)
def test_bad_options_are_named(options, complaint):
    with pytest.raises(SourceError, match=complaint) as caught:
        WorldSource("w", options)
    assert "\n" not in str(caught.value)


def test_it_stops_when_told():
    source, feed = WorldSource("w", {}), Feed("w", VirtualClock(), realtime=False)
    stop = threading.Event()
    thread = threading.Thread(target=source.run, args=(feed, stop))
    thread.start()
    stop.set()
    feed.finish()
    thread.join(5)
    assert not thread.is_alive()
