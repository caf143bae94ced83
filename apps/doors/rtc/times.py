"""When a frame was captured: from the sender's reports, its page, or its arrival. Pure; times are arguments.

Three clocks meet: RTP counts ticks from a random start, RTCP sender reports tie ticks to the sender's wall clock,
and ours is the machine's monotonic clock. All tracks of a session share one map from the sender's clock to ours,
so its sound and its pictures stay together.
"""

from __future__ import annotations

from ....streams.clock import NS_PER_MS, NS_PER_S

_NTP_TO_UNIX_S = 2_208_988_800
_MAX_AGE_NS = 2 * NS_PER_S  # a capture time older than this at arrival is not believed
_MAX_JUMP_NS = 5 * NS_PER_S  # the sender's clock was set
_FORGET = 1000  # the offset may rise by this part of the difference a frame: clocks drift apart slowly
_SLACK_NS = 5 * NS_PER_MS


def ntp_to_unix_ns(ntp: int) -> int:
    """A 64-bit NTP time stamp as nanoseconds since 1970."""
    return ((ntp >> 32) - _NTP_TO_UNIX_S) * NS_PER_S + ((ntp & 0xFFFFFFFF) * NS_PER_S >> 32)


class Offset:
    """Between a sender's clock and ours: the smallest delay ever seen, for nothing arrives before it was sent."""

    def __init__(self) -> None:
        self._smallest_ns: int | None = None

    def ours(self, sender_ns: int, arrived_ns: int) -> int:
        """When, on our clock, something stamped `sender_ns` was captured."""
        difference_ns = arrived_ns - sender_ns
        smallest_ns = self._smallest_ns
        if smallest_ns is None or abs(difference_ns - smallest_ns) > _MAX_JUMP_NS:
            smallest_ns = difference_ns
        self._smallest_ns = min(difference_ns, smallest_ns + (difference_ns - smallest_ns) // _FORGET)
        return sender_ns + self._smallest_ns


class SenderClock:
    """The wall clock of one session's sender, for all its tracks."""

    def __init__(self) -> None:
        self._offset = Offset()
        self._measured: tuple[int, int] | None = None  # round trip, ours minus the page's

    def measure(self, asked_ns: int, page_ns: int, answered_ns: int) -> None:
        """The page said its time was `page_ns`, between two moments of ours; the quickest answer counts."""
        trip_ns = answered_ns - asked_ns
        if self._measured is None or trip_ns <= self._measured[0]:
            self._measured = (trip_ns, (asked_ns + answered_ns) // 2 - page_ns)

    @property
    def is_measured(self) -> bool:
        return self._measured is not None

    def ours(self, sender_ns: int, arrived_ns: int) -> int:
        """When, on our clock, it was `sender_ns` on the sender's; never after the arrival."""
        guess_ns = self._offset.ours(sender_ns, arrived_ns)
        if self._measured is not None:
            exact_ns = sender_ns + self._measured[1]
            if arrived_ns - _MAX_AGE_NS <= exact_ns <= arrived_ns + _SLACK_NS:
                guess_ns = exact_ns
        return min(arrived_ns, max(arrived_ns - _MAX_AGE_NS, guess_ns))


class TrackClock:
    """The RTP ticks of one track."""

    def __init__(self, sender: SenderClock) -> None:
        self._sender = sender
        self._arrivals = Offset()  # for as long as no report has come
        self._last_tick: int | None = None
        self._report: tuple[int, int] | None = None  # tick, nanoseconds since 1970 at the sender
        self._by_page = False
        self._last_ns = 0

    @property
    def basis(self) -> str:
        """What capture times rest on: `page`, `reports` or `arrival`."""
        if self._report is None:
            return "arrival"
        return "page" if self._by_page or self._sender.is_measured else "reports"

    def unwrap(self, timestamp: int) -> int:
        """A 32-bit RTP time stamp as a count that never wraps."""
        if self._last_tick is None:
            self._last_tick = timestamp
        step = (timestamp - self._last_tick + 0x80000000) % 0x100000000 - 0x80000000
        tick = self._last_tick + step
        self._last_tick = max(self._last_tick, tick)
        return tick

    def report(self, timestamp: int, unix_ns: int, *, by_page: bool = False) -> None:
        """The sender says that RTP time `timestamp` was `unix_ns`; the page's word goes before RTCP's."""
        if self._last_tick is None or unix_ns <= 0 or (self._by_page and not by_page):
            return
        step = (timestamp - self._last_tick + 0x80000000) % 0x100000000 - 0x80000000
        self._report, self._by_page = (self._last_tick + step, unix_ns), by_page

    def captured_ns(self, tick: int, rate_hz: int, arrived_ns: int) -> int:
        """On our monotonic clock; never after the arrival, never before the last one."""
        if self._report is None:
            t_ns = self._arrivals.ours(tick * NS_PER_S // rate_hz, arrived_ns)
            t_ns = max(t_ns, arrived_ns - _MAX_AGE_NS)
        else:
            report_tick, unix_ns = self._report
            t_ns = self._sender.ours(unix_ns + (tick - report_tick) * NS_PER_S // rate_hz, arrived_ns)
        self._last_ns = max(self._last_ns, min(t_ns, arrived_ns))
        return self._last_ns
