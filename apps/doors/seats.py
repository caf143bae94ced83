"""Seats: the fixed number of places for cameras in a session, and who sits in which."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ...errors import SourceError
from ...streams.clock import monotonic_ns
from ...streams.media import AudioChunk, EventKind
from ...streams.push import PushSource
from ...streams.reader import JOIN_TIMEOUT_S, one_line
from ...streams.source import Source


class NoSeatError(SourceError):
    """All seats are taken, or this one is."""


@dataclass(slots=True, eq=False)
class Seat:
    """One camera of the session, `cam1` and so on; the model knows it by its number, people by its label."""

    source: PushSource
    label: str = ""  # of who sits here, or sat here last; empty if nobody ever did
    is_taken: bool = False
    left_ns: int = 0  # when it was left
    _lost_before: Mapping[str, int] = field(default_factory=dict, repr=False)
    _player: _Player | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """What the model calls it."""
        return self.source.name

    def push_frame(self, pixels: NDArray[np.uint8], captured_ns: int | None = None) -> bool:
        """A picture RGB [H, W, 3], captured at `captured_ns` of this machine's monotonic clock (default: now)."""
        return self.source.push_frame(pixels, self._session_ns(captured_ns))

    def push_audio(self, samples: NDArray[np.float32], captured_ns: int | None = None) -> bool:
        """Sound [N] at 16 kHz, mono, whose first sample was heard at `captured_ns` of the monotonic clock."""
        return self.source.push_audio(samples, self._session_ns(captured_ns))

    def lose(self, num: int, cause: str) -> None:
        """Count pictures that were lost on their way here."""
        if self.source.feed is not None:
            self.source.feed.lose(num, cause)

    @property
    def lost(self) -> Mapping[str, int]:
        """Pictures of who sits here that no tick looked at, by cause."""
        return {
            cause: num - self._lost_before.get(cause, 0)
            for cause, num in self._lost_ever().items()
            if num > self._lost_before.get(cause, 0)
        }

    def forget_lost(self) -> None:
        """Somebody else sits here from now on."""
        self._lost_before = self._lost_ever()

    def _lost_ever(self) -> Mapping[str, int]:
        return self.source.feed.statistics().dropped if self.source.feed is not None else {}

    def play(self, source: Source, hear: Callable[[AudioChunk], None] | None = None) -> None:
        """Let a source (a file, an RTSP camera) run in this seat until it ends or `clear` is called.

        `hear` gets its sound too, in the thread of the source.
        """
        self.clear()
        self._player = _Player(self, source, hear)
        self._player.start()

    def clear(self) -> None:
        """End the source that runs here."""
        if self._player is not None:
            self._player.stop()
            self._player = None

    @property
    def is_playing(self) -> bool:
        """Whether a source runs here."""
        return self._player is not None and self._player.is_alive()

    def _session_ns(self, captured_ns: int | None) -> int | None:
        feed = self.source.feed
        if captured_ns is None or feed is None:
            return None
        now_ns = feed.clock.now_ns()
        return min(now_ns, max(0, captured_ns - monotonic_ns() + now_ns))


class _Player(threading.Thread):
    """Runs one source into the feed of a seat. The feed stays open when the source ends."""

    def __init__(self, seat: Seat, source: Source, hear: Callable[[AudioChunk], None] | None) -> None:
        super().__init__(name=f"seat-{seat.name}", daemon=True)
        self._seat, self._source, self._hear = seat, source, hear
        self._stop_event = threading.Event()

    def stop(self) -> None:
        self._stop_event.set()
        self.join(JOIN_TIMEOUT_S)

    def run(self) -> None:
        feed = self._seat.source.feed
        if feed is None:
            return
        feed.start_ns, feed.on_audio = feed.clock.now_ns(), self._hear
        label = self._seat.label or self._seat.name
        try:
            self._source.run(feed, self._stop_event)
        except Exception as error:  # whatever a library throws is one line about this camera
            feed.event(EventKind.BROKEN, one_line(label, error))
        else:
            feed.event(EventKind.ENDED, f"{label}: ended")
        finally:
            if feed.on_audio is self._hear:  # not that of a successor
                feed.on_audio = None


class Seats:
    """All seats of one session. Used from the event loop alone."""

    def __init__(self, num: int) -> None:
        sources = [PushSource(f"cam{n + 1}", has_audio=True) for n in range(num)]
        self.all: Sequence[Seat] = tuple(Seat(source) for source in sources)

    def take(self, label: str) -> Seat:
        """The seat for a camera of this label: its old one if it was here before, else one nobody ever had, else the
        one that was left longest ago. A label that is a seat's own name (`cam2`) asks for that seat.

        Raises NoSeatError.
        """
        seat = self._choose(label)
        if seat.label != label:
            seat.forget_lost()
        seat.is_taken, seat.label = True, label
        return seat

    def leave(self, seat: Seat) -> None:
        """Give a seat back; its label, and what the model remembers of it, stay."""
        seat.clear()
        seat.is_taken, seat.left_ns = False, monotonic_ns()

    def find(self, label: str) -> Seat | None:
        """The seat with this label or name, taken or not."""
        return next((s for s in self.all if label in (s.label, s.name)), None)

    def label_of(self, name: str) -> str:
        """What people call the seat of this name."""
        return next((s.label or s.name for s in self.all if s.name == name), name)

    def _choose(self, label: str) -> Seat:
        known = self.find(label)
        if known is not None:
            if known.is_taken:
                raise NoSeatError(
                    f"camera {label} is connected already; choose another name, or end it first"
                )
            return known
        free = [seat for seat in self.all if not seat.is_taken]
        if not free:
            taken = ", ".join(seat.label for seat in self.all)
            raise NoSeatError(f"all {len(self.all)} cameras are taken ({taken}); end one first")
        return min(free, key=lambda seat: (bool(seat.label), seat.left_ns))
