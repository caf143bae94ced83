"""One peer in the child: its connection, its tracks, its data channels, and when it counts as gone."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCDataChannel,
    RTCIceServer,
    RTCPeerConnection,
    RTCSessionDescription,
)

from ....streams.clock import NS_PER_S, monotonic_ns
from . import capture_channel
from .fanout import Fanout, PacketTrack
from .intake import SoundIntake, VideoIntake
from .lifeline import Lifeline
from .limits import RtcLimits
from .sdp import Offer, OfferError
from .tap import Tap
from .times import SenderClock, TrackClock
from .wire import Kind

Tell = Callable[[Kind, dict[str, Any], bytes | memoryview], bool]
_CLOSE_S = 5.0
_MAX_UNSENT_BYTES = 256_000  # on one data channel; what a slow page does not take is dropped
_MAX_CHANNELS = 4


class Peer:
    """Answers one offer. `on_end` is called once, with the reason."""

    def __init__(
        self, name: str, limits: RtcLimits, tell: Tell, workers: Executor, on_end: Callable[[Peer, str], None]
    ) -> None:
        self.name = name
        self._limits, self._tell_parent, self._workers, self._on_end = limits, tell, workers, on_end
        servers = [
            RTCIceServer(one.url, one.username or None, one.credential or None) for one in limits.ice_servers
        ]
        self._pc = RTCPeerConnection(RTCConfiguration(servers, bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self._servers = servers
        self._clock = SenderClock()
        self._intakes: list[VideoIntake | SoundIntake] = []
        self._taps: list[Tap] = []
        self._video_clocks: list[TrackClock] = []
        self._channels: dict[str, RTCDataChannel] = {}
        self._shown: tuple[Fanout, PacketTrack] | None = None
        self._lifeline: Lifeline | None = None
        self._tasks: list[asyncio.Future[Any]] = []
        self._made_ns, self._connected_ns = monotonic_ns(), 0
        self._is_over = False
        self._pc.on("track", self._take)
        self._pc.on("datachannel", self._open)
        self._pc.on("connectionstatechange", self._change)

    async def answer(self, offer: Offer, fanout: Fanout | None) -> tuple[str, list[str]]:
        """The answer, and the kinds of the tracks that will come; with `fanout` the peer only watches.

        Raises OfferError; what a library throws at a strange offer is one too.
        """
        try:
            await self._pc.setRemoteDescription(RTCSessionDescription(offer.sdp, "offer"))
            self._hold_line()
            if fanout is not None:
                self._show(fanout)
            elif not self._intakes:
                raise OfferError("the offer sends neither video nor sound; mark its tracks sendonly")
            await self._pc.setLocalDescription()
            await self.candidates(offer.candidates)
        except (OfferError, asyncio.CancelledError):
            raise
        except Exception as error:
            detail = str(error).split("\n")[0][:120] or type(error).__name__
            raise OfferError(
                f"the offer cannot be answered ({detail}); this end speaks VP8, H.264 and Opus"
            ) from error
        self._tasks += [asyncio.ensure_future(intake.run()) for intake in self._intakes]
        return self._pc.localDescription.sdp, [intake.statistics()["kind"] for intake in self._intakes]

    async def candidates(self, texts: list[str] | tuple[str, ...]) -> None:
        """More addresses of the peer."""
        if self._lifeline is not None:
            await self._lifeline.add(texts)

    async def restart(self, ufrag: str, pwd: str, texts: list[str]) -> tuple[str, str, list[str]]:
        """An ICE restart: our side's new ufrag, pwd and candidates."""
        if self._lifeline is None:
            raise OfferError("the session has no connection to restart")
        answer = await self._lifeline.restart(ufrag, pwd)
        await self._lifeline.add(texts)
        self._tasks.append(asyncio.ensure_future(self._lifeline.take_over()))
        return answer

    def credit(self, track: int) -> None:
        """The parent has room for a picture of this track."""
        if 0 <= track < len(self._intakes):
            self._intakes[track].credit()

    def say(self, channel: str, text: str) -> None:
        """A line to the page, if it listens and keeps up."""
        found = self._channels.get(channel)
        if found is None or found.readyState != "open" or found.bufferedAmount > _MAX_UNSENT_BYTES:
            return
        with contextlib.suppress(ConnectionError):
            found.send(text)

    def check(self, now_ns: int) -> None:
        """End what is half open, has vanished or sends nothing."""
        limits, heard_ns = self._limits, self._lifeline.last_heard_ns if self._lifeline else 0
        if not self._connected_ns:
            if now_ns - self._made_ns > limits.connect_s * NS_PER_S:
                self._end(f"no connection within {limits.connect_s:g} s")
        elif now_ns - heard_ns > limits.vanish_s * NS_PER_S:
            self._end(f"vanished: nothing came for {limits.vanish_s:g} s")
        elif (
            self._taps and now_ns - max(self._last_media_ns(), self._connected_ns) > limits.idle_s * NS_PER_S
        ):
            self._end(f"idle: no media for {limits.idle_s:g} s")

    def statistics(self) -> dict[str, Any]:
        """Counts of each track."""
        return {"tracks": [intake.statistics() for intake in self._intakes]}

    async def close(self) -> None:
        """End it without a word to the parent."""
        self._is_over = True
        for task in self._tasks:
            task.cancel()
        if self._shown is not None:
            self._shown[0].leave(self._shown[1])
        with contextlib.suppress(Exception):
            async with asyncio.timeout(_CLOSE_S):
                if self._lifeline is not None:
                    await self._lifeline.close()
                await self._pc.close()

    def _tell(self, kind: Kind, head: dict[str, Any], body: bytes | memoryview = b"") -> bool:
        return self._tell_parent(kind, {"id": self.name, **head}, body)

    def _hold_line(self) -> None:
        transceivers = self._pc.getTransceivers()
        owner = transceivers[0].receiver if transceivers else self._pc.sctp
        if owner is None:
            raise OfferError("the offer has no section that can be answered")
        self._lifeline = Lifeline(
            owner.transport.transport, self._servers, self._last_media_ns, self._limits.consent_s
        )

    def _last_media_ns(self) -> int:
        return max((tap.last_packet_ns for tap in self._taps), default=0)

    def _take(self, track: MediaStreamTrack) -> None:
        receiver = next(one for one in self._pc.getReceivers() if one.track is track)
        clock, number = TrackClock(self._clock), len(self._intakes)
        tap = Tap(receiver, clock, track.kind)
        self._taps.append(tap)

        def send(kind: Kind, head: dict[str, Any], body: bytes | memoryview) -> bool:
            return self._tell(kind, {"track": number, **head}, body)

        if track.kind == "video":
            self._video_clocks.append(clock)
            self._intakes.append(VideoIntake(track, tap, send, self._limits, self._workers))
        else:
            self._intakes.append(SoundIntake(track, tap, send))

    def _show(self, fanout: Fanout) -> None:
        transceiver = next((one for one in self._pc.getTransceivers() if one.kind == "video"), None)
        if transceiver is None:
            raise OfferError("the offer wants no video, and there is nothing else to play")
        codecs = transceiver._codecs
        transceiver._codecs = sorted(codecs, key=lambda codec: codec.name != "VP8")  # one encoder for most
        track = fanout.join(transceiver._codecs[0].name)
        self._shown = (fanout, track)
        sender = self._pc.addTrack(track)
        transceiver.direction = "sendonly"
        sender._send_keyframe = fanout.want_key  # type: ignore[method-assign]

    def _open(self, channel: RTCDataChannel) -> None:
        label = channel.label
        if label in self._channels or len(self._channels) >= _MAX_CHANNELS:
            channel.close()
            return
        self._channels[label] = channel
        if label == capture_channel.LABEL:
            self._tasks.append(capture_channel.start(channel, self._clock, self._video_clocks))
            return

        def hear(text: str | bytes) -> None:
            if isinstance(text, str) and len(text.encode()) <= self._limits.max_text_bytes:
                self._tell(Kind.TEXT, {"channel": label, "text": text})

        channel.on("message", hear)
        self._tell(Kind.CHANNEL, {"channel": label[:64]})

    def _change(self) -> None:
        state = self._pc.connectionState
        if state == "connected" and not self._connected_ns:
            self._connected_ns = monotonic_ns()
            self._tell(Kind.STATE, {"state": "connected", "why": ""})
        elif state == "failed":
            self._end("the connection failed")
        elif state == "closed":
            self._end("closed by the peer")

    def _end(self, why: str) -> None:
        if not self._is_over:
            self._is_over = True
            self._on_end(self, why)
