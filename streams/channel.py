"""Bounded channels between threads: each has a size, a policy for when it is full, and statistics."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Policy(StrEnum):
    """What a full channel does with one more item."""

    LATEST = "latest"  # the newest replaces what waits (video)
    BLOCK = "block"  # the giver waits (control, text, everything in fast mode)
    DROP_OLDEST = "drop_oldest"  # the oldest make room (audio)


REPLACED = "replaced"  # LATEST: a newer item came before this one was taken
OVERFLOW = "overflow"  # DROP_OLDEST: too many waited
CLOSED = "closed"  # put after, or while, the channel was closed

_CAUSE_OF_EVICTION = {Policy.LATEST: REPLACED, Policy.DROP_OLDEST: OVERFLOW}


@dataclass(frozen=True, slots=True)
class ChannelStatistics:
    """Counts since the channel was made, in items; `depth` and `maxsize` in the channel's own unit."""

    put: int
    taken: int
    dropped: Mapping[str, int]  # cause -> items
    depth: int
    maxsize: int


class Channel(Generic[T]):
    """A queue for one kind of item; any thread may put and take.

    It ends by closing; what waits then can still be taken. `size_of` weighs an item in the unit of
    `maxsize` (default: each item is 1). A single item larger than `maxsize` is let into an empty channel,
    so that nothing can block for ever.
    """

    def __init__(
        self,
        maxsize: int,
        policy: Policy,
        *,
        size_of: Callable[[T], int] | None = None,
        on_put: Callable[[], None] | None = None,
    ) -> None:
        if maxsize < 1:
            raise ValueError(f"maxsize is {maxsize}; give at least 1")
        self.maxsize = maxsize
        self.policy = policy
        self.on_put = on_put  # called without the lock, in the giver's thread, after each put and on close
        self._size_of: Callable[[T], int] = size_of or _one
        self._items: deque[T] = deque()
        self._depth = 0
        self._num_put = 0
        self._num_taken = 0
        self._dropped: Counter[str] = Counter()
        self._is_closed = False
        self._room = threading.Condition()

    def put(self, item: T) -> bool:
        """Offer an item; BLOCK waits for room. False once closed: the item then counts as dropped."""
        size = self._size_of(item)
        with self._room:
            self._num_put += 1
            if self.policy is Policy.BLOCK:
                self._room.wait_for(lambda: self._is_closed or self._has_room(size))
            if self._is_closed:
                self._dropped[CLOSED] += 1
                return False
            while not self._has_room(size):
                self._pop()
                self._dropped[_CAUSE_OF_EVICTION[self.policy]] += 1
            self._items.append(item)
            self._depth += size
        self._tell()
        return True

    def take_nowait(self) -> T | None:
        """The oldest item that waits, or None."""
        taken = self._take(lambda _: True, limit=1)
        return taken[0] if taken else None

    def drain(self) -> list[T]:
        """All that waits, oldest first."""
        return self._take(lambda _: True)

    def take_while(self, wanted: Callable[[T], bool]) -> list[T]:
        """From the oldest on, all items until the first that is not wanted."""
        return self._take(wanted)

    def close(self) -> None:
        """Refuse further items and free blocked givers; closing twice is fine."""
        with self._room:
            self._is_closed = True
            self._room.notify_all()
        self._tell()

    @property
    def is_closed(self) -> bool:
        return self._is_closed

    def statistics(self) -> ChannelStatistics:
        with self._room:
            return ChannelStatistics(
                self._num_put, self._num_taken, dict(self._dropped), self._depth, self.maxsize
            )

    def __len__(self) -> int:
        return len(self._items)

    def _take(self, wanted: Callable[[T], bool], limit: int | None = None) -> list[T]:
        taken: list[T] = []
        with self._room:
            while self._items and len(taken) != limit and wanted(self._items[0]):
                taken.append(self._pop())
            self._num_taken += len(taken)
            if taken:
                self._room.notify_all()
        return taken

    def _has_room(self, size: int) -> bool:
        return not self._items or self._depth + size <= self.maxsize

    def _pop(self) -> T:
        item = self._items.popleft()
        self._depth -= self._size_of(item)
        return item

    def _tell(self) -> None:
        if self.on_put is not None:
            self.on_put()


def _one(_: Any) -> int:
    return 1
