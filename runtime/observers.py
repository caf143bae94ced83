"""Who is told what happens in a session."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..perception.blocks import Glimpse
from ..streams.media import SourceEvent, VideoFrame
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
    # The new pictures of each tick by camera, before its report. They stand beside the report and not in it, so
    # that who keeps the reports of a long run does not keep its pictures.
    on_frames: Callable[[Mapping[str, VideoFrame]], None] = _ignore
    on_glimpses: Callable[[Mapping[str, Glimpse]], None] = _ignore  # what was seen in those that were read
