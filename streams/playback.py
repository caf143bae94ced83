"""Reads an open file packet by packet and gives frames and sound in one order of time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import av
from av.container import InputContainer

from ..errors import SourceError
from .clock import NS_PER_MS, NS_PER_S
from .container import origin_ns, stated_end_ns, tracks_of
from .decoder import VideoDecoder
from .media import AudioChunk, VideoFrame
from .merge import Merge
from .sound import SoundDecoder
from .source import Feed
from .timeline import Timeline, to_ns

Item: TypeAlias = VideoFrame | AudioChunk

READ_AHEAD_NS = 100 * NS_PER_MS
_VIDEO, _AUDIO = "video", "audio"
_CUT_NS = NS_PER_S // 2  # a file that ends so much before its stated end was cut
_MAX_UNREADABLE_IN_A_ROW = 20
_USUAL_FPS = 25
_SOUND_STEP_NS = 20 * NS_PER_MS


class Playback:
    """One pass through an open file. `items` yields everything; waiting for its time is up to the caller."""

    def __init__(self, container: InputContainer, path: Path, feed: Feed, *, is_sparse: bool) -> None:
        self._container = container
        self._path = path
        self._feed = feed
        self._tracks = tracks_of(container, path, feed.name)
        origin = origin_ns(container, self._tracks)
        self._video: VideoDecoder | None = None
        self._sound: SoundDecoder | None = None
        if self._tracks.video is not None:
            rate = self._tracks.video.average_rate or self._tracks.video.guessed_rate or _USUAL_FPS
            step_ns = int(NS_PER_S / rate)
            timeline = Timeline(origin, feed.start_ns, step_ns)
            self._video = VideoDecoder(
                self._tracks.video, timeline, feed, is_sparse=is_sparse, step_ns=step_ns
            )
        if self._tracks.audio is not None:
            timeline = Timeline(origin, feed.start_ns, _SOUND_STEP_NS)
            self._sound = SoundDecoder(self._tracks.audio, timeline, feed)
        names = [name for name, track in ((_VIDEO, self._video), (_AUDIO, self._sound)) if track is not None]
        self._merge: Merge[Item] = Merge(names, feed.start_ns)
        self._origin_ns = origin
        self._end_ns = 0  # of all that has been read, from the file's zero

    def items(self) -> Iterator[tuple[int, Item | None]]:
        """Times and items, oldest first; None says that all up to this time has been given."""
        told_ns = self._feed.start_ns
        for packet in self._packets():
            self._take(packet)
            for t_ns, item in self._merge.release():
                told_ns = t_ns
                yield t_ns, item
            if self._merge.safe_ns - told_ns >= READ_AHEAD_NS:
                told_ns = self._merge.safe_ns
                yield told_ns, None
        self._finish()
        yield from self._merge.release()

    def catch_up(self) -> None:
        """The caller is far behind its time: leave out pictures until the next key picture."""
        if self._video is not None:
            self._video.skip_to_key()

    def check_end(self) -> None:
        """Raise SourceError if the file ended before the end that its header states."""
        stated_ns = stated_end_ns(self._container)
        if stated_ns is not None and self._end_ns < stated_ns - _CUT_NS:
            raise SourceError(
                f"{self._feed.name}: {self._path} ends after {self._end_ns / NS_PER_S:.1f} s of"
                f" {stated_ns / NS_PER_S:.1f} s; it was cut, copy or record it again"
            )

    def _packets(self) -> Iterator[av.Packet[Any]]:
        streams = [stream for stream in (self._tracks.video, self._tracks.audio) if stream is not None]
        num_unreadable = 0
        while num_unreadable < _MAX_UNREADABLE_IN_A_ROW:
            try:
                for packet in self._container.demux(streams):
                    if packet.size:
                        num_unreadable = 0
                        self._note_end(packet)
                        yield packet
                return
            except av.error.FFmpegError:
                num_unreadable += 1
        raise SourceError(f"{self._feed.name}: {self._path} cannot be read on; it is damaged, copy it again")

    def _take(self, packet: av.Packet[Any]) -> None:
        if self._video is not None and packet.stream is self._tracks.video:
            for frame in self._video.decode(packet):
                self._hold(_VIDEO, frame)
            self._merge.promise(_VIDEO, self._video.promised_ns)
        elif self._sound is not None:
            for chunk in self._sound.decode(packet):
                self._hold(_AUDIO, chunk)
            self._merge.promise(_AUDIO, self._sound.promised_ns)

    def _finish(self) -> None:
        if self._video is not None:
            for frame in self._video.finish():
                self._hold(_VIDEO, frame)
            self._merge.end(_VIDEO)
        if self._sound is not None:
            for chunk in self._sound.finish():
                self._hold(_AUDIO, chunk)
            self._merge.end(_AUDIO)

    def _hold(self, track: str, item: Item) -> None:
        if not self._merge.put(track, item.t_ns, item):
            self._feed.drop(item, "late")

    def _note_end(self, packet: av.Packet[Any]) -> None:
        if packet.pts is not None and packet.time_base is not None:
            end_ns = to_ns(packet.pts + (packet.duration or 0), packet.time_base) - self._origin_ns
            self._end_ns = max(self._end_ns, end_ns)
