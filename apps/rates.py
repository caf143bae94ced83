"""How many frames a second come from each source, by the wall clock, over the last moments."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from ..streams.clock import NS_PER_S

WINDOW_NS = 3 * NS_PER_S
MIN_SPAN_NS = NS_PER_S // 2  # over less, one frame more or less would show


class FrameRates:
    """Counts in, frames a second out. Pure: it is told the time."""

    def __init__(self) -> None:
        self._seen: deque[tuple[int, Mapping[str, int]]] = deque()

    def update(self, now_ns: int, frames_in: Mapping[str, int]) -> Mapping[str, float]:
        """Takes in how many frames each source has brought so far; the rates of those known for a while."""
        self._seen.append((now_ns, frames_in))
        while self._seen[0][0] < now_ns - WINDOW_NS:
            self._seen.popleft()
        then_ns, before = self._seen[0]
        if now_ns - then_ns < MIN_SPAN_NS:
            return {}
        seconds = (now_ns - then_ns) / NS_PER_S
        return {name: (count - before[name]) / seconds for name, count in frames_in.items() if name in before}
