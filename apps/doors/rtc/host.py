"""What the parent can ask of the WebRTC child, and what it is told."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....errors import MillraceError
from ....streams.clock import NS_PER_MS, NS_PER_S, WallClock, monotonic_ns
from .limits import FRAME_HEIGHT, FRAME_WIDTH, RtcLimits
from .offspring import START_S, Offspring
from .sdp import Fragment, OfferError
from .wire import Kind, Message

_REPLY_S = 2.0  # beside the child's own limit
_MAX_UNTAKEN_BYTES = 1_000_000  # of pictures for viewers


class DownError(MillraceError):
    """The child is not there at the moment."""


class GoneError(MillraceError):
    """There is no such session, or not any more."""


def _ignore(*_: Any) -> None:
    """What happens when nobody listens."""


@dataclass(frozen=True, slots=True)
class Callbacks:
    """Called on the event loop; times are of the machine's monotonic clock in nanoseconds."""

    on_frame: Callable[[str, int, NDArray[np.uint8], int], None] = _ignore  # session, track, RGB, captured
    on_sound: Callable[[str, int, NDArray[np.float32], int], None] = (
        _ignore  # session, track, 16 kHz, captured
    )
    on_text: Callable[[str, str, str], None] = _ignore  # session, channel, line
    on_channel: Callable[[str, str], None] = _ignore  # session, channel that is open now
    on_state: Callable[[str, str, str], None] = _ignore  # session, `connected` or `closed`, why
    on_health: Callable[[bool, str], None] = _ignore  # the child came, or went and why
    on_counts: Callable[[str, Sequence[Mapping[str, Any]]], None] = _ignore  # session, counts of each track


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that was agreed upon; its tracks come once the peer connects."""

    session_id: str
    sdp: str
    tracks: Sequence[str]  # `video` or `audio`, by track number


class RtcHost:
    """One child process with all peers. Used from one event loop."""

    def __init__(self, limits: RtcLimits, callbacks: Callbacks) -> None:
        self.limits, self._callbacks = limits, callbacks
        self.statistics: Mapping[str, Any] = {}  # as the child last told: sessions, screen, peak_mib
        self._offspring = Offspring(limits, self._hear, self._come_up, self._go_down)
        self._replies: dict[str, asyncio.Future[Message]] = {}
        self._sessions: set[str] = set()
        self._credit_ns: dict[tuple[str, int], int] = {}  # when the next frame of a track may be asked for

    async def start(self) -> None:
        """Begin; returns when the child is ready. Raises DownError."""
        self._offspring.start()
        await self.wait_up()

    async def stop(self) -> None:
        """End the child and everything with it."""
        await self._offspring.stop()

    @property
    def is_up(self) -> bool:
        """Whether offers can be answered now."""
        return self._offspring.pid is not None

    @property
    def pid(self) -> int | None:
        """The process that has all peers; None while there is none."""
        return self._offspring.pid

    @property
    def num_restarts(self) -> int:
        """How often another had to be started."""
        return self._offspring.num_restarts

    async def wait_up(self, timeout_s: float = START_S) -> None:
        """Until the child is ready. Raises DownError."""
        clock, waited_ns = WallClock(), 0
        while not self.is_up:
            waited_ns += 20 * NS_PER_MS
            if waited_ns > timeout_s * NS_PER_S:
                raise DownError(
                    "the WebRTC process does not start; see its messages above, or `agent doctor`"
                )
            await clock.sleep_until(waited_ns)

    async def offer(self, role: str, sdp: str) -> Opened:
        """Answer an offer; `role` is `sender` or `viewer`. Raises OfferError or DownError."""
        session_id = secrets.token_urlsafe(24)
        said = await self._ask(Kind.OFFER, {"id": session_id, "role": role, "sdp": sdp})
        if session_id not in self._sessions:
            raise DownError("the session ended before it began; POST the offer again")
        return Opened(session_id, said.head["sdp"], tuple(said.head["tracks"]))

    def begin(self, session_id: str, track: int) -> None:
        """Let the frames of a video track come; until then it is drained and nothing is converted."""
        self._credit(session_id, track)

    def candidates(self, session_id: str, fragment: Fragment) -> None:
        """Addresses of the peer that were found later."""
        self._tell(Kind.CANDIDATES, {"id": session_id, "candidates": fragment.candidates})

    async def restart(self, session_id: str, fragment: Fragment) -> Fragment:
        """An ICE restart by the peer; returns our side of it. Raises OfferError, DownError, GoneError."""
        if session_id not in self._sessions:
            raise GoneError("there is no such session; POST a new offer")
        head = {"id": session_id, "ufrag": fragment.ufrag, "pwd": fragment.pwd}
        said = await self._ask(Kind.RESTART, {**head, "candidates": fragment.candidates})
        return Fragment(said.head["ufrag"], said.head["pwd"], tuple(said.head["candidates"]))

    def close(self, session_id: str, why: str = "") -> None:
        """End a session; nothing more is heard of it."""
        self._forget(session_id)
        self._tell(Kind.CLOSE, {"id": session_id, "why": why})

    def send(self, session_id: str, text: str, channel: str = "events") -> None:
        """A line to the page on one of its data channels; dropped where the page does not keep up."""
        self._tell(Kind.TEXT, {"id": session_id, "channel": channel, "text": text})

    def show(self, planes: NDArray[np.uint8], t_ns: int) -> bool:
        """A picture for all viewers, planes of 4:2:0 uint8 [H * 3 / 2, W]; False where the child does not keep up."""
        wire = self._offspring.wire
        if wire is None or wire.num_waiting > _MAX_UNTAKEN_BYTES:
            return False
        height, width = planes.shape[0] * 2 // 3, planes.shape[1]
        head = {"width": width, "height": height, "t_ns": t_ns}
        wire.send(Kind.PICTURE, head, planes.data.cast("B"))
        return True

    async def _ask(self, kind: Kind, head: dict[str, Any]) -> Message:
        if not self.is_up:
            raise DownError("the WebRTC process is being started; try again in a second")
        reply: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._replies[head["id"]] = reply
        self._tell(kind, head)
        try:
            async with asyncio.timeout(self.limits.offer_s + _REPLY_S):
                said = await reply
        except TimeoutError:
            self._tell(Kind.CLOSE, {"id": head["id"], "why": "took too long"})
            raise DownError("the WebRTC process did not answer; try again in a few seconds") from None
        except asyncio.CancelledError:
            self._tell(Kind.CLOSE, {"id": head["id"], "why": "nobody waits for it"})
            raise
        finally:
            self._replies.pop(head["id"], None)
        if said.kind is Kind.REFUSED:
            raise OfferError(str(said.head["detail"]))
        return said

    def _tell(self, kind: Kind, head: Mapping[str, Any]) -> None:
        if self._offspring.wire is not None:
            self._offspring.wire.send(kind, head)

    def _hear(self, message: Message) -> None:
        head = message.head
        session_id = head.get("id", "")
        match message.kind:
            case Kind.ANSWER | Kind.REFUSED | Kind.RESTART if session_id in self._replies:
                reply = self._replies[session_id]
                if message.kind is Kind.ANSWER:
                    self._sessions.add(session_id)
                if not reply.done():
                    reply.set_result(message)
            case Kind.STATISTICS:
                self.statistics = head
                for lost in self._sessions - set(head["sessions"]):
                    self._end(lost, "gone")
                for known in self._sessions:
                    self._callbacks.on_counts(known, head["sessions"][known]["tracks"])
            case _ if session_id in self._sessions:
                self._hear_session(session_id, message)

    def _hear_session(self, session_id: str, message: Message) -> None:
        head, tell = message.head, self._callbacks
        match message.kind:
            case Kind.FRAME:
                height, width = head["height"], head["width"]
                if 0 < height <= FRAME_HEIGHT and 0 < width <= FRAME_WIDTH:
                    pixels = np.frombuffer(message.body, np.uint8).reshape(height, width, 3)
                    tell.on_frame(session_id, head["track"], pixels, head["t_ns"])
                    self._credit(session_id, head["track"])
            case Kind.SOUND:
                samples = np.frombuffer(message.body, np.float32)
                tell.on_sound(session_id, head["track"], samples, head["t_ns"])
            case Kind.TEXT:
                tell.on_text(session_id, head["channel"], head["text"])
            case Kind.CHANNEL:
                tell.on_channel(session_id, head["channel"])
            case Kind.STATE:
                if head["state"] == "closed":
                    self._end(session_id, head["why"])
                else:
                    tell.on_state(session_id, head["state"], head["why"])

    def _credit(self, session_id: str, track: int) -> None:
        now_ns, key = monotonic_ns(), (session_id, track)
        due_ns = max(now_ns, self._credit_ns.get(key, 0))
        self._credit_ns[key] = due_ns + round(NS_PER_S / self.limits.max_fps)
        head = {"id": session_id, "track": track}
        asyncio.get_running_loop().call_later((due_ns - now_ns) / NS_PER_S, self._tell, Kind.CREDIT, head)

    def _forget(self, session_id: str) -> None:
        self._sessions.discard(session_id)
        for key in [key for key in self._credit_ns if key[0] == session_id]:
            del self._credit_ns[key]

    def _come_up(self) -> None:
        self._callbacks.on_health(True, "")

    def _go_down(self, why: str) -> None:
        self._callbacks.on_health(False, why)
        self.statistics = {}
        for reply in self._replies.values():
            if not reply.done():
                reply.set_exception(DownError(why))
        for session_id in list(self._sessions):
            self._end(session_id, why)

    def _end(self, session_id: str, why: str) -> None:
        self._forget(session_id)
        self._callbacks.on_state(session_id, "closed", why)
