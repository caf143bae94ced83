"""What every source promises, and the feed through which it gives what it has.

A source runs in a reader thread (`streams/reader.py`). Its `run` may decode in place, shovel from the pipe of
a child process, or wait while other code pushes: all it needs is the feed.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from .channel import Channel, Policy
from .clock import NS_PER_S, Clock
from .media import SAMPLE_RATE_HZ, AudioChunk, EventKind, SourceEvent, VideoFrame

SILENCE_NS = 2 * NS_PER_S  # a live source without news for so long is reported
NEVER_NS = 2**63 - 1  # the watermark of a source that has ended

_MAX_AUDIO_SAMPLES = 2 * SAMPLE_RATE_HZ
_MAX_FRAMES_FAST = 64
_NATIVE_WEIGHT = 8  # of a frame that holds its native picture, which may take megabytes: fewer of them wait
_MAX_EVENTS = 256


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What a quick look at a source tells, made by its `probe`."""

    has_video: bool
    has_audio: bool
    width: int = 0
    height: int = 0
    fps: float = 0.0  # 0 where unknown
    duration_ns: int | None = None  # None where unknown or endless
    detail: str = ""  # one line for a person: codec, device
    is_live: bool = False  # cannot be played faster than it happens


class Source(Protocol):
    """Somewhere media come from."""

    name: str  # the default name; what it gives carries `feed.name`

    def probe(self) -> SourceInfo:
        """A quick look without keeping anything open.

        Raises SourceError or MissingDependencyError with one line that names the source and what to do.
        """
        ...

    def run(self, feed: Feed, stop: threading.Event) -> None:
        """Give everything to the feed until the end or until `stop` is set; an exception means broken."""
        ...


@dataclass(frozen=True, slots=True)
class FeedStatistics:
    """Counts of one source since it was opened, made by its feed."""

    frames_in: int  # decoded or offered
    passed: int  # of those, not needed and not converted: fewer are read than come
    dropped: Mapping[str, int]  # cause -> frames
    audio_dropped: Mapping[str, int]  # cause -> chunks
    packets: int  # of video
    packets_skipped: int  # of those, never decoded
    packets_damaged: int  # of those, refused by the decoder
    max_lag_ns: int  # in real time: the longest that any frame was given after its time


class Feed:
    """The source's side of the inbox: three channels, a watermark and counters. Any thread may use it.

    In real time only the newest frame and the last 2 s of sound wait. In fast mode nothing is dropped and the
    source blocks: whoever waits for the watermark has to go on taking what is older.
    """

    def __init__(
        self,
        name: str,
        clock: Clock,
        *,
        realtime: bool,
        start_ns: int = 0,
        on_put: Callable[[], None] | None = None,
    ) -> None:
        self.name = name
        self.clock = clock
        self.realtime = realtime
        self.start_ns = start_ns  # session time of the source's zero
        # Gets each chunk of sound as it comes, in the thread that gives it.
        self.on_audio: Callable[[AudioChunk], None] | None = None
        self._on_put = on_put
        self.video_channel: Channel[VideoFrame] = Channel(
            1 if realtime else _MAX_FRAMES_FAST,
            Policy.LATEST if realtime else Policy.BLOCK,
            size_of=_weight,
            on_put=on_put,
        )
        self.audio_channel: Channel[AudioChunk] = Channel(
            _MAX_AUDIO_SAMPLES,
            Policy.DROP_OLDEST if realtime else Policy.BLOCK,
            size_of=lambda chunk: len(chunk.samples),
            on_put=on_put,
        )
        self.event_channel: Channel[SourceEvent] = Channel(_MAX_EVENTS, Policy.DROP_OLDEST, on_put=on_put)
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._dropped: Counter[tuple[str, str]] = Counter()
        self._watermark_ns = start_ns - 1
        self._max_lag_ns = 0
        self._last_news_ns = clock.now_ns()
        self._is_silent = False
        self._is_broken = False  # and trying again

    def video(self, frame: VideoFrame) -> bool:
        """Give a frame; False once the feed is closed."""
        self._note_news()
        with self._lock:
            self._counts["frames_in"] += 1
            if self.realtime:
                self._max_lag_ns = max(self._max_lag_ns, self.clock.now_ns() - frame.t_ns)
        return self.video_channel.put(frame)

    def audio(self, chunk: AudioChunk) -> bool:
        """Give sound; False once the feed is closed."""
        self._note_news()
        if (on_audio := self.on_audio) is not None:
            on_audio(chunk)
        return self.audio_channel.put(chunk)

    def event(self, kind: EventKind, detail: str = "", t_ns: int | None = None) -> None:
        """Report something; without a time it happened now (in fast mode: at the watermark)."""
        if t_ns is None:
            t_ns = self.clock.now_ns() if self.realtime else self._last_media_ns()
        self.event_channel.put(SourceEvent(self.name, t_ns, kind, detail))

    def watermark(self, t_ns: int) -> None:
        """Promise that all frames up to and including `t_ns`, and all audio before it, have been given."""
        with self._lock:
            self._watermark_ns = max(self._watermark_ns, t_ns)
        # In real time nobody waits for a watermark, so nobody is woken for it.
        if self._on_put is not None and not self.realtime:
            self._on_put()

    def count(
        self, *, passed: int = 0, packets: int = 0, packets_skipped: int = 0, packets_damaged: int = 0
    ) -> None:
        """Add to the statistics: frames decoded but not given, and packets of video by their fate."""
        with self._lock:
            self._counts["frames_in"] += passed
            self._counts["passed"] += passed
            self._counts["packets"] += packets
            self._counts["packets_skipped"] += packets_skipped
            self._counts["packets_damaged"] += packets_damaged

    def drop(self, item: VideoFrame | AudioChunk, cause: str) -> None:
        """Count something that could not be given."""
        with self._lock:
            self._dropped["video" if isinstance(item, VideoFrame) else "audio", cause] += 1

    def lose(self, num: int, cause: str) -> None:
        """Count frames that were dropped before they came here."""
        if num:
            with self._lock:
                self._counts["frames_in"] += num
                self._dropped["video", cause] += num

    def interrupt(self, detail: str) -> None:
        """Report BROKEN, once, for a source that will try again; its next news is told as RESUMED."""
        if not self._is_broken:
            self._is_broken = True
            self.event(EventKind.BROKEN, detail)

    def check_silence(self) -> None:
        """Report SILENT once when nothing has come for 2 s; live sources call this now and then."""
        quiet_ns = self.clock.now_ns() - self._last_news_ns
        if quiet_ns >= SILENCE_NS and not (self._is_silent or self._is_broken):
            self._is_silent = True
            self.event(EventKind.SILENT, f"{self.name}: nothing has come for {quiet_ns / NS_PER_S:.1f} s")

    def finish(self) -> None:
        """Close: nothing more will come, blocked givers return, what waits can still be taken."""
        with self._lock:
            self._watermark_ns = NEVER_NS
        for channel in (self.video_channel, self.audio_channel, self.event_channel):
            channel.close()

    @property
    def watermark_ns(self) -> int:
        """See `watermark`; NEVER_NS once the source has ended."""
        return self._watermark_ns

    @property
    def is_finished(self) -> bool:
        return self._watermark_ns == NEVER_NS

    def statistics(self) -> FeedStatistics:
        with self._lock:
            return FeedStatistics(
                frames_in=self._counts["frames_in"],
                passed=self._counts["passed"],
                dropped=self._drops("video", self.video_channel),
                audio_dropped=self._drops("audio", self.audio_channel),
                packets=self._counts["packets"],
                packets_skipped=self._counts["packets_skipped"],
                packets_damaged=self._counts["packets_damaged"],
                max_lag_ns=self._max_lag_ns,
            )

    def _drops(self, medium: str, channel: Channel[Any]) -> Mapping[str, int]:
        own = {cause: num for (kind, cause), num in self._dropped.items() if kind == medium}
        return {**channel.statistics().dropped, **own}

    def _note_news(self) -> None:
        self._last_news_ns = self.clock.now_ns()
        if self._is_silent or self._is_broken:
            self._is_silent = self._is_broken = False
            self.event(EventKind.RESUMED, f"{self.name}: is back")

    def _last_media_ns(self) -> int:
        return max(self._watermark_ns, self.start_ns)


def _weight(frame: VideoFrame) -> int:
    return 1 if frame.native is None else _NATIVE_WEIGHT
