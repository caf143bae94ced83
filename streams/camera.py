"""A local camera through OpenCV (Video4Linux on Linux)."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import SourceError
from .capture_time import CaptureTimes
from .clock import NS_PER_MS, NS_PER_S
from .decoder import MAX_LOOKS_HZ
from .devices import can_capture
from .media import VIEW_HEIGHT, VIEW_WIDTH, EventKind, VideoFrame
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
            width, height = (
                int(capture.get(prop)) for prop in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
            )
            fps = max(0.0, capture.get(cv2.CAP_PROP_FPS))
        finally:
            capture.release()
        return SourceInfo(True, False, width, height, fps, None, f"camera {self.device}", is_live=True)

    def run(self, feed: Feed, stop: threading.Event) -> None:
        """Grab in a thread of its own: a driver that blocks must keep neither the end nor the report of silence."""
        grabber = _Grabber(self, feed)
        grabber.thread.start()
        try:
            while grabber.thread.is_alive() and _watch(feed, stop):
                feed.check_silence()
        finally:
            grabber.stop.set()
        grabber.thread.join(_WATCH_NS / NS_PER_S)
        if grabber.error is not None:
            raise grabber.error

    def open(self) -> Capture:
        """Open the device. Raises SourceError if it is not there, not a camera, or held by another program."""
        return self._open()

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
