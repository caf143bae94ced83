"""Maps the time stamps of one track to session time, and keeps it running when the stamps jump."""

from __future__ import annotations

from fractions import Fraction

from .clock import NS_PER_MS, NS_PER_S

# Stamps may step back a little (rounding, reordering); beyond that the file was put together from pieces.
_MAX_STEP_BACK_NS = 200 * NS_PER_MS
_MAX_STEP_FORWARD_NS = 60 * NS_PER_S


def to_ns(stamp: int, time_base: Fraction) -> int:
    """A time stamp in nanoseconds, rounded down."""
    return stamp * time_base.numerator * NS_PER_S // time_base.denominator


class Timeline:
    """Session time of one track. `origin_ns` is the stamp that becomes `start_ns`."""

    def __init__(self, origin_ns: int, start_ns: int, usual_step_ns: int) -> None:
        self._origin_ns = origin_ns
        self._offset_ns = start_ns - origin_ns
        self._usual_step_ns = usual_step_ns
        self._last_stamp_ns: int | None = None

    def advance(self, stamp_ns: int | None) -> int:
        """Take the next stamp in file order (None: one usual step on); returns its session time."""
        last_ns = self._last_stamp_ns
        if stamp_ns is None:
            stamp_ns = self._origin_ns if last_ns is None else last_ns + self._usual_step_ns
        elif last_ns is not None and not -_MAX_STEP_BACK_NS <= stamp_ns - last_ns <= _MAX_STEP_FORWARD_NS:
            self._offset_ns += last_ns + self._usual_step_ns - stamp_ns
        self._last_stamp_ns = stamp_ns
        return self.at(stamp_ns)

    def at(self, stamp_ns: int) -> int:
        """Session time of a stamp near the latest one."""
        return stamp_ns + self._offset_ns
