"""When a frame was captured: from the sender's reports, its page, or its arrival. Pure; times are arguments.

Three clocks meet: RTP counts ticks from a random start, RTCP sender reports tie ticks to the sender's wall clock,
and ours is the machine's monotonic clock. All tracks of a session share one map from the sender's clock to ours,
so its sound and its pictures stay together.

Reports are not taken at their word. Some senders stamp the moment when a picture was sent, encoding and waiting and all
(aiortc), which says how far the clocks are apart, and not when it was captured. Others let RTP time run at another speed
in their reports, alike for all tracks (GStreamer's webrtcbin), so the map to our clock always comes from the reports as
they are now, and an error that all tracks share moves nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from ....streams.clock import NS_PER_MS, NS_PER_S

_NTP_TO_UNIX_S = 2_208_988_800
_MAX_AGE_NS = 2 * NS_PER_S  # a capture time older than this at arrival is not believed
_MAX_JUMP_NS = 5 * NS_PER_S  # the sender's clock was set
_FORGET = 1000  # the offset may rise by this part of the difference a frame: clocks drift apart slowly
_SLACK_NS = 5 * NS_PER_MS
_NUM_REPORTS = 8
_MAX_APART_NS = NS_PER_S  # a report that differs from the others by more than this: the clock was set


def ntp_to_unix_ns(ntp: int) -> int:
    """A 64-bit NTP time stamp as nanoseconds since 1970."""
    return ((ntp >> 32) - _NTP_TO_UNIX_S) * NS_PER_S + ((ntp & 0xFFFFFFFF) * NS_PER_S >> 32)


class Offset:
    """Between the ticks of a track and our clock: the smallest delay seen, for nothing arrives before it is sent."""

    def __init__(self) -> None:
        self.smallest_ns: int | None = None

    def note(self, tick_ns: int, arrived_ns: int) -> int:
        """Something of this tick arrived; returns the smallest difference so far."""
        difference_ns = arrived_ns - tick_ns
        smallest_ns = self.smallest_ns
        if smallest_ns is None or abs(difference_ns - smallest_ns) > _MAX_JUMP_NS:
            smallest_ns = difference_ns
        self.smallest_ns = min(difference_ns, smallest_ns + (difference_ns - smallest_ns) // _FORGET)
        return self.smallest_ns


class SenderClock:
    """The wall clock of one session's sender, for all its tracks."""

    def __init__(self) -> None:
        self._tracks: list[TrackClock] = []
        self._measured: tuple[int, int] | None = None  # round trip, ours minus the page's

    def join(self, track: TrackClock) -> None:
        """One more track of this sender."""
        self._tracks.append(track)

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
        leads_ns = [track.lead_ns for track in self._tracks if track.lead_ns is not None]
        guess_ns = sender_ns + min(leads_ns) if leads_ns else arrived_ns
        if self._measured is not None:
            exact_ns = sender_ns + self._measured[1]
            if arrived_ns - _MAX_AGE_NS <= exact_ns <= arrived_ns + _SLACK_NS:
                guess_ns = exact_ns
        return min(arrived_ns, max(arrived_ns - _MAX_AGE_NS, guess_ns))


@dataclass(frozen=True, slots=True)
class _Report:
    tick: int
    unix_ns: int  # when it was at the sender
    arrived_ns: int | None  # the packet of this tick, on our clock


class TrackClock:
    """The RTP ticks of one track."""

    def __init__(self, sender: SenderClock) -> None:
        self._sender = sender
        self._arrivals = Offset()
        self._last_tick: int | None = None
        self._reports: deque[_Report] = deque(maxlen=_NUM_REPORTS)
        self._by_page = False
        self._rate_hz = 0
        self._last_ns = 0
        sender.join(self)

    @property
    def basis(self) -> str:
        """What capture times rest on: `page`, `reports` or `arrival`."""
        if not self._reports:
            return "arrival"
        return "page" if self._by_page or self._sender.is_measured else "reports"

    @property
    def lead_ns(self) -> int | None:
        """How far our clock is before the sender's by this track alone; None before its first report and frame."""
        return self._lead_of(self._reports)

    def unwrap(self, timestamp: int) -> int:
        """A 32-bit RTP time stamp as a count that never wraps."""
        if self._last_tick is None:
            self._last_tick = timestamp
        step = (timestamp - self._last_tick + 0x80000000) % 0x100000000 - 0x80000000
        tick = self._last_tick + step
        self._last_tick = max(self._last_tick, tick)
        return tick

    def report(
        self, timestamp: int, unix_ns: int, *, arrived_ns: int | None = None, by_page: bool = False
    ) -> None:
        """The sender says that RTP time `timestamp` was `unix_ns`; the page's word goes before RTCP's.

        `arrived_ns` is when the packet of this very RTP time came, if one did: then `unix_ns` is when it was sent.
        """
        if self._last_tick is None or unix_ns <= 0 or (self._by_page and not by_page):
            return
        step = (timestamp - self._last_tick + 0x80000000) % 0x100000000 - 0x80000000
        made = _Report(self._last_tick + step, unix_ns, arrived_ns)
        lead_ns, before_ns = self._lead_of([made]), self.lead_ns
        is_apart = lead_ns is not None and before_ns is not None and abs(lead_ns - before_ns) > _MAX_APART_NS
        if by_page or is_apart:
            self._reports.clear()
        self._by_page = by_page
        self._reports.append(made)

    def captured_ns(self, tick: int, rate_hz: int, arrived_ns: int) -> int:
        """On our monotonic clock; never after the arrival, never before the last one."""
        self._rate_hz = rate_hz
        least_ns = tick * NS_PER_S // rate_hz
        least_ns += self._arrivals.note(least_ns, arrived_ns)  # when it would have come with the least delay
        lead_ns = self.lead_ns
        if lead_ns is None:
            t_ns = max(least_ns, arrived_ns - _MAX_AGE_NS)
        else:
            t_ns = self._sender.ours(least_ns - lead_ns, arrived_ns)
        self._last_ns = max(self._last_ns, min(t_ns, arrived_ns))
        return self._last_ns

    def _lead_of(self, reports: Iterable[_Report]) -> int | None:
        smallest_ns = self._arrivals.smallest_ns
        if smallest_ns is None:
            return None
        trips_ns = [one.arrived_ns - one.unix_ns for one in reports if one.arrived_ns is not None]
        if trips_ns:
            return min(trips_ns)
        starts_ns = [one.unix_ns - one.tick * NS_PER_S // self._rate_hz for one in reports]
        return smallest_ns - min(starts_ns) if starts_ns else None
