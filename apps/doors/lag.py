"""How late the event loop is: a task that wants to be woken every 50 ms, and notes how late it was."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from ...streams.clock import NS_PER_MS, NS_PER_S, Clock, WallClock

PERIOD_NS = 50 * NS_PER_MS
_WINDOW_NS = 10 * NS_PER_S
_SLOT_NS = NS_PER_S


class LoopLag:
    """`highest_ns` is the worst of the last ten seconds or so, `worst_ns` of all time."""

    def __init__(self, on_lag: Callable[[int], None], clock: Clock | None = None) -> None:
        self._on_lag = on_lag
        self._clock = clock or WallClock()
        self._slots: deque[tuple[int, int]] = deque()  # the second, the worst in it
        self.worst_ns = 0

    async def watch(self) -> None:
        """For ever."""
        while True:
            due_ns = self._clock.now_ns() + PERIOD_NS
            await self._clock.sleep_until(due_ns)
            self.note(due_ns, max(0, self._clock.now_ns() - due_ns))

    def note(self, due_ns: int, lag_ns: int) -> None:
        """One measurement, in order of time."""
        slot = due_ns // _SLOT_NS
        if self._slots and self._slots[-1][0] == slot:
            lag_ns_before = self._slots.pop()[1]
            self._slots.append((slot, max(lag_ns, lag_ns_before)))
        else:
            self._slots.append((slot, lag_ns))
        self.worst_ns = max(self.worst_ns, lag_ns)
        self._on_lag(lag_ns)

    @property
    def highest_ns(self) -> int:
        first = (self._clock.now_ns() - _WINDOW_NS) // _SLOT_NS
        while self._slots and self._slots[0][0] < first:
            self._slots.popleft()
        return max((lag_ns for _, lag_ns in self._slots), default=0)
