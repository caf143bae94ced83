"""The data channel `capture`: a page tells when its pictures were really taken.

The child sends `{"ask": 3}` and the page answers at once `{"ask": 3, "now_ms": N}`, N being
`performance.timeOrigin + performance.now()`. From the quickest answer the offset between the page's clock and ours is
known to half a round trip; with the RTCP sender reports, which carry the same wall clock, every picture has a true
capture time. A page that sees its encoded frames may go further and send, now and then, for a video track (0 is the
first of the offer) `{"track": 0, "rtp": TIMESTAMP, "captured_ms": N}`, which then stands in for the reports.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from aiortc import RTCDataChannel
from aiortc.exceptions import InvalidStateError

from ....streams.clock import NS_PER_MS, WallClock, monotonic_ns
from .times import SenderClock, TrackClock

LABEL = "capture"
_ASK_QUICKLY, _QUICK_S, _SLOW_S = 5, 0.3, 10.0


class CaptureChannel:
    """Asks a page for its time, and hears when its pictures were taken."""

    def __init__(self, channel: RTCDataChannel, sender: SenderClock, tracks: Sequence[TrackClock]) -> None:
        self._channel, self._sender, self._tracks = channel, sender, tracks
        self._asked_ns: dict[int, int] = {}
        channel.on("message", self._hear)

    async def run(self) -> None:
        """Ask until cancelled or closed."""
        clock, number = WallClock(), 0
        while self._channel.readyState == "open":
            self._asked_ns = {number: monotonic_ns()}
            try:
                self._channel.send(json.dumps({"ask": number}))
            except (InvalidStateError, ConnectionError):
                return
            number += 1
            pause_s = _QUICK_S if number < _ASK_QUICKLY else _SLOW_S
            await clock.sleep_until(clock.now_ns() + round(pause_s * 1e9))

    def _hear(self, text: Any) -> None:
        try:
            said = json.loads(text)
            if "ask" in said:
                self._measure(said["ask"], _ns(said["now_ms"]))
            else:
                track = self._tracks[int(said["track"])]
                track.report(int(said["rtp"]) % (1 << 32), _ns(said["captured_ms"]), by_page=True)
        except (ValueError, KeyError, TypeError, IndexError, OverflowError, RecursionError):
            return  # what a stranger sends and we cannot read says nothing

    def _measure(self, number: int, page_ns: int) -> None:
        asked_ns = self._asked_ns.pop(number, None)
        if asked_ns is not None:
            self._sender.measure(asked_ns, page_ns, monotonic_ns())


def _ns(milliseconds: float) -> int:
    return round(float(milliseconds) * NS_PER_MS)


def start(channel: RTCDataChannel, sender: SenderClock, tracks: Sequence[TrackClock]) -> asyncio.Task[None]:
    """The task that asks; cancel it when the peer goes."""
    return asyncio.ensure_future(CaptureChannel(channel, sender, tracks).run())
