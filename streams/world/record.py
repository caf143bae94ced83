"""The truth of a world at its ticks: what questions are answered from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .events import COLOURS, HAND, KINDS, Thing, WorldEvent
from .stage import Sighting
from .world import World

VISIBLE = 0.5  # share of a thing that must be seen before one may ask about it


@dataclass(frozen=True, slots=True)
class Seen:
    """A thing in view at a tick."""

    identity: int
    thing: Thing
    x: float  # pixels of the view
    y: float
    side: float
    is_moving: bool


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """Event log and sightings of a world, by tick. `rows` [N, 9] float32 ascending by tick: tick, camera, identity,
    kind, colour (indices into KINDS and COLOURS), x, y, side, is_moving; only what is VISIBLE."""

    num_cameras: int
    num_ticks: int
    ns_per_tick: int
    events: tuple[WorldEvent, ...]
    rows: NDArray[np.float32]

    def visible(self, camera: int, tick: int) -> list[Seen]:
        """What can be seen in a camera at a tick (from 1)."""
        low, high = np.searchsorted(self.rows[:, 0], (tick, tick + 0.5))
        return [_seen(row) for row in self.rows[low:high] if row[1] == camera]

    def past(self, tick: int) -> list[WorldEvent]:
        """Events up to a tick, in order of time."""
        return [e for e in self.events if e.t_ns <= tick * self.ns_per_tick]

    def moved(self, slots: NDArray[np.int64]) -> Record:
        """The same with camera n called `slots[n]`."""
        events = tuple(e if e.camera is None else e.at(int(slots[e.camera])) for e in self.events)
        rows = self.rows.copy()
        if len(rows):
            rows[:, 1] = slots[rows[:, 1].astype(int)]
        return Record(self.num_cameras, self.num_ticks, self.ns_per_tick, events, rows)


def record_of(world: World, num_ticks: int, ns_per_tick: int) -> Record:
    """The record of a world's first ticks."""
    return _record(world, range(1, num_ticks + 1), ns_per_tick, world.events)


def record_at(world: World, tick: int, ns_per_tick: int) -> Record:
    """The record of a world without its sounds; what can be seen is there for one tick only, for that is quick."""
    return _record(world, range(tick, tick + 1), ns_per_tick, world.stage.events)


def _record(world: World, ticks: range, ns_per_tick: int, events: tuple[WorldEvent, ...]) -> Record:
    rows = [
        _row(tick, camera, sighting)
        for tick in ticks
        for camera in range(world.num_cameras)
        for sighting in world.sightings(camera, tick * ns_per_tick)
        if sighting.share >= VISIBLE and sighting.thing.kind != HAND
    ]
    array = np.array(rows, np.float32).reshape(-1, 9)
    return Record(world.num_cameras, ticks.stop - 1, ns_per_tick, events, array)


def _row(tick: int, camera: int, s: Sighting) -> tuple[float, ...]:
    names = (KINDS.index(s.thing.kind), COLOURS.index(s.thing.colour))
    return tick, camera, s.identity, *names, s.x, s.y, s.side, s.is_moving


def _seen(row: NDArray[np.float32]) -> Seen:
    thing = Thing(COLOURS[int(row[4])], KINDS[int(row[3])])
    return Seen(int(row[2]), thing, float(row[5]), float(row[6]), float(row[7]), bool(row[8]))
