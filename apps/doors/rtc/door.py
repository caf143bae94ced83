"""The WebRTC door: sessions of the child on seats of the house, and the screen for those who watch."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....errors import MillraceError
from ....streams.clock import NS_PER_S, monotonic_ns
from ..house import House
from ..seats import NoSeatError, Seat
from ..settings import NAME, NAME_HELP
from .conversation import CHANNEL, Conversation
from .host import Callbacks, GoneError, RtcHost
from .limits import RtcLimits
from .screen import Screen
from .sdp import Fragment, ufrags_of
from .sessions import RtcSession

_QUIET_S = 2.0  # a camera that sends nothing for so long gives way to one of its name that comes anew


class LabelError(MillraceError):
    """A camera cannot be called so."""


class TakenError(MillraceError):
    """A camera of this name is sending."""


class FullError(MillraceError):
    """Too many sessions, or no seat is free."""


class RtcDoor:
    """All WebRTC sessions of one house. Used from the house's event loop."""

    def __init__(self, house: House, limits: RtcLimits | None = None) -> None:
        self.house, self.limits = house, limits or RtcLimits()
        self.host = RtcHost(
            self.limits,
            Callbacks(
                on_frame=self._frame,
                on_sound=self._sound,
                on_text=self._text,
                on_channel=self._channel,
                on_state=self._state,
                on_health=self._health,
                on_counts=self._count,
            ),
        )
        self.sessions: dict[str, RtcSession] = {}
        self._num_opening = 0
        self._conversations: dict[str, Conversation] = {}
        self._screen = Screen(house, self.host)

    async def start(self) -> None:
        """Begin; raises DownError where the child does not start."""
        await self.host.start()

    async def stop(self) -> None:
        """End all sessions and the child."""
        for session_id in list(self.sessions):
            self.close(session_id, "the server stops")
        await self._screen.stop()
        await self.host.stop()

    async def publish(self, label: str, sdp: str) -> RtcSession:
        """A sender for the camera `label`; further video tracks become `label-2` and so on.

        Raises LabelError, TakenError, FullError, OfferError or DownError.
        """
        if not NAME.fullmatch(label):
            raise LabelError(f"camera {label[:40]!r}: give {NAME_HELP}")
        self._make_way(label)
        return await self._open("sender", label, sdp)

    async def watch(self, sdp: str) -> RtcSession:
        """A viewer of what the agent sees. Raises as `publish`."""
        return await self._open("viewer", "", sdp)

    def find(self, session_id: str) -> RtcSession:
        """Raises GoneError."""
        session = self.sessions.get(session_id)
        if session is None:
            raise GoneError("there is no such session; POST a new offer")
        return session

    async def restart(self, session: RtcSession, fragment: Fragment) -> Fragment:
        """An ICE restart; the session has a new ETag after it."""
        async with session.restarting:  # RFC 9725 allows requests that overlap
            answer = await self.host.restart(session.session_id, fragment)
            session.renew(fragment.ufrag)
            return answer

    def close(self, session_id: str, why: str = "ended") -> None:
        """End a session and free its seats; their labels are remembered. Raises GoneError."""
        session = self.find(session_id)
        self.host.close(session_id, why)
        self._leave(session, why)

    def snapshot(self) -> Mapping[str, Any]:
        """For `/healthz`, `/metrics` and `/cameras`: the child, each session, drops by cause."""
        counts = self.host.statistics.get("sessions", {})
        return {
            "is_up": self.host.is_up,
            "restarts": self.host.num_restarts,
            "peak_mib": self.host.statistics.get("peak_mib", 0),
            "screen": {**self.host.statistics.get("screen", {}), **self._screen.statistics()},
            "sessions": [
                {
                    "role": session.role,
                    "cameras": [session.seats[track].label for track in session.videos],
                    "is_connected": session.is_connected,
                    "seconds": round((monotonic_ns() - session.made_ns) / NS_PER_S, 1),
                    "tracks": counts.get(session.session_id, {}).get("tracks", []),
                }
                for session in self.sessions.values()
            ],
        }

    async def _open(self, role: str, label: str, sdp: str) -> RtcSession:
        if len(self.sessions) + self._num_opening >= self.limits.max_sessions:
            raise FullError(
                f"{self.limits.max_sessions} sessions are open, and no more are allowed; end one first"
            )
        self._num_opening += 1
        try:
            opened = await self.host.offer(role, sdp)
        finally:
            self._num_opening -= 1
        session = RtcSession(opened.session_id, role, label, opened.sdp, ufrags_of(sdp))
        try:
            if role == "sender":
                self._make_way(label)  # again: another of its name may have come while this one was answered
            self._seat(session, opened.tracks)
        except MillraceError:
            self.host.close(opened.session_id, "no seat")
            raise
        self.sessions[session.session_id] = session
        for track in session.videos:
            self.host.begin(session.session_id, track)
        return session

    def _make_way(self, label: str) -> None:
        for session in list(self.sessions.values()):
            if session.label == label and session.is_quiet(_QUIET_S):
                self.close(session.session_id, "came anew")
        seat = self.house.seats.find(label)
        if seat is not None and seat.is_taken:
            raise TakenError(f"camera {label} is sending already; choose another name, or end it first")

    def _seat(self, session: RtcSession, tracks: Sequence[str]) -> None:
        if session.role == "viewer":
            return
        numbers = [number for number, kind in enumerate(tracks) if kind == "video"] or [0]
        taken: list[Seat] = []
        try:
            for place, number in enumerate(numbers, 1):
                seat = self.house.seats.take(session.label if place == 1 else f"{session.label}-{place}")
                taken.append(seat)
                session.seats[number] = seat
        except NoSeatError as error:
            for seat in taken:
                self.house.seats.leave(seat)
            raise FullError(str(error)) from None
        session.videos = [number for number in numbers if tracks[number] == "video"]
        sounds = [number for number, kind in enumerate(tracks) if kind == "audio"]
        for place, number in enumerate(sounds):
            session.seats[number] = taken[min(place, len(taken) - 1)]
        for seat in taken:
            self._announce(seat, "opened", "is coming by WebRTC")

    def _leave(self, session: RtcSession, why: str) -> None:
        self.sessions.pop(session.session_id, None)
        conversation = self._conversations.pop(session.session_id, None)
        if conversation is not None:
            conversation.close()
        for seat in dict.fromkeys(session.seats.values()):
            self.house.seats.leave(seat)
            self._announce(seat, "ended", why)
        self._screen.watch(self._num_viewers)

    @property
    def _num_viewers(self) -> int:
        return sum(one.role == "viewer" and one.is_connected for one in self.sessions.values())

    def _announce(self, seat: Seat, kind: str, detail: str) -> None:
        t_s = round(self.house.session.now_ns / NS_PER_S, 3)
        body = {"camera": seat.label, "kind": kind, "detail": f"{seat.label}: {detail}", "t_s": t_s}
        self.house.hub.publish("source", body)

    def _frame(self, session_id: str, track: int, pixels: NDArray[np.uint8], captured_ns: int) -> None:
        session = self.sessions.get(session_id)
        if session is not None and track in session.seats:
            session.media_ns = monotonic_ns()
            session.seats[track].push_frame(pixels, captured_ns)

    def _sound(self, session_id: str, track: int, samples: NDArray[np.float32], captured_ns: int) -> None:
        session = self.sessions.get(session_id)
        if session is not None and track in session.seats:
            session.media_ns = monotonic_ns()
            session.seats[track].push_audio(samples, captured_ns)

    def _text(self, session_id: str, channel: str, text: str) -> None:
        conversation = self._conversations.get(session_id)
        if conversation is not None and channel == CHANNEL:
            conversation.hear(text)

    def _channel(self, session_id: str, channel: str) -> None:
        if channel == CHANNEL and session_id in self.sessions and session_id not in self._conversations:
            self._conversations[session_id] = Conversation(
                self.house, lambda line: self.host.send(session_id, line, CHANNEL)
            )

    def _state(self, session_id: str, state: str, why: str) -> None:
        session = self.sessions.get(session_id)
        if session is None:
            return
        if state == "closed":
            self._leave(session, why)
            return
        session.is_connected = True
        self._screen.watch(self._num_viewers)

    def _count(self, session_id: str, tracks: Sequence[Mapping[str, Any]]) -> None:
        session = self.sessions.get(session_id)
        if session is None:
            return
        for number in session.videos:
            if number < len(tracks):
                session.add_lost(number, tracks[number]["dropped"])

    def _health(self, is_up: bool, why: str) -> None:
        if not is_up:
            with contextlib.suppress(Exception):
                self.house.hub.publish("source", {"camera": "", "kind": "broken", "detail": why, "t_s": 0.0})
