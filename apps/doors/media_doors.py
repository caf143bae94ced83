"""The doors for live pictures and sound as the settings want them: WebRTC, Realtime, and who hears speech."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from functools import partial

import numpy as np
from fastapi import FastAPI
from numpy.typing import NDArray

from .house import House
from .metrics import ServeMetrics
from .realtime import routes as realtime_routes
from .realtime.limits import RealtimeLimits
from .rtc import routes as rtc_routes
from .rtc.door import RtcDoor
from .rtc.host import DownError
from .rtc.limits import IceServer, RtcLimits
from .rtc.sessions import RtcSession
from .settings import ServeConfig
from .speech import SpeechWatch

log = logging.getLogger("millrace.doors")


class MediaDoors:
    """Started and ended with the application."""

    def __init__(self, house: House, config: ServeConfig) -> None:
        self._house, self._config = house, config
        is_heard = config.webrtc or config.realtime or config.heard
        self.speech = SpeechWatch(house) if is_heard else None
        self.rtc = _HearingDoor(house, rtc_limits(config), self.speech) if config.webrtc else None

    def add_routes(self, app: FastAPI) -> None:
        """WHIP and WHEP, and the Realtime WebSocket; the guard asks for the token of all."""
        if self.rtc is not None:
            app.include_router(rtc_routes.make_router(self.rtc))
        if self._config.realtime and self.speech is not None:
            app.include_router(
                realtime_routes.make_router(self._house, self.speech, realtime_limits(self._config))
            )

    def count(self, metrics: ServeMetrics) -> None:
        """Let the sessions be counted."""
        rtc = self.rtc
        if rtc is not None:
            for door, role in (("whip", "sender"), ("whep", "viewer")):
                metrics.count_sessions(door, partial(_num_sessions, rtc, role))
            metrics.watch("millrace_webrtc_up", "Whether its process runs.", lambda: rtc.host.is_up)
            metrics.watch("millrace_webrtc_restarts", "Of its process.", lambda: rtc.host.num_restarts)
            metrics.watch(
                "millrace_webrtc_peak_memory_bytes",
                "Of its process.",
                lambda: rtc.snapshot()["peak_mib"] * 1_048_576,
            )

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The process of WebRTC, and the thread that hears speech."""
        starting = asyncio.create_task(self._start())
        try:
            yield
        finally:
            starting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await starting
            if self.rtc is not None:
                await self.rtc.stop()
            if self.speech is not None:
                # Its thread may still load its model: nobody else has to wait for that.
                await asyncio.to_thread(self.speech.close)

    async def _start(self) -> None:
        """Takes seconds, in which the other doors are open already; an offer that comes earlier is told to wait."""
        if self.rtc is not None:
            try:
                await self.rtc.start()
            except DownError as error:
                log.error("%s", error)


def _num_sessions(rtc: RtcDoor, role: str) -> int:
    return sum(session.role == role for session in rtc.sessions.values())


class _HearingDoor(RtcDoor):
    """Sound of its cameras is listened to for speech as well."""

    def __init__(self, house: House, limits: RtcLimits, speech: SpeechWatch | None) -> None:
        super().__init__(house, limits)
        self._speech = speech

    def _sound(self, session_id: str, track: int, samples: NDArray[np.float32], captured_ns: int) -> None:
        super()._sound(session_id, track, samples, captured_ns)
        session = self.sessions.get(session_id)
        if self._speech is not None and session is not None and track in session.seats:
            self._speech.hear(session.seats[track], samples, captured_ns)

    def _leave(self, session: RtcSession, why: str) -> None:
        super()._leave(session, why)
        if self._speech is not None:
            for seat in dict.fromkeys(session.seats.values()):
                self._speech.forget(seat)  # who was speaking is heard no more


def rtc_limits(config: ServeConfig) -> RtcLimits:
    """What WebRTC may use."""
    limits = config.limits
    return RtcLimits(
        max_sessions=limits.sessions,
        max_sdp_bytes=limits.sdp_bytes,
        max_pixels=limits.frame_pixels,
        idle_s=limits.idle_s,
        vanish_s=min(RtcLimits().vanish_s, limits.idle_s),
        udp_ports=config.udp_ports,
        ice_servers=tuple(
            IceServer(server.urls, server.username, server.credential.get_secret_value())
            for server in config.ice_servers
        ),
    )


def realtime_limits(config: ServeConfig) -> RealtimeLimits:
    """What clients of the Realtime door may use."""
    limits = config.limits
    return RealtimeLimits(
        sessions=limits.sessions,
        message_bytes=limits.message_bytes,
        frame_bytes=limits.frame_bytes,
        frame_pixels=limits.frame_pixels,
        audio_s=limits.audio_s,
        question_chars=limits.question_chars,
        alerts=limits.alerts,
    )
