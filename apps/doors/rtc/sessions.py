"""The sessions of the WebRTC door: who sits where, and since when."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from ....streams.clock import NS_PER_S, monotonic_ns
from ..seats import Seat

_CAUSES = {  # of the child, as all cameras call them
    "replaced": "replaced in the decoder",
    "decode_error": "damaged",
    "undecoded": "not decoded in time",
}


@dataclass(slots=True, eq=False)
class RtcSession:
    """One WHIP or WHEP session."""

    session_id: str
    role: str  # `sender` or `viewer`
    label: str  # of its camera; empty for a viewer
    answer: str  # SDP
    ufrags: frozenset[str]  # of the peer's side of the ICE session
    seats: dict[int, Seat] = field(default_factory=dict)  # by track number; sound goes to a camera's seat
    videos: list[int] = field(default_factory=list)  # its video tracks
    etag: str = field(default_factory=lambda: f'"{secrets.token_hex(8)}"')  # of its ICE session
    made_ns: int = field(default_factory=monotonic_ns)
    media_ns: int = 0  # when media last came
    is_connected: bool = False
    restarting: asyncio.Lock = field(default_factory=asyncio.Lock)  # held by one restart of its ICE at a time
    _lost: dict[tuple[int, str], int] = field(default_factory=dict)  # by video track and cause, so far

    def add_lost(self, track: int, counts: Mapping[str, int]) -> None:
        """Tell the seat of a video track what was lost on the way to it, by cause, since the session began."""
        for cause, num in counts.items():
            self.seats[track].lose(num - self._lost.get((track, cause), 0), _CAUSES.get(cause, cause))
            self._lost[track, cause] = num

    def renew(self, ufrag: str) -> None:
        """A new ICE session began, which the peer calls by this name."""
        self.ufrags = frozenset({ufrag})
        self.etag = f'"{secrets.token_hex(8)}"'

    def is_quiet(self, for_s: float) -> bool:
        """Whether nothing has come for so long."""
        return monotonic_ns() - max(self.media_ns, self.made_ns) > for_s * NS_PER_S
