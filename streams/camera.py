"""A local camera through OpenCV (Video4Linux on Linux)."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import SourceError
from .capture_time import CaptureTimes
from .clock import NS_PER_MS, NS_PER_S
from .decoder import MAX_LOOKS_HZ
from .devices import can_capture
from .media import VIEW_HEIGHT, VIEW_WIDTH, EventKind, VideoFrame
from .native import native_of
from .source import Feed, SourceInfo

_WATCH_NS = 250 * NS_PER_MS
_LOOK_STEP_NS = NS_PER_S // MAX_LOOKS_HZ - 5 * NS_PER_MS  # a little less: cameras are not exact
_MAX_FAILURES = 10


class Capture(Protocol):
    """What is used of `cv2.VideoCapture`."""

    def isOpened(self) -> bool: ...
    def grab(self) -> bool: ...
    def retrieve(self) -> tuple[bool, NDArray[np.uint8]]: ...
    def get(self, prop: int) -> float: ...
    def release(self) -> None: ...


class CameraSource:
    """A camera by number or device path. Frames that nobody would look at are grabbed but not decoded."""

    def __init__(
        self,
        device: int | str,
        *,
        name: str | None = None,
        open_capture: Callable[[int | str], Capture] | None = None,
    ) -> None:
        """`open_capture` replaces OpenCV's own way to the device."""
        self.device = device
        self.name = name or _default_name(device)
        self._open_capture = open_capture

    def probe(self) -> SourceInfo:
        capture = self._open()
        try:
            return SourceInfo(
                has_video=True,
                has_audio=False,
                width=int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)),
                height=int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)),
                fps=max(0.0, capture.get(cv2.CAP_PROP_FPS)),
                detail=f"camera {self.device}",
                is_live=True,
            )
        finally:
            capture.release()

    def run(self, feed: Feed, stop: threading.Event) -> None:
        """Grab in a thread of its own, so that a driver that blocks holds up neither the end nor a report."""
        grabber = _Grabber(self.name, self._open(), feed)
        grabber.start()
        while grabber.is_alive() and feed.clock.wait_until(feed.clock.now_ns() + _WATCH_NS, stop):
            feed.check_silence()
        grabber.end()

    def _open(self) -> Capture:
        if self._open_capture is None:
            _check_device(self.device, self.name)
        capture = (self._open_capture or _open_with_opencv)(self.device)
        if not capture.isOpened():
            capture.release()
            raise SourceError(
                f"{self.name}: camera {self.device} cannot be opened; is another program using it?"
                " `agent devices` lists what is there"
            )
        return capture


class _Grabber:
    """The thread that waits for the driver, looks at what is wanted and lets the rest pass."""

    def __init__(self, name: str, capture: Capture, feed: Feed) -> None:
        self._name = name
        self._capture = capture
        self._feed = feed
        self._times = CaptureTimes()
        self._stop = threading.Event()
        self._error: Exception | None = None
        self._size: tuple[int, ...] | None = None
        self._next_look_ns = 0
        self._num_frames = 0
        self._thread = threading.Thread(target=self._run, name=f"grabber-{feed.name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def end(self) -> None:
        """Stop, wait a little, and raise what ended the thread, if anything did."""
        self._stop.set()
        self._thread.join(_WATCH_NS / NS_PER_S)
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            self._grab_all()
        except Exception as error:
            self._error = error
        finally:
            self._capture.release()

    def _grab_all(self) -> None:
        num_failures = 0
        while not self._stop.is_set():
            if self._capture.grab():
                num_failures = 0
                if not self._take():
                    return
            else:
                num_failures += 1
            if num_failures >= _MAX_FAILURES:
                raise SourceError(f"{self._name}: the camera gives no more pictures; is it still plugged in?")

    def _take(self) -> bool:
        stamp_ns = int(self._capture.get(cv2.CAP_PROP_POS_MSEC) * NS_PER_MS)
        t_ns = self._times.session_ns(stamp_ns, self._feed.clock.now_ns())
        index = self._num_frames
        self._num_frames += 1
        if t_ns < self._next_look_ns:
            self._feed.count(passed=1)
            return True
        is_good, picture = self._capture.retrieve()
        if not is_good:
            self._feed.count(passed=1)
            return True
        self._next_look_ns = t_ns + _LOOK_STEP_NS
        self._note_size(picture.shape, t_ns)
        native = native_of(picture, is_bgr=True)
        is_open = self._feed.video(VideoFrame(self._feed.name, t_ns, view_of(picture), None, index, native))
        self._feed.watermark(t_ns)
        return is_open

    def _note_size(self, shape: tuple[int, ...], t_ns: int) -> None:
        if self._size is not None and shape != self._size:
            detail = f"{self._name}: from {self._size[1]}x{self._size[0]} to {shape[1]}x{shape[0]}"
            self._feed.event(EventKind.RESIZED, detail, t_ns)
        self._size = shape


def view_of(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture of OpenCV, BGR [H, W, 3], as a view, RGB [VIEW_HEIGHT, VIEW_WIDTH, 3]."""
    small = cv2.resize(picture, (VIEW_WIDTH, VIEW_HEIGHT), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(small[:, :, ::-1]).astype(np.uint8, copy=False)


def _default_name(device: int | str) -> str:
    return f"camera{device}" if isinstance(device, int) else Path(device).name.replace("video", "camera")


def _check_device(device: int | str, name: str) -> None:
    # Asked before OpenCV is, which may try other back ends for seconds and prints warnings.
    if not sys.platform.startswith("linux"):
        return
    path = Path(f"/dev/video{device}" if isinstance(device, int) else device)
    if not path.exists():
        raise SourceError(
            f"{name}: there is no camera {path}; `agent devices` lists what is there,"
            " `world:` gives a rendered camera"
        )
    if not can_capture(path):
        raise SourceError(
            f"{name}: {path} gives no pictures, or you may not open it; `agent devices` lists what does"
        )


def _open_with_opencv(device: int | str) -> Capture:
    back_end = cv2.CAP_V4L2 if sys.platform.startswith("linux") else cv2.CAP_ANY
    # The type stubs know `retrieve` only with an array to write into.
    return cast(Capture, cv2.VideoCapture(device, back_end))
