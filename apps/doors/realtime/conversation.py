"""The items of one conversation, as far back as they are kept."""

from __future__ import annotations

from collections.abc import Callable

from .events import Event, event
from .problem import RealtimeError

_ROOT = "root"


class Conversation:
    """What was typed, shown, heard and said, in order; the oldest goes where there are too many.

    It is the client's view. What the agent read, saw and said stays in its memory, whatever is deleted here; the event
    that tells of a deletion says whether there is anything of the item that it remembers.
    """

    def __init__(self, max_items: int, send: Callable[[Event], None]) -> None:
        self._max_items, self._send = max_items, send
        self._items: dict[str, Event] = {}
        self._unread: set[str] = set()  # of those, the ones of which the agent knows nothing

    @property
    def last_id(self) -> str | None:
        return next(reversed(self._items), None)

    def begin(self, item: Event, after: str | None = None) -> str | None:
        """Add an item that is not whole yet; returns the one before it. Raises RealtimeError."""
        item_id = item["id"]
        if item_id in self._items:
            raise RealtimeError(
                "item_exists", f"there is an item {item_id!r} already: give another id", "item.id"
            )
        before = self.last_id if after is None else None if after == _ROOT else self.find(after)["id"]
        order = list(self._items.items())
        place = 0 if before is None else [name for name, _ in order].index(before) + 1
        order.insert(place, (item_id, item))
        if len(order) > self._max_items:
            self._unread.discard(order.pop(0)[0])
        self._items = dict(order)
        self._send(event("conversation.item.added", previous_item_id=before, item=item))
        return before

    def end(self, item: Event, before: str | None) -> None:
        """The item is whole now."""
        if item["id"] in self._items:
            self._items[item["id"]] = item
        self._send(event("conversation.item.done", previous_item_id=before, item=item))

    def add(self, item: Event, after: str | None = None, *, is_read: bool = True) -> None:
        """Add a whole item, of which the agent knows or not. Raises RealtimeError."""
        before = self.begin(item, after)
        if not is_read and item["id"] in self._items:
            self._unread.add(item["id"])
        self.end(item, before)

    def mark_read(self, item_id: str) -> None:
        """The agent reads this item, if it is one."""
        self._unread.discard(item_id)

    def find(self, item_id: str) -> Event:
        """The item. Raises RealtimeError."""
        if item_id not in self._items:
            raise RealtimeError("item_not_found", f"there is no item {item_id[:64]!r}", "item_id")
        return self._items[item_id]

    def delete(self, item_id: str) -> None:
        """Take an item away. Raises RealtimeError."""
        self.find(item_id)
        del self._items[item_id]
        is_remembered = item_id not in self._unread
        self._unread.discard(item_id)
        self._send(
            event("conversation.item.deleted", item_id=item_id, millrace={"is_remembered": is_remembered})
        )

    def retrieve(self, item_id: str) -> None:
        """Send an item. Raises RealtimeError."""
        self._send(event("conversation.item.retrieved", item=self.find(item_id)))

    def truncate(self, item_id: str) -> None:
        """Only spoken answers can be cut: always raises RealtimeError."""
        self.find(item_id)
        raise RealtimeError(
            "item_without_audio", f"item {item_id[:64]!r} has no sound to cut: use response.cancel", "item_id"
        )
