"""Gives the messages of a decoder child to a feed: pictures as frames, samples as chunks, all on session time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .clock import NS_PER_S, monotonic_ns
from .media import VIEW_HEIGHT, VIEW_WIDTH, EventKind, VideoFrame
from .native import native_of
from .sound import DOWNMIX_GAIN, Chunker
from .source import Feed
from .wire import Message, Opened, Picture, Sound

_OLDEST_NS = 10 * NS_PER_S  # nothing that arrives now was captured longer ago


class ChildIntake:
    """One camera's way from wire to feed. Numbers and times are checked: a child is not trusted."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._chunker = Chunker(feed.name)
        self._size: tuple[int, int] | None = None
        self._last_ns = 0
        self._num_frames = 0

    def take(self, message: Message) -> None:
        """Pass on what the message brings."""
        if isinstance(message, Picture):
            self._take_picture(message)
        elif isinstance(message, Sound):
            self._take_sound(message)
        elif isinstance(message, Opened):
            self._note_size((message.width, message.height))

    def _take_picture(self, picture: Picture) -> None:
        if picture.view_size != (VIEW_WIDTH, VIEW_HEIGHT) or 0 in picture.size:
            return
        feed = self._feed
        feed.count(
            passed=picture.num_passed, packets=picture.num_packets, packets_damaged=picture.num_damaged
        )
        feed.lose(picture.num_replaced, "replaced in the decoder")
        pixels = np.frombuffer(picture.pixels, np.uint8)
        num_view = 3 * VIEW_WIDTH * VIEW_HEIGHT
        view = pixels[:num_view].reshape(VIEW_HEIGHT, VIEW_WIDTH, 3)
        native = native_of(pixels[num_view:].reshape(picture.size[1], picture.size[0], 3))
        self._last_ns = t_ns = max(self._last_ns, self._session_ns(picture.t_ns))
        index, self._num_frames = self._num_frames, self._num_frames + 1
        feed.video(VideoFrame(feed.name, t_ns, view, None, index, native))
        feed.watermark(t_ns)

    def _take_sound(self, sound: Sound) -> None:
        samples: NDArray[np.float32] = np.nan_to_num(np.frombuffer(sound.samples, np.float32))
        if sound.num_channels > 1:
            samples = samples * DOWNMIX_GAIN
        for chunk in self._chunker.put(samples, self._session_ns(sound.t_ns)):
            self._feed.audio(chunk)

    def _session_ns(self, captured_ns: int) -> int:
        now_ns, age_ns = self._feed.clock.now_ns(), monotonic_ns() - captured_ns
        return max(0, now_ns - min(max(0, age_ns), _OLDEST_NS))

    def _note_size(self, size: tuple[int, int]) -> None:
        if self._size is not None and 0 not in size and size != self._size:
            old, new = (f"{width}x{height}" for width, height in (self._size, size))
            self._feed.event(EventKind.RESIZED, f"{self._feed.name}: from {old} to {new}")
        self._size = size if 0 not in size else self._size
