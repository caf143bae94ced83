"""How much of everything a stranger may ask for; the numbers that the owner may change, and who has used how much."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from ...streams.clock import NS_PER_S, Clock, WallClock

_MAX_ADDRESSES = 4096  # remembered; the one not heard of for longest is forgotten
_MINUTE_NS = 60 * NS_PER_S


class ServeLimits(BaseModel):
    """The table `[serve.limits]`."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    sessions: int = Field(
        default=16, ge=1, le=256, description="sessions that one door holds at once, 1 to 256"
    )
    connections: int = Field(default=256, ge=8, le=4096, description="open connections in all, 8 to 4096")
    connections_each: int = Field(
        default=64, ge=4, le=4096, description="open connections of one address, 4 to 4096"
    )
    requests_per_minute: int = Field(
        default=1200, ge=10, description="requests a minute from one address, 10 or more"
    )
    offers_per_minute: int = Field(
        default=60, ge=1, description="new sessions a minute from one address, 1 or more"
    )
    offers_in_all_per_minute: int = Field(
        default=240, ge=1, description="new sessions a minute from all addresses together, 1 or more"
    )
    logins_per_minute: int = Field(
        default=20, ge=1, description="wrong tokens a minute from one address, 1 or more"
    )
    body_bytes: int = Field(default=65_536, ge=1024, description="bytes of a JSON request, 1024 or more")
    sdp_bytes: int = Field(default=65_536, ge=1024, description="bytes of an SDP offer, 1024 or more")
    message_bytes: int = Field(
        default=4_194_304, ge=1024, description="bytes of a message on a WebSocket, 1024 or more"
    )
    frame_bytes: int = Field(
        default=3_145_728, ge=1024, description="bytes of an encoded picture, 1024 or more"
    )
    frame_pixels: int = Field(
        default=3840 * 2160, ge=160 * 96, description="pixels of a decoded picture, 15360 or more"
    )
    audio_s: float = Field(default=60.0, gt=0, description="seconds of sound that may wait in one buffer")
    idle_s: float = Field(
        default=30.0, ge=1, description="seconds without a sign of life until a peer is gone, 1 or more"
    )
    head_s: float = Field(default=10.0, gt=0, description="seconds for the head of a request")
    body_s: float = Field(default=10.0, gt=0, description="seconds for the body of a request")
    question_chars: int = Field(default=300, ge=10, description="characters of a question, 10 or more")
    alerts: int = Field(default=16, ge=1, description="instructions that stand at once, 1 or more")


@dataclass(slots=True)
class _Bucket:
    allowance: float
    seen_ns: int


class Rate:
    """So many a minute for each address, and so many at once; an IPv6 network of 64 bits counts as one address."""

    def __init__(self, per_minute: int, clock: Clock | None = None) -> None:
        self.per_minute = per_minute
        self._clock = clock or WallClock()
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, address: str) -> float:
        """Count one; 0 where it is allowed, else the seconds until the next will be."""
        bucket = self._refilled(address)
        if bucket.allowance >= 1:
            bucket.allowance -= 1
            return 0.0
        return self._wait_s(bucket)

    def is_spent(self, address: str) -> float:
        """The seconds until one would be allowed, without counting one; 0 where it is allowed now."""
        bucket = self._refilled(address)
        return 0.0 if bucket.allowance >= 1 else self._wait_s(bucket)

    def _wait_s(self, bucket: _Bucket) -> float:
        return (1 - bucket.allowance) * 60 / self.per_minute

    def _refilled(self, address: str) -> _Bucket:
        key, now_ns = network_of(address), self._clock.now_ns()
        bucket = self._buckets.setdefault(key, _Bucket(self.per_minute, now_ns))
        gained = (now_ns - bucket.seen_ns) * self.per_minute / _MINUTE_NS
        bucket.allowance, bucket.seen_ns = min(self.per_minute, bucket.allowance + gained), now_ns
        self._buckets.move_to_end(key)
        if len(self._buckets) > _MAX_ADDRESSES:
            self._buckets.popitem(last=False)
        return bucket


def network_of(address: str) -> str:
    """What shares one allowance: an IPv4 address, an IPv6 network of 64 bits, or the text where it is neither."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if found.version == 4:
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((int(found) >> 64 << 64, 64)))
