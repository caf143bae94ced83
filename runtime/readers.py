"""The reader threads of a session: opened together, and ended together within a bounded time."""

from __future__ import annotations

from collections.abc import Sequence

from ..streams.clock import NS_PER_S, Clock, perf_ns
from ..streams.media import EventKind, SourceEvent
from ..streams.reader import JOIN_TIMEOUT_S, Reader
from ..streams.source import Feed
from .inbox import Inbox
from .opening import OpenedSource


class Readers:
    """One thread for each source that can run; leaving the `with` block ends them."""

    def __init__(
        self, opened: Sequence[OpenedSource], inbox: Inbox, clock: Clock, *, realtime: bool, start_ns: int
    ) -> None:
        self._clock = clock
        self._readers: list[Reader] = []
        for one in opened:
            if one.info is not None:
                feed = Feed(one.name, clock, realtime=realtime, start_ns=start_ns, on_put=inbox.wake)
                inbox.add(feed)
                if one.trouble:
                    feed.interrupt(one.trouble)
                self._readers.append(Reader(one.source, feed))

    def start(self) -> None:
        for reader in self._readers:
            reader.start()

    def close(self) -> list[SourceEvent]:
        """Asks all to end and waits for them together, for 2 s at most; an event for each that does not."""
        for reader in self._readers:
            reader.stop()
        until_ns = perf_ns() + int(JOIN_TIMEOUT_S * NS_PER_S)
        stuck = [
            reader.feed.name
            for reader in self._readers
            if not reader.join(max(0.0, (until_ns - perf_ns()) / NS_PER_S))
        ]
        detail = f"did not end within {JOIN_TIMEOUT_S:.0f} s and was left behind"
        return [
            SourceEvent(name, self._clock.now_ns(), EventKind.BROKEN, f"{name}: {detail}") for name in stuck
        ]
