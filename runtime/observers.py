"""Who is told what happens in a session."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..streams.media import SourceEvent
from .opening import OpenedSource
from .plan import TextDelta, TickReport


def _ignore(_: object) -> None:
    """What happens when nobody listens."""


@dataclass(frozen=True, slots=True)
class Observers:
    """Functions called on the event loop, in order; an exception from one ends the session."""

    on_open: Callable[[Sequence[OpenedSource]], None] = _ignore  # once, before the first tick
    on_delta: Callable[[TextDelta], None] = _ignore  # as each word is written
    on_report: Callable[[TickReport], None] = _ignore  # after each tick, after its words
    on_event: Callable[[SourceEvent], None] = _ignore  # something happened to a source
