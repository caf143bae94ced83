"""What the child must know of one track and aiortc keeps for itself; and a bound for what waits to be decoded."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from typing import Any

from aiortc import RTCRtpReceiver
from aiortc.rtp import AnyRtcpPacket, RtcpSrPacket, RtpPacket

from ....streams.clock import NS_PER_S, monotonic_ns
from .times import TrackClock, ntp_to_unix_ns

_MAX_UNDECODED = {"video": 15, "audio": 50}  # frames: half a second, a second
_MAX_ARRIVALS = 512
_RTP_WRAP = 1 << 32


class Backlog:
    """Between the network and a decoder: what is too much goes at once, up to the next key picture."""

    def __init__(self, kind: str, errors: Errors) -> None:
        self._is_video, self._errors = kind == "video", errors
        self._max = _MAX_UNDECODED[kind]
        self._waiting: deque[Any] = deque()
        self._news = threading.Condition()
        self._needs_key, self._asked_ns = False, 0
        self.num_skipped = 0

    def put(self, task: Any) -> None:
        """Called by the receiver; None ends the decoder."""
        with self._news:
            if task is None or self._has_room(task):
                self._waiting.append(task)
                self._news.notify()

    def get(self) -> Any:
        """Called by the decoder's thread."""
        with self._news:
            while not self._waiting:
                self._news.wait()
            return self._waiting.popleft()

    def _has_room(self, task: Any) -> bool:
        if len(self._waiting) >= self._max:
            self.num_skipped += len(self._waiting)
            self._waiting.clear()
            self._needs_key = self._is_video
        if self._needs_key:
            codec, frame = task
            self._needs_key = not is_key_picture(codec.name, frame.data)
            self.num_skipped += self._needs_key
            self._ask()
        return not self._needs_key

    def _ask(self) -> None:
        now_ns = monotonic_ns()
        if self._needs_key and now_ns - self._asked_ns > NS_PER_S:
            self._asked_ns = now_ns
            self._errors.ask_key()


class Errors(threading.Event):
    """Set by the decoder's thread at each frame that it cannot decode; the receiver then asks for a key picture."""

    def __init__(self) -> None:
        super().__init__()
        self.num = 0

    def set(self) -> None:
        self.num += 1
        super().set()

    def ask_key(self) -> None:
        """Ask without an error."""
        super().set()


class Tap:
    """What aiortc knows of one track: arrivals, sender reports, decode errors. Make it before media flow."""

    def __init__(self, receiver: RTCRtpReceiver, clock: TrackClock, kind: str) -> None:
        self.clock, self.errors = clock, Errors()
        self.backlog = Backlog(kind, self.errors)
        self.last_packet_ns = 0
        self._arrivals: OrderedDict[int, int] = OrderedDict()  # of the first packet of each RTP time
        self._newest: tuple[int, int] | None = (
            None  # RTP time of the last packet, when the first one of it came
        )
        swap(receiver, "_RTCRtpReceiver__decoder_queue", self.backlog)
        swap(receiver, "_RTCRtpReceiver__decoder_error", self.errors)
        swap(receiver, "_RTCRtpReceiver__timestamp_mapper", self)
        handle_rtp, handle_rtcp = receiver._handle_rtp_packet, receiver._handle_rtcp_packet

        async def on_rtp(packet: RtpPacket, arrival_time_ms: int) -> None:
            self.last_packet_ns = monotonic_ns()
            if self._newest is None or 0 < (packet.timestamp - self._newest[0]) % _RTP_WRAP < _RTP_WRAP // 2:
                self._newest = (packet.timestamp, self.last_packet_ns)
            self._arrivals.setdefault(packet.timestamp, self.last_packet_ns)
            if len(self._arrivals) > _MAX_ARRIVALS:
                self._arrivals.popitem(last=False)
            await handle_rtp(packet, arrival_time_ms)

        async def on_rtcp(packet: AnyRtcpPacket) -> None:
            if isinstance(packet, RtcpSrPacket) and packet.sender_info.ntp_timestamp:
                info = packet.sender_info
                timestamp, came_ns = self._newest or (None, None)
                self.clock.report(
                    info.rtp_timestamp,
                    ntp_to_unix_ns(info.ntp_timestamp),
                    arrived_ns=came_ns if timestamp == info.rtp_timestamp else None,
                )
            await handle_rtcp(packet)

        swap(receiver, "_handle_rtp_packet", on_rtp)
        swap(receiver, "_handle_rtcp_packet", on_rtcp)

    def map(self, timestamp: int) -> int:
        """Stands in for the receiver's own mapper, which hides where RTP time began."""
        return self.clock.unwrap(timestamp)

    def times(self, tick: int | None, rate_hz: int) -> tuple[int, int]:
        """When a decoded frame was captured, and when it arrived, on our monotonic clock."""
        now_ns = monotonic_ns()
        if tick is None:
            return now_ns, now_ns
        arrived_ns = self._arrivals.pop(tick % _RTP_WRAP, now_ns)
        return self.clock.captured_ns(tick, rate_hz, arrived_ns), arrived_ns


def is_key_picture(codec: str, data: bytes) -> bool:
    """Whether a decoder can begin with this encoded picture."""
    if codec.upper() == "VP8":
        return bool(data) and not data[0] & 1
    return any(part[:1] and part[0] & 0x1F == 5 for part in data.split(b"\x00\x00\x01")[1:])


def swap(owner: object, name: str, value: object) -> None:
    """Put something in the place of a part of a library. Raises AttributeError where the part is not there."""
    if not hasattr(owner, name):
        raise AttributeError(f"this aiortc has no {name}; use the version of constraints.txt")
    setattr(owner, name, value)
