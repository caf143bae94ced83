"""Puts the items of several tracks of one source into one order of time."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar

from .clock import NS_PER_S
from .source import NEVER_NS

T = TypeVar("T")

# A track that lags further behind is not waited for: it has a gap, or the file is badly interleaved.
PATIENCE_NS = 10 * NS_PER_S


class Merge(Generic[T]):
    """Holds items until no track can give an older one. At equal times the first named track goes first.

    Each track promises as it goes: `promise(track, t_ns)` says that nothing at or before `t_ns` is to come
    (the first track) or nothing before it (the others).
    """

    def __init__(self, tracks: Sequence[str], start_ns: int) -> None:
        self._ranks = {track: rank for rank, track in enumerate(tracks)}
        self._promised_ns = dict.fromkeys(tracks, start_ns - 1)
        self._held: list[tuple[int, int, int, T]] = []
        self._next_ticket = 0
        self._newest_ns = start_ns
        self._released_ns = start_ns - PATIENCE_NS  # some tracks begin a little before their zero

    def put(self, track: str, t_ns: int, item: T) -> bool:
        """Hold an item; False if it comes too late: younger ones of another track have been released."""
        if t_ns < self._released_ns:
            return False
        heapq.heappush(self._held, (t_ns, self._ranks[track], self._next_ticket, item))
        self._next_ticket += 1
        self._newest_ns = max(self._newest_ns, t_ns)
        return True

    def promise(self, track: str, t_ns: int) -> None:
        self._promised_ns[track] = max(self._promised_ns[track], t_ns)

    def end(self, track: str) -> None:
        """Nothing more will come from this track."""
        self._promised_ns[track] = NEVER_NS

    def release(self) -> Iterator[tuple[int, T]]:
        """All items whose turn has come, with their times, oldest first."""
        while self._held and self._held[0][0] <= self.safe_ns:
            t_ns, _, _, item = heapq.heappop(self._held)
            self._released_ns = t_ns
            yield t_ns, item

    @property
    def safe_ns(self) -> int:
        """What has been promised by all tracks that are not hopelessly behind."""
        return max(min(self._promised_ns.values()), self._newest_ns - PATIENCE_NS)
