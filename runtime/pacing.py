"""When the next tick runs: by the clock in real time, else as soon as all sources have brought its inputs."""

from __future__ import annotations

from typing import Protocol

from ..streams.clock import Clock, VirtualClock
from .inbox import Inbox
from .metronome import Metronome


class Pace(Protocol):
    """Waits for ticks."""

    async def next_tick(self) -> tuple[int, int]:
        """Returns when the next tick is due: its time and how many periods were missed before it."""
        ...


class RealTimePace:
    """Ticks on the multiples of the period; a late one never makes others queue up behind it."""

    def __init__(self, clock: Clock, period_ns: int) -> None:
        self._clock, self._metronome = clock, Metronome(period_ns)

    async def next_tick(self) -> tuple[int, int]:
        due_ns, num_missed = self._metronome.next_due(self._clock.now_ns())
        await self._clock.sleep_until(due_ns)
        return due_ns, num_missed


class LockstepPace:
    """Media time on a virtual clock: a tick waits for every source, and nothing else takes time."""

    def __init__(self, clock: VirtualClock, inbox: Inbox, period_ns: int) -> None:
        self._clock, self._inbox, self._period_ns = clock, inbox, period_ns
        self._due_ns = -period_ns

    async def next_tick(self) -> tuple[int, int]:
        self._due_ns += self._period_ns
        await self._inbox.ready(self._due_ns)
        self._clock.jump_to(self._due_ns)
        return self._due_ns, 0
