"""What a WebRTC door allows and how long it waits; one object for the parent and its child.

How often somebody may come is the guard's matter, for all doors alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

FRAME_WIDTH, FRAME_HEIGHT = 640, 384  # frames cross to the parent no larger than this
MAX_FRAME_BYTES = FRAME_WIDTH * FRAME_HEIGHT * 3


@dataclass(frozen=True, slots=True)
class IceServer:
    """A STUN or TURN server, such as `turn:turn.example.org:3478?transport=tcp`."""

    url: str
    username: str = ""
    credential: str = ""

    @property
    def link(self) -> str:
        """As a `Link` header of RFC 9725."""
        parts = [f"<{self.url}>", 'rel="ice-server"']
        if self.username:
            parts += [
                f'username="{self.username}"',
                f'credential="{self.credential}"',
                'credential-type="password"',
            ]
        return "; ".join(parts)


@dataclass(frozen=True, slots=True)
class RtcLimits:
    """Limits and times of all WebRTC sessions, made by the server's settings."""

    max_sessions: int = 16  # senders and viewers together, those that still connect included
    max_sdp_bytes: int = 64_000
    max_tracks: int = 8  # in one session
    max_pixels: int = 4096 * 2304  # of one frame as it is sent
    max_text_bytes: int = 4_000  # of one line on a data channel
    max_fps: float = 15.0  # frames of one camera that cross to the parent
    late_s: float = 1.0  # a frame that waited longer than this is not worth showing
    offer_s: float = 10.0  # to answer an offer
    connect_s: float = 15.0  # from the answer to a connection
    consent_s: float = 5.0  # how often a peer is asked whether it still takes what is sent (RFC 7675)
    vanish_s: float = 10.0  # without any packet: the peer is gone
    idle_s: float = 60.0  # connected, and sends no media
    stall_s: float = 15.0  # a child that answers nothing for so long is killed
    viewer_kbps: int = 900
    udp_ports: tuple[int, int] | None = None  # first and last; None leaves the choice to the system
    addresses: tuple[str, ...] = ()  # of this machine that are offered; none means all
    ice_servers: tuple[IceServer, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """What `from_json` reads."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> RtcLimits:
        """The other way."""
        ports = values["udp_ports"]
        return cls(
            **{
                **values,
                "udp_ports": tuple(ports) if ports else None,
                "addresses": tuple(values["addresses"]),
                "ice_servers": tuple(IceServer(**server) for server in values["ice_servers"]),
            }
        )
