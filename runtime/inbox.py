"""The inbox: what has come from all sources since the last tick, gathered into one `Inputs`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..streams.channel import Channel, Policy
from ..streams.media import AudioChunk, Inputs, SourceEvent, TextInput, VideoFrame
from ..streams.source import Feed

_MAX_TEXTS = 64  # lines waiting between two ticks; more than that is no person, and the oldest go
_ALWAYS_NS = 2**63 - 1


@dataclass(frozen=True, slots=True)
class IntakeStatistics:
    """What became of one source's frames on their way to the ticks, made by the inbox."""

    frames_in: int  # that came to the source, decoded or not
    frames_taken: int  # handed to a tick
    passed: int  # not needed: a newer frame came before the next tick looked
    dropped: Mapping[str, int]  # cause -> frames
    frames_waiting: int
    behind_max_ns: int  # how late a frame was given, in real time
    first_ns: int | None = None  # when frames began to come; None if none has
    not_decoded: int = 0  # of frames_in: packets that said nothing new, or that the decoder refused


class Intake:
    """One source's side of the inbox: what has left the feed and waits for its tick."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self._frames: list[VideoFrame] = []
        self._chunks: list[AudioChunk] = []
        self._num_taken = 0
        self._num_passed = 0
        self._first_ns: int | None = None

    def make_room(self) -> None:
        """Empties the feed's channels, so that a source that blocks can go on to bring what is still missing."""
        self._frames += self.feed.video_channel.drain()
        self._chunks += self.feed.audio_channel.drain()

    def take_frame(self, until_ns: int) -> VideoFrame | None:
        """The newest frame up to and including `until_ns`; the older ones are passed over."""
        # No more than what is due: what stays in the channel holds a fast source back.
        self._frames += self.feed.video_channel.take_while(lambda frame: frame.t_ns <= until_ns)
        num_due = sum(frame.t_ns <= until_ns for frame in self._frames)
        due, self._frames = self._frames[:num_due], self._frames[num_due:]
        if not due:
            return None
        if self._first_ns is None:
            # A live source may begin before the media time 0 of the session's files.
            self._first_ns = min(due[0].t_ns, self.feed.start_ns)
        self._num_taken += 1
        self._num_passed += num_due - 1
        return due[-1]

    def take_audio(self, before_ns: int) -> list[AudioChunk]:
        """All sound that begins before `before_ns`, in order."""
        self._chunks += self.feed.audio_channel.take_while(lambda chunk: chunk.t_ns < before_ns)
        num_due = sum(chunk.t_ns < before_ns for chunk in self._chunks)
        due, self._chunks = self._chunks[:num_due], self._chunks[num_due:]
        return due

    @property
    def is_exhausted(self) -> bool:
        """The source has ended and nothing of it waits."""
        num_waiting = len(self._frames) + len(self._chunks)
        num_waiting += len(self.feed.video_channel) + len(self.feed.audio_channel)
        return self.feed.is_finished and num_waiting == 0

    def statistics(self) -> IntakeStatistics:
        feed = self.feed.statistics()
        not_decoded = feed.packets_skipped + feed.packets_damaged
        num_waiting = len(self._frames) + len(self.feed.video_channel)
        return IntakeStatistics(
            frames_in=feed.frames_in + not_decoded,
            frames_taken=self._num_taken,
            passed=feed.passed + self._num_passed,
            dropped=feed.dropped,
            frames_waiting=num_waiting,
            behind_max_ns=feed.max_lag_ns,
            first_ns=self._first_ns,
            not_decoded=not_decoded,
        )


class Inbox:
    """Gathers from the feeds of one session: the newest frame per camera, all sound and text, all events.

    `text` may be called from any thread. `ready` belongs to the loop, `take` to the tick; they never overlap,
    because a tick begins only after its `ready`.
    """

    def __init__(self, *, realtime: bool) -> None:
        self._realtime = realtime
        self._intakes: dict[str, Intake] = {}
        self._texts: Channel[TextInput] = Channel(_MAX_TEXTS, Policy.DROP_OLDEST, on_put=self.wake)
        self._waiting_texts: list[TextInput] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._news = asyncio.Event()
        self._is_closed = False

    def add(self, feed: Feed) -> None:
        self._intakes[feed.name] = Intake(feed)

    def text(self, text: TextInput) -> None:
        """A typed line, for the next tick at or after its time."""
        self._texts.put(text)

    def wake(self) -> None:
        """Something has come; to be called by feeds from their own threads."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._news.set)

    async def ready(self, t_ns: int) -> None:
        """Waits until no source can bring anything more for a tick at `t_ns`, or the inbox is closed."""
        self._loop = asyncio.get_running_loop()
        while True:
            self._news.clear()
            late = [intake for intake in self._intakes.values() if intake.feed.watermark_ns < t_ns]
            if not late or self._is_closed:
                return
            for intake in late:
                intake.make_room()
            await self._news.wait()

    def take(self, t_ns: int) -> Inputs:
        """All that the tick at `t_ns` looks at. In real time whatever has come belongs to it."""
        until_ns = _ALWAYS_NS if self._realtime else t_ns
        frames = {name: intake.take_frame(until_ns) for name, intake in self._intakes.items()}
        audio = {name: intake.take_audio(until_ns) for name, intake in self._intakes.items()}
        return Inputs(
            t_ns=t_ns,
            frames={name: frame for name, frame in frames.items() if frame is not None},
            audio={name: chunks for name, chunks in audio.items() if chunks},
            texts=self._take_texts(until_ns),
            events=self.take_events(),
        )

    def take_events(self) -> Sequence[SourceEvent]:
        """What happened to the sources since last asked, by time."""
        events = [event for intake in self._intakes.values() for event in intake.feed.event_channel.drain()]
        return sorted(events, key=lambda event: event.t_ns)

    @property
    def is_exhausted(self) -> bool:
        """All sources have ended and all that they brought was taken."""
        return all(intake.is_exhausted for intake in self._intakes.values())

    def statistics(self) -> dict[str, IntakeStatistics]:
        return {name: intake.statistics() for name, intake in self._intakes.items()}

    def close(self) -> None:
        """Nobody waits for news any more."""
        self._is_closed = True
        self.wake()

    def _take_texts(self, until_ns: int) -> list[TextInput]:
        texts = sorted([*self._waiting_texts, *self._texts.drain()], key=lambda text: text.t_ns)
        self._waiting_texts = [text for text in texts if text.t_ns > until_ns]
        return [text for text in texts if text.t_ns <= until_ns]
