"""Plays a media file: in real time on the session clock, or as fast as it is read."""

from __future__ import annotations

import threading
from pathlib import Path

from .clock import NS_PER_S
from .container import describe, open_media, tracks_of
from .decoder import DecodeMode
from .media import AudioChunk, VideoFrame
from .playback import READ_AHEAD_NS, Item, Playback
from .source import Feed, SourceInfo

# Decoding catches up ten times faster than time runs; who is so late cannot, and goes on at a key picture.
_LOST_NS = 3 * NS_PER_S


class FileSource:
    """A video or sound file of any container and codec that FFmpeg reads.

    `decode` says how much is decoded: "auto" (all in fast mode, what changes in real time), "all", "sparse".
    """

    def __init__(
        self, path: str | Path, *, name: str | None = None, decode: str | DecodeMode = DecodeMode.AUTO
    ) -> None:
        self.path = Path(path).expanduser()
        self.name = name or self.path.stem or str(path)
        self.decode = DecodeMode(decode)

    def probe(self) -> SourceInfo:
        with open_media(self.path, self.name) as container:
            return describe(container, tracks_of(container, self.path, self.name))

    def run(self, feed: Feed, stop: threading.Event) -> None:
        is_sparse = self.decode is DecodeMode.SPARSE or (self.decode is DecodeMode.AUTO and feed.realtime)
        with open_media(self.path, feed.name) as container:
            playback = Playback(container, self.path, feed, is_sparse=is_sparse)
            for t_ns, item in playback.items():
                if not (_wait_until_due(feed, t_ns, item, stop) and _give(feed, item)):
                    return
                feed.watermark(t_ns)
                if feed.realtime and feed.clock.now_ns() - t_ns > _LOST_NS:
                    playback.catch_up()
            playback.check_end()


def _wait_until_due(feed: Feed, t_ns: int, item: Item | None, stop: threading.Event) -> bool:
    if not feed.realtime:
        return not stop.is_set()
    # Where there is nothing to give, reading ahead leaves time to wake a sleeping camera.
    return feed.clock.wait_until(t_ns if item is not None else t_ns - READ_AHEAD_NS, stop)


def _give(feed: Feed, item: Item | None) -> bool:
    if isinstance(item, VideoFrame):
        return feed.video(item)
    if isinstance(item, AudioChunk):
        return feed.audio(item)
    return True
