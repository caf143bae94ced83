"""What the child changes in aiortc for all peers; `test_inside` says when a new version moved something.

aiortc gives out a picture only when the next one begins, offers no choice of ports, addresses or profiles, and takes
only peers whose certificates are of elliptic curves, while those of GStreamer are RSA.
What is changed for each track is in `tap.py`, for each connection in `lifeline.py`.
"""

from __future__ import annotations

import asyncio
import random
from functools import partialmethod
from typing import Any

import aioice.ice
import aiortc.rtcrtpreceiver
from aiortc import RTCCertificate
from aiortc.codecs import CODECS, get_decoder
from aiortc.codecs.base import Decoder
from aiortc.jitterbuffer import JitterBuffer, JitterFrame
from aiortc.rtcrtpparameters import RTCRtcpFeedback, RTCRtpCodecParameters
from aiortc.rtp import RtpPacket

from .limits import RtcLimits
from .tap import swap

# Decoding H.264 of these profiles needs nothing more; some cameras and phones offer no other.
_MORE_PROFILES = ("4d001f", "64001f", "640c1f")
_CIPHERS = b":".join(
    b"ECDHE-%s-%s" % (key, cipher)
    for key in (b"ECDSA", b"RSA")
    for cipher in (b"AES128-GCM-SHA256", b"CHACHA20-POLY1305", b"AES128-SHA", b"AES256-SHA")
)
_PORT_TRIES = 50
_GATHER_S = 1  # for STUN and TURN servers; one that is not reached must not hold up an answer for longer


def install(limits: RtcLimits) -> None:
    """Once, before the first peer."""
    host_addresses = aioice.ice.get_host_addresses

    def addresses(use_ipv4: bool, use_ipv6: bool) -> list[str]:
        # The library leaves the loopback out; a machine without a network has no other.
        return list(limits.addresses) or ["127.0.0.1", *host_addresses(use_ipv4, use_ipv6)]

    def decoder(codec: RTCRtpCodecParameters) -> Decoder:
        made = get_decoder(codec)
        if codec.mimeType.lower().startswith("video/"):
            context = made.codec  # type: ignore[attr-defined]
            context.thread_count = 1
            context.options = {"max_pixels": str(limits.max_pixels), "flags": "low_delay"}
        return made

    make_context = RTCCertificate._create_ssl_context

    def context(certificate: RTCCertificate, **more: Any) -> Any:
        made = make_context(certificate, **more)
        made.set_cipher_list(_CIPHERS)
        return made

    connection = aioice.ice.Connection
    gather = partialmethod(connection.get_component_candidates, timeout=_GATHER_S)
    swap(aioice.ice, "get_host_addresses", addresses)
    swap(connection, "get_component_candidates", gather)
    swap(RTCCertificate, "_create_ssl_context", context)
    swap(aiortc.rtcrtpreceiver, "get_decoder", decoder)
    swap(aiortc.rtcrtpreceiver, "JitterBuffer", PromptJitterBuffer)
    _add_profiles()


def _add_profiles() -> None:
    known = CODECS["video"]
    for number, profile in enumerate(_MORE_PROFILES):
        known.append(
            RTCRtpCodecParameters(
                mimeType="video/H264",
                clockRate=90000,
                payloadType=110 + number,
                rtcpFeedback=[RTCRtcpFeedback("nack"), RTCRtcpFeedback("nack", "pli")],
                parameters={
                    "level-asymmetry-allowed": "1",
                    "packetization-mode": "1",
                    "profile-level-id": profile,
                },
            )
        )


class PromptJitterBuffer(JitterBuffer):
    """Gives out a picture at its last packet (the marker bit); else it would be late by a whole frame."""

    def _remove_frame(self, sequence_number: int) -> JitterFrame | None:
        frame = super()._remove_frame(sequence_number)
        return self._marked() if frame is None and self._is_video else frame

    def _marked(self) -> JitterFrame | None:
        packets: list[RtpPacket] = []
        for count in range(self.capacity):
            packet = self._packets[((self._origin or 0) + count) % self.capacity]
            if packet is None or (packets and packet.timestamp != packets[0].timestamp):
                return None
            packets.append(packet)
            if packet.marker:
                self.remove(len(packets))
                data = b"".join(one._data for one in packets)  # type: ignore[attr-defined]
                return JitterFrame(data, packets[0].timestamp)
        return None


class Ports(asyncio.SelectorEventLoop):
    """An event loop whose sockets without a port get one of a range."""

    ports: tuple[int, int] | None = None  # first and last

    async def create_datagram_endpoint(  # type: ignore[override]
        self, protocol_factory: Any, local_addr: Any = None, **more: Any
    ) -> Any:
        if self.ports is None or local_addr is None or local_addr[1] != 0:
            return await super().create_datagram_endpoint(protocol_factory, local_addr, **more)
        first, last = self.ports
        ports = random.sample(range(first, last + 1), min(_PORT_TRIES, last - first + 1))
        for port in ports:
            try:
                return await super().create_datagram_endpoint(protocol_factory, (local_addr[0], port), **more)
            except OSError:
                continue
        raise OSError(f"all ports from {first} to {last} are taken")
