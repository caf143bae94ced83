"""When a network camera captured what has just arrived, on this machine's monotonic clock."""

from __future__ import annotations

from .clock import NS_PER_MS, NS_PER_S

# A camera whose stamps jump by so much has set its clock, or stamps with nothing we can use.
_MAX_JUMP_NS = 5 * NS_PER_S
_FORGET = 1000  # the delay may rise by this part of the difference a packet: clocks drift apart slowly
# Both clocks are set by the network if what comes seems to have been under way for so long: then they are believed.
_MIN_DELAY_NS, _MAX_DELAY_NS = -20 * NS_PER_MS, NS_PER_S


class Delay:
    """The smallest difference of arrival and stamp: what comes can be late, but never early."""

    def __init__(self) -> None:
        self._least_ns: int | None = None

    def learn(self, stamp_ns: int, arrived_ns: int) -> int:
        """Take in one more arrival; the smallest difference so far, which is forgotten slowly."""
        difference_ns = arrived_ns - stamp_ns
        least_ns = self._least_ns
        if least_ns is None or abs(difference_ns - least_ns) > _MAX_JUMP_NS:
            least_ns = difference_ns
        self._least_ns = min(difference_ns, least_ns + (difference_ns - least_ns) // _FORGET)
        return self._least_ns


class SenderClock:
    """Maps the wall clock of a camera's sender reports (RTCP) to ours; one for all tracks of a camera."""

    def __init__(self) -> None:
        self._delay = Delay()

    def captured_ns(self, wall_ns: int, arrived_ns: int, arrived_wall_ns: int) -> int:
        """Monotonic time of capture.

        The camera stamped `wall_ns` (by its own wall clock); the packet came at `arrived_ns` of our monotonic clock,
        when our wall clock showed `arrived_wall_ns`. Where the two wall clocks agree the stamp is believed, else only its
        steps are, and the packet that came soonest is taken to have needed no time.
        """
        stamp_ns = wall_ns - arrived_wall_ns + arrived_ns
        least_ns = self._delay.learn(stamp_ns, arrived_ns)
        is_set = _MIN_DELAY_NS <= least_ns <= _MAX_DELAY_NS
        return min(arrived_ns, stamp_ns if is_set else stamp_ns + least_ns)


class TrackTimes:
    """The times of one track, in order: from sender reports, before the first of them from RTP's own stamps."""

    def __init__(self, sender: SenderClock) -> None:
        self._sender = sender
        self._delay = Delay()
        self._last_ns = 0

    def captured_ns(
        self, wall_ns: int | None, stamp_ns: int | None, arrived_ns: int, arrived_wall_ns: int
    ) -> int:
        """Monotonic time of capture of a packet; where nothing is known, its arrival. It never runs back."""
        t_ns = arrived_ns
        if wall_ns is not None:
            t_ns = self._sender.captured_ns(wall_ns, arrived_ns, arrived_wall_ns)
        elif stamp_ns is not None:
            t_ns = min(arrived_ns, stamp_ns + self._delay.learn(stamp_ns, arrived_ns))
        self._last_ns = max(t_ns, self._last_ns)
        return self._last_ns
