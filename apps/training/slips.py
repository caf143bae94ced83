"""Slips of the tongue: how often a training sequence holds them, and what an untrue sentence says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from ...streams.world.events import (
    COLOURS,
    DIRECTIONS,
    SIDES,
    SOUNDS,
    UNSEEN,
    Thing,
    WorldEvent,
    WorldEventKind,
)
from ...streams.world.language import narrate

_E = WorldEventKind
_SEEN = tuple(kind for kind in _E if kind is not _E.SOUND)
_DUE_NS = 2_000_000_000  # a true sentence so near in time may yet have to be told
_TRIES = 8


@dataclass(frozen=True, slots=True)
class SlipRates:
    """How often what is written is not what should be."""

    late: float = 0.25  # of sentences, which are passed over in their tick
    early: float = 0.2  # of sentences, which are told a tick before the event shows
    untrue: float = 0.1  # of gates, at which a sentence is written that is not true, or was told

    def drawn(self, rng: np.random.Generator) -> SlipRates:
        """The rates of one stream, from none to these."""
        return SlipRates(*(getattr(self, f.name) * rng.random() for f in fields(self)))


NO_SLIPS = SlipRates(0.0, 0.0, 0.0)


def untrue(events: Sequence[WorldEvent], t_ns: int, rng: np.random.Generator) -> WorldEvent:
    """An event to state falsely: another one of the stream, most often one near in time, or one altered.

    Where another can be drawn it is none of those about to be told, which would then be told twice.
    """
    due = {narrate(event) for event in events if abs(event.t_ns - t_ns) < _DUE_NS}
    for _ in range(_TRIES):
        event = _slip(events, t_ns, rng)
        if narrate(event) not in due:
            break
    return event


def _slip(events: Sequence[WorldEvent], t_ns: int, rng: np.random.Generator) -> WorldEvent:
    now = int(np.searchsorted([event.t_ns for event in events], t_ns))
    event = events[int(np.clip(now + round(rng.normal(0, 3)), 0, len(events) - 1))]
    alter = rng.random()
    if alter < 0.25:
        return event
    if event.kind is _E.SOUND or event.thing is None:
        return replace(event, sound=str(rng.choice(SOUNDS)))
    things = [e.thing for e in events if e.thing is not None]
    if alter < 0.4:
        return event.at(int(rng.choice([e.camera for e in events if e.camera is not None])))
    if alter < 0.6:
        return replace(event, thing=_like(event.thing, things[int(rng.integers(len(things)))], rng))
    return replace(
        event,
        kind=_SEEN[int(rng.integers(len(_SEEN)))],
        side=str(rng.choice(SIDES)),
        direction=str(rng.choice(DIRECTIONS)),
        other=things[int(rng.integers(len(things)))],
        colour=str(rng.choice([c for c in COLOURS if Thing(c, event.thing.kind) not in UNSEEN])),
    )


def _like(thing: Thing, other: Thing, rng: np.random.Generator) -> Thing:
    """The thing mistaken for another, by its colour, its kind or both; never a pair that training must not know."""
    mistaken = (Thing(other.colour, thing.kind), Thing(thing.colour, other.kind), other)[int(rng.integers(3))]
    return other if mistaken in UNSEEN else mistaken
