"""Remembers of each video packet when it is shown and how new it looked, until its frame comes out."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from .clock import NS_PER_MS

# A tick looks five times a second: the frame it takes has to tell what happened since the one before.
NOVELTY_WINDOW_NS = 250 * NS_PER_MS


@dataclass(frozen=True, slots=True)
class Entry:
    """What the packets up to one frame told, made by the ledger."""

    t_ns: int | None  # None if the frame's packet is not known
    novelty: float  # the largest of the last quarter of a second
    num_skipped: int  # packets before it that gave no frame


class PacketLedger:
    """Frames come out later and in another order than packets go in; some packets never give one."""

    def __init__(self) -> None:
        self._open: dict[int, tuple[int, float]] = {}
        self._recent: deque[tuple[int, float]] = deque()

    def enter(self, pts: int, t_ns: int, novelty: float) -> None:
        self._open[pts] = (t_ns, novelty)

    def settle(self, pts: int) -> Entry:
        """Close the books up to and including the frame with this time stamp."""
        t_ns = self._open[pts][0] if pts in self._open else None
        due = sorted(stamp for stamp in self._open if stamp <= pts)
        self._recent.extend(self._open.pop(stamp) for stamp in due)
        while self._recent and self._recent[0][0] <= self._recent[-1][0] - NOVELTY_WINDOW_NS:
            self._recent.popleft()
        novelty = max((novelty for _, novelty in self._recent), default=0.0)
        return Entry(t_ns, novelty, len(due) - (t_ns is not None))

    def abandon(self) -> int:
        """Forget all packets that have given no frame; returns how many."""
        num_open = len(self._open)
        self._open.clear()
        return num_open
