"""What happened of late, for who was away and comes back."""

from __future__ import annotations

import secrets
from collections import defaultdict, deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

PASSING = frozenset({"tick", "glimpse"})  # they show the moment: nobody wants to be told of them later
_KEPT = 256  # messages of each kind: a sentence stays although there are many words


@dataclass(frozen=True, slots=True)
class Message:
    """One thing that happened: its kind, and what JSON tells of it."""

    kind: str  # delta, sentence, tick, glimpse, source, budget, cameras, alerts, speech, hush
    body: Mapping[str, Any]
    number: int = 0  # given by `Past`: its place among all that happened; 0 for what only shows the moment


class Past:
    """Numbers what happens and keeps the newest of each kind. Its size is bounded; used from the event loop alone."""

    def __init__(self, num_kept: int = _KEPT) -> None:
        self._run = secrets.token_hex(4)  # numbers of another run of the server mean nothing here
        self._number = 0
        self._kept: defaultdict[str, deque[Message]] = defaultdict(lambda: deque(maxlen=num_kept))
        self._forgotten: defaultdict[str, int] = defaultdict(int)  # kind -> number of the newest one gone

    def add(self, kind: str, body: Mapping[str, Any]) -> Message:
        """The message that tells of something; it is kept unless it only shows the moment."""
        if kind in PASSING:
            return Message(kind, body)
        self._number += 1
        message, kept = Message(kind, body, self._number), self._kept[kind]
        if len(kept) == kept.maxlen:
            self._forgotten[kind] = kept[0].number
        kept.append(message)
        return message

    def since(self, number: int, kinds: Collection[str]) -> tuple[list[Message], bool]:
        """All of these kinds after `number`, in order, and whether none of them is gone."""
        messages = [message for kind in kinds for message in self._kept[kind] if message.number > number]
        is_whole = all(self._forgotten[kind] <= number for kind in kinds)
        return sorted(messages, key=lambda message: message.number), is_whole

    def id_of(self, number: int) -> str:
        """What a reader gives to come back to this place."""
        return f"{self._run}.{number}"

    def number_of(self, text: str) -> int | None:
        """The place that an id names; None where it names none of this run."""
        run, _, digits = text.partition(".")
        # Only digits of ASCII, and not more than any number has: `int` takes much else.
        if run != self._run or not (digits.isascii() and digits.isdecimal() and len(digits) < 20):
            return None
        return number if (number := int(digits)) <= self._number else None

    @property
    def number(self) -> int:
        """Of the newest thing that happened."""
        return self._number
