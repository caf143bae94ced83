"""Cameras without a camera: OpenCV's own capture, opened on a real file instead of a device."""

from __future__ import annotations

import threading

import cv2
import numpy as np
import pytest

from millrace.errors import SourceError
from millrace.streams.camera import CameraSource, view_of
from millrace.streams.capture_time import CaptureTimes
from millrace.streams.clock import NS_PER_MS, NS_PER_S, VirtualClock, WallClock
from millrace.streams.media import EventKind
from millrace.streams.reader import Reader
from millrace.streams.source import Feed


def open_file(path):
    return lambda device: cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)


@pytest.mark.parametrize(("device", "path"), [(9, "/dev/video9"), ("/dev/video9", "/dev/video9")])
def test_a_camera_that_is_not_there_is_named(device, path) -> None:
    with pytest.raises(SourceError) as caught:
        CameraSource(device).probe()
    assert str(caught.value) == (
        f"camera9: there is no camera {path}; `agent devices` lists what is there, `world:` gives a rendered camera"
    )


def test_something_else_than_a_camera_is_refused(tmp_path) -> None:
    path = tmp_path / "video0"
    path.touch()
    with pytest.raises(SourceError, match="gives no pictures, or you may not open it"):
        CameraSource(str(path)).probe()


def test_a_camera_in_use_is_refused(tmp_path) -> None:
    with pytest.raises(SourceError, match="is another program using it"):
        CameraSource(0, open_capture=open_file(tmp_path / "nothing.mp4")).probe()


def test_a_camera_tells_its_size_and_that_it_is_live(make_clip) -> None:
    info = CameraSource(0, open_capture=open_file(make_clip("a.mp4"))).probe()
    assert (info.width, info.height, info.fps, info.is_live, info.has_audio) == (320, 192, 30.0, True, False)


def test_a_camera_that_stops_giving_pictures_is_broken(make_clip) -> None:
    feed = Feed("camera0", WallClock(), realtime=True)
    taken = []
    feed.video_channel.on_put = lambda: taken.extend(feed.video_channel.drain())
    reader = Reader(CameraSource(0, open_capture=open_file(make_clip("a.mp4", num_frames=30))), feed)
    reader.start()
    assert reader.wait(10.0)
    (event,) = feed.event_channel.drain()
    assert event.kind is EventKind.BROKEN
    assert event.detail == "camera0: the camera gives no more pictures; is it still plugged in?"
    assert feed.statistics().frames_in == 30
    assert taken[0].pixels.shape == (96, 160, 3)
    assert taken[0].change is None


class Stuck:
    """A driver that blocks until the test lets it go."""

    def __init__(self) -> None:
        self.release_me = threading.Event()
        self.is_released = threading.Event()

    def isOpened(self) -> bool:
        return True

    def grab(self) -> bool:
        self.release_me.wait()
        return False

    def retrieve(self):
        raise AssertionError

    def get(self, prop: int) -> float:
        return 0.0

    def release(self) -> None:
        self.is_released.set()


def test_a_driver_that_blocks_is_told_as_silence_and_holds_up_no_end() -> None:
    stuck = Stuck()
    feed = Feed("camera0", VirtualClock(), realtime=True)
    told = threading.Event()
    feed.event_channel.on_put = told.set
    reader = Reader(CameraSource(0, open_capture=lambda device: stuck), feed)
    reader.start()
    assert told.wait(5.0)
    assert feed.event_channel.drain()[0].kind is EventKind.SILENT
    assert reader.join()
    stuck.release_me.set()
    assert stuck.is_released.wait(5.0)


def test_the_view_of_a_camera_picture_is_rgb() -> None:
    blue_in_bgr = np.zeros((480, 640, 3), np.uint8)
    blue_in_bgr[..., 0] = 255
    view = view_of(blue_in_bgr)
    assert view.shape == (96, 160, 3)
    assert view.flags.c_contiguous
    assert view[0, 0].tolist() == [0, 0, 255]


def test_capture_times_take_out_the_jitter_of_the_arrival() -> None:
    times = CaptureTimes()
    rng = np.random.default_rng(0)
    step_ns, boot_ns = 33 * NS_PER_MS, 900 * NS_PER_S
    captured = [index * step_ns for index in range(200)]
    found = [
        times.session_ns(boot_ns + t_ns, t_ns + 5 * NS_PER_MS + int(rng.integers(0, 20 * NS_PER_MS)))
        for t_ns in captured
    ]
    errors = [abs(one - t_ns - 5 * NS_PER_MS) for one, t_ns in zip(found[50:], captured[50:], strict=True)]
    assert max(errors) < 3 * NS_PER_MS


def test_stamps_that_say_nothing_give_the_arrival_and_time_never_runs_back() -> None:
    times = CaptureTimes()
    assert times.session_ns(0, 100) == 100
    assert times.session_ns(-5, 200) == 200
    assert times.session_ns(10**15, 300) == 300
    assert times.session_ns(1, 400) >= 300
