"""When ticks are due: on multiples of one period, never queueing up behind a late one."""

from __future__ import annotations


class Metronome:
    """Names the next due time; the periods that an overrunning tick covered are missed, and counted."""

    def __init__(self, period_ns: int) -> None:
        self.period_ns = period_ns
        self._due_ns = -period_ns

    def next_due(self, now_ns: int) -> tuple[int, int]:
        """The due time of the next tick and how many periods were missed before it.

        A boundary just passed is still served (less than half a period ago); an older one is missed.
        """
        following = self._due_ns + self.period_ns
        newest_fresh = -(-(now_ns - self.period_ns // 2) // self.period_ns) * self.period_ns
        due_ns = max(following, newest_fresh)
        self._due_ns = due_ns
        return due_ns, (due_ns - following) // self.period_ns
