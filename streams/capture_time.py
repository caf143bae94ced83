"""Maps a device's own time stamps to session time."""

from __future__ import annotations

from .clock import NS_PER_S

# A device whose stamps jump by so much has been restarted, or stamps with nothing we can use.
_MAX_JUMP_NS = 5 * NS_PER_S
_FORGET = 1000  # the offset may rise by this part of the difference a frame: clocks drift apart slowly


class CaptureTimes:
    """Learns the offset between a device's clock and the session's from the fastest arrivals.

    A frame can arrive late but never early, so the smallest difference of arrival and stamp is the offset.
    """

    def __init__(self) -> None:
        self._offset_ns: int | None = None
        self._last_ns = 0

    def session_ns(self, stamp_ns: int, arrived_ns: int) -> int:
        """When the frame was captured; its arrival if the stamp (0 or less, or jumping) says nothing."""
        if stamp_ns <= 0:
            return self._in_order(arrived_ns)
        difference_ns = arrived_ns - stamp_ns
        offset_ns = self._offset_ns
        if offset_ns is None or abs(difference_ns - offset_ns) > _MAX_JUMP_NS:
            offset_ns = difference_ns
        self._offset_ns = min(difference_ns, offset_ns + (difference_ns - offset_ns) // _FORGET)
        return self._in_order(min(arrived_ns, stamp_ns + self._offset_ns))

    def _in_order(self, t_ns: int) -> int:
        self._last_ns = max(t_ns, self._last_ns)
        return self._last_ns
