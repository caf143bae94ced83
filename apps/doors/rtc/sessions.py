"""The sessions of the WebRTC door: who sits where, since when, and how often somebody may come."""

from __future__ import annotations

import secrets
from collections import deque
from dataclasses import dataclass, field

from ....streams.clock import NS_PER_S, monotonic_ns
from ..seats import Seat


@dataclass(slots=True, eq=False)
class RtcSession:
    """One WHIP or WHEP session."""

    session_id: str
    role: str  # `sender` or `viewer`
    label: str  # of its camera; empty for a viewer
    answer: str  # SDP
    seats: dict[int, Seat] = field(default_factory=dict)  # by track number; sound goes to a camera's seat
    videos: list[int] = field(default_factory=list)  # its video tracks
    etag: str = field(default_factory=lambda: f'"{secrets.token_hex(8)}"')  # of its ICE session
    made_ns: int = field(default_factory=monotonic_ns)
    media_ns: int = 0  # when media last came
    is_connected: bool = False

    def renew(self) -> None:
        """A new ICE session began."""
        self.etag = f'"{secrets.token_hex(8)}"'

    def is_quiet(self, for_s: float) -> bool:
        """Whether nothing has come for so long."""
        return monotonic_ns() - max(self.media_ns, self.made_ns) > for_s * NS_PER_S


class Rate:
    """So many a minute."""

    def __init__(self, per_minute: int) -> None:
        self._times: deque[int] = deque()
        self._per_minute = per_minute

    def wait_s(self, now_ns: int) -> float:
        """Count one and return 0, or the seconds until one more is allowed."""
        while self._times and now_ns - self._times[0] >= 60 * NS_PER_S:
            self._times.popleft()
        if len(self._times) >= self._per_minute:
            return 60 - (now_ns - self._times[0]) / NS_PER_S
        self._times.append(now_ns)
        return 0.0
