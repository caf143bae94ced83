"""What waits in a decoder child for its parent: messages in order, and of the pictures only the newest."""

from __future__ import annotations

import os
import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .clock import monotonic_ns
from .wire import Message, Sound, Trouble, encode

_MAX_SOUNDS = 64  # packets, some two seconds; the oldest go
COUNTS = ("passed", "replaced", "packets", "damaged")

Paint = Callable[
    [Mapping[str, int]], Message
]  # makes the message of a picture; gets the counts since the last


@dataclass(slots=True)
class _Waiting:
    """What one look at the outbox found to send."""

    messages: list[Message]
    paint: Paint | None
    counts: Mapping[str, int]


class Outbox:
    """A thread of its own writes, so that decoding never waits for the parent.

    A picture is painted (scaled) only when it is sent: when the parent has taken the one before.
    """

    def __init__(self, fd: int) -> None:
        self.sent_ns = monotonic_ns()  # when something was last put here
        self._fd = fd
        self._messages: deque[Message] = deque()
        self._sounds: deque[Sound] = deque(maxlen=_MAX_SOUNDS)
        self._paint: Paint | None = None
        self._has_credit = True
        self._counts: Counter[str] = Counter()
        self._news = threading.Condition()
        threading.Thread(target=self._run, daemon=True).start()

    def put(self, message: Message) -> None:
        """A message that must arrive; with the end of a stream goes what still waits of it."""
        with self._news:
            if isinstance(message, Trouble):
                self._paint = None
                self._sounds.clear()
            self._messages.append(message)
            self._note()

    def sound(self, sound: Sound) -> None:
        """Sound; the oldest is lost where too much waits."""
        with self._news:
            self._sounds.append(sound)
            self._note()

    def picture(self, paint: Paint) -> None:
        """The newest picture, in place of one that still waits."""
        with self._news:
            self._counts["replaced"] += self._paint is not None
            self._paint = paint
            self._note()

    def count(self, what: str) -> None:
        """Add one to a count that goes with the next picture."""
        with self._news:
            self._counts[what] += 1

    def credit(self) -> None:
        """The parent has taken a picture."""
        with self._news:
            self._has_credit = True
            self._news.notify()

    def _note(self) -> None:
        self.sent_ns = monotonic_ns()
        self._news.notify()

    def _run(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._messages or self._sounds or self._can_paint())
                waiting = self._take()
            for message in waiting.messages:
                self._write(encode(message))
            if waiting.paint is not None:
                self._write(encode(waiting.paint(waiting.counts)))

    def _can_paint(self) -> bool:
        return self._has_credit and self._paint is not None

    def _take(self) -> _Waiting:
        waiting = _Waiting([*self._messages, *self._sounds], None, {})
        self._messages.clear()
        self._sounds.clear()
        if self._can_paint():
            waiting.paint, self._paint, self._has_credit = self._paint, None, False
            waiting.counts = {name: self._counts[name] for name in COUNTS}
            self._counts.clear()
        return waiting

    def _write(self, data: bytes) -> None:
        left = memoryview(data)
        try:
            while left:
                left = left[os.write(self._fd, left) :]
        except OSError:
            os._exit(0)  # nobody reads
