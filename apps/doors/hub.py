"""The hub: everything the agent says and does, to as many listeners as there are."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Collection, Mapping
from typing import Any

from .past import Message, Past

_WAITING = 256  # messages for one listener; a slow one loses the oldest


class Listener:
    """One who listens. Iterate to get messages; leave by `Hub.leave`."""

    def __init__(self, kinds: Collection[str] | None) -> None:
        self.kinds = frozenset(kinds) if kinds is not None else None
        self.num_dropped = 0
        self._waiting: deque[Message] = deque()
        self._news = asyncio.Event()
        self._is_closed = False

    def put(self, message: Message) -> None:
        """Never blocks: where too many wait, the oldest goes."""
        if self.kinds is not None and message.kind not in self.kinds:
            return
        if len(self._waiting) >= _WAITING:
            self._waiting.popleft()
            self.num_dropped += 1
        self._waiting.append(message)
        self._news.set()

    def close(self) -> None:
        """End the iteration once what waits is taken."""
        self._is_closed = True
        self._news.set()

    async def __aiter__(self) -> AsyncIterator[Message]:
        while True:
            while self._waiting:
                yield self._waiting.popleft()
            if self._is_closed:
                return
            self._news.clear()
            await self._news.wait()


class Hub:
    """Passes messages on. Used from the event loop alone."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()
        self.latest: dict[str, Message] = {}  # of each kind: what a newcomer is told first
        self.past = Past()

    def join(self, kinds: Collection[str] | None = None) -> Listener:
        """Listen to messages of these kinds, or to all."""
        listener = Listener(kinds)
        self._listeners.add(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        """Stop listening."""
        self._listeners.discard(listener)
        listener.close()

    def publish(self, kind: str, body: Mapping[str, Any]) -> None:
        """Tell everybody."""
        message = self.past.add(kind, body)
        self.latest[kind] = message
        for listener in self._listeners:
            listener.put(message)

    def wants(self, kind: str) -> bool:
        """Whether anybody would hear a message of this kind."""
        return any(each.kinds is None or kind in each.kinds for each in self._listeners)

    def close(self) -> None:
        """End all listening."""
        for listener in self._listeners:
            listener.close()

    @property
    def num_listeners(self) -> int:
        return len(self._listeners)
