"""Notices that a stream has changed its frame rate for good."""

from __future__ import annotations

from collections import deque

from .clock import NS_PER_S

_NUM_GAPS = 24
_MIN_AGREEING = 20  # of the gaps, within a tenth of their median: streams of variable rate never get there
_AGREES = 0.1
_CHANGED = 0.2


class RateWatch:
    """Takes the times of packets in file order, and tells of a new steady rate once."""

    def __init__(self) -> None:
        self._gaps_ns: deque[int] = deque(maxlen=_NUM_GAPS)
        self._last_ns: int | None = None
        self._usual_ns: int | None = None

    def next(self, t_ns: int) -> tuple[float, float] | None:
        """The old and the new rate in Hz if this packet proves a change, else None."""
        if self._last_ns is not None:
            self._gaps_ns.append(t_ns - self._last_ns)
        self._last_ns = t_ns
        steady_ns = self._steady_gap_ns()
        if steady_ns is None or (
            self._usual_ns and abs(steady_ns - self._usual_ns) <= _CHANGED * self._usual_ns
        ):
            return None
        old_ns, self._usual_ns = self._usual_ns, steady_ns
        return None if old_ns is None else (NS_PER_S / old_ns, NS_PER_S / steady_ns)

    def _steady_gap_ns(self) -> int | None:
        if len(self._gaps_ns) < _NUM_GAPS:
            return None
        middle_ns = sorted(self._gaps_ns)[_NUM_GAPS // 2]
        num_agreeing = sum(abs(gap_ns - middle_ns) <= _AGREES * middle_ns for gap_ns in self._gaps_ns)
        return middle_ns if middle_ns > 0 and num_agreeing >= _MIN_AGREEING else None
