"""A thread that runs one source: its return becomes ENDED, its exception BROKEN."""

from __future__ import annotations

import contextlib
import threading

from .media import EventKind
from .source import Feed, Source

JOIN_TIMEOUT_S = 2.0


class Reader:
    """Runs `source.run(feed, stop)` in a thread of its own and reports how it ended as an event.

    The thread is a daemon: a driver that blocks for ever cannot keep the program alive.
    """

    def __init__(self, source: Source, feed: Feed) -> None:
        self.source = source
        self.feed = feed
        self._stop = threading.Event()
        self._awake = contextlib.ExitStack()
        self._thread = threading.Thread(target=self._run, name=f"reader-{feed.name}", daemon=True)

    def start(self) -> None:
        # Registered before the thread runs, so that a virtual clock cannot move without it. In fast mode
        # sources do not sleep on the clock, and the one who ticks moves the time.
        if self.feed.realtime:
            self._awake.enter_context(self.feed.clock.participant())
        self._thread.start()

    def stop(self) -> None:
        """Ask the source to end and free it where it blocks; returns at once."""
        self._stop.set()
        self.feed.finish()

    def join(self, timeout_s: float = JOIN_TIMEOUT_S) -> bool:
        """Stop and wait for the thread; False if it is still busy after `timeout_s`."""
        self.stop()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def wait(self, timeout_s: float) -> bool:
        """Wait for the source to end by itself; False after the timeout."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def _run(self) -> None:
        with self._awake:
            try:
                self.source.run(self.feed, self._stop)
            except Exception as error:
                # A source must never take the session with it, whatever goes wrong inside its libraries.
                self.feed.event(EventKind.BROKEN, one_line(self.feed.name, error))
            else:
                self.feed.event(EventKind.ENDED, f"{self.feed.name}: ended")
            finally:
                self.feed.finish()


def one_line(name: str, error: Exception) -> str:
    """What a person reads when the source called `name` breaks: no line breaks, always with the name."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if name in text else f"{name}: {text}"
