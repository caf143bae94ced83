"""A source into which other code pushes: a door, a test, a program that has its own cameras."""

from __future__ import annotations

import threading

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import SourceError
from .clock import NS_PER_MS
from .media import VIEW_HEIGHT, VIEW_WIDTH, AudioChunk, VideoFrame
from .native import native_of
from .source import Feed, SourceInfo

_WATCH_NS = 100 * NS_PER_MS
_CHECK_S = 0.05


class PushSource:
    """Frames and sound from any thread, from the moment the session has opened the source until `close`.

    Pushing never blocks in real time; played fast, it waits for the reader. Times must not run backwards.
    """

    def __init__(
        self, name: str, *, has_video: bool = True, has_audio: bool = False, fps: float = 0.0
    ) -> None:
        self.name = name
        self._info = SourceInfo(
            has_video, has_audio, VIEW_WIDTH, VIEW_HEIGHT, fps, detail="pushed by a program"
        )
        self._feed: Feed | None = None
        self._num_frames = 0
        self._has_begun = False
        self._is_open = threading.Event()
        self._is_closed = threading.Event()

    def probe(self) -> SourceInfo:
        return self._info

    def run(self, feed: Feed, stop: threading.Event) -> None:
        self._feed = feed
        self._is_open.set()
        while not self._is_closed.is_set() and self._wait(feed, stop):
            if self._has_begun:  # a camera that never came is not missed
                feed.check_silence()
        self._feed = None

    def wait_open(self, timeout_s: float) -> bool:
        """Wait until the session takes what is pushed; False after the timeout."""
        return self._is_open.wait(timeout_s)

    def push_frame(self, pixels: NDArray[np.uint8], t_ns: int | None = None) -> bool:
        """Give a picture, RGB uint8 [H, W, 3] of any size, captured at session time `t_ns` (default: now).

        Returns False where nobody takes it: before the session has opened the source, or after the end.
        Raises SourceError for an array of another form.
        """
        feed = self._feed
        if feed is None:
            return False
        self._has_begun = True
        when_ns = feed.clock.now_ns() if t_ns is None else t_ns
        view = self._view(pixels)
        index, self._num_frames = self._num_frames, self._num_frames + 1
        # The pusher may go on to write into its array.
        native = native_of(pixels, copy=True)
        is_taken = feed.video(VideoFrame(feed.name, when_ns, view, None, index, native))
        self._promise(feed, when_ns)
        return is_taken

    def push_audio(self, samples: NDArray[np.float32], t_ns: int | None = None) -> bool:
        """Give sound, float32 [N] in -1..1 at 16 kHz mono, whose first sample was at `t_ns` (default: now).

        Returns and raises as `push_frame`.
        """
        feed = self._feed
        if feed is None:
            return False
        if samples.ndim != 1 or samples.dtype != np.float32:
            raise SourceError(
                f"{self.name}: sound must be float32 [N], not {samples.dtype} {list(samples.shape)}"
            )
        self._has_begun = True
        when_ns = feed.clock.now_ns() if t_ns is None else t_ns
        is_taken = feed.audio(AudioChunk(feed.name, when_ns, samples.copy()))
        self._promise(feed, when_ns)
        return is_taken

    @property
    def feed(self) -> Feed | None:
        """Where what is pushed goes; None while the session does not take it."""
        return self._feed

    def promise(self, t_ns: int) -> None:
        """Played fast with frames and sound: nothing at or before `t_ns` will be pushed any more."""
        if self._feed is not None:
            self._feed.watermark(t_ns)

    def close(self) -> None:
        """The end of the source; what was pushed is still read."""
        self._is_closed.set()

    def _promise(self, feed: Feed, t_ns: int) -> None:
        # With two tracks only the one who pushes knows whether the other may still bring something older.
        if not (self._info.has_video and self._info.has_audio):
            feed.watermark(t_ns)

    def _wait(self, feed: Feed, stop: threading.Event) -> bool:
        if feed.realtime:
            return feed.clock.wait_until(feed.clock.now_ns() + _WATCH_NS, stop)
        # Played fast, only the ticks move the clock.
        self._is_closed.wait(_CHECK_S)
        return not stop.is_set()

    def _view(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8 or not pixels.size:
            raise SourceError(
                f"{self.name}: a frame must be uint8 [H, W, 3], not {pixels.dtype} {list(pixels.shape)}"
            )
        if pixels.shape[:2] == (VIEW_HEIGHT, VIEW_WIDTH):
            return pixels.copy()
        small = cv2.resize(pixels, (VIEW_WIDTH, VIEW_HEIGHT), interpolation=cv2.INTER_AREA)
        return small.astype(np.uint8, copy=False)
