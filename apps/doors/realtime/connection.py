"""One WebSocket of a Realtime client: reads its events within the limits, and sends it what happens."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from ....streams.clock import NS_PER_S, WallClock
from .events import Event, event
from .limits import RealtimeLimits
from .pictures import HangError
from .problem import RealtimeError
from .requests import event_id_of, parse_json, parse_request
from .session import RealtimeSession, Shared

NORMAL, GOING_AWAY, POLICY, TOO_BIG, TRY_LATER = 1000, 1001, 1008, 1009, 1013
_MAX_OUTGOING = 1024  # events that wait for a client that reads slowly
_MAX_OUTGOING_CHARS = 4_000_000
_MAX_HANGS = 2  # pictures over which the decoder hung or died
_BURST_S = 2.0  # of events that may come at once
_CLOSE_TIMEOUT_S = 2.0


class _EndError(Exception):
    """The connection ends with this code."""

    def __init__(self, code: int) -> None:
        self.code = code


class Connection:
    """Runs a session on an accepted WebSocket until either side ends it."""

    def __init__(self, socket: WebSocket, shared: Shared, model: str) -> None:
        self._socket, self._shared, self._model = socket, shared, model
        self._limits: RealtimeLimits = shared.limits
        self._outgoing: asyncio.Queue[str] = asyncio.Queue(_MAX_OUTGOING)
        self._pace = _Pace(shared.limits.messages_per_s)
        self._alive = asyncio.Event()  # something was sent either way
        self._is_slow = asyncio.Event()  # the client does not take what it is sent
        self._num_chars = 0  # in events that wait
        self._num_errors = self._num_hangs = 0

    async def run(self) -> None:
        """Until the client leaves, breaks a limit, or the house closes."""
        code = NORMAL
        writer = asyncio.create_task(self._write())
        try:
            async with asyncio.TaskGroup() as group:
                session = RealtimeSession(self._shared, self._model, group, self.send)
                try:
                    group.create_task(self._watch_idle())
                    group.create_task(self._narrate(session))
                    group.create_task(self._stop_with(writer))
                    group.create_task(self._watch_slowness())
                    await self._read(session)
                finally:
                    session.close()
        except* _EndError as ends:
            code = _first_code(ends)
        finally:
            await self._close(writer, code)

    def send(self, body: Event) -> None:
        """Send an event as soon as the client takes it. Never raises: who calls it may serve others too."""
        text = json.dumps(body)
        if self._outgoing.full() or self._num_chars > _MAX_OUTGOING_CHARS:
            self._is_slow.set()
            return
        self._num_chars += len(text)
        self._outgoing.put_nowait(text)

    async def _read(self, session: RealtimeSession) -> None:
        while True:
            frame = await self._socket.receive()
            if frame["type"] == "websocket.disconnect":
                raise _EndError(NORMAL)
            self._alive.set()
            await self._pace.next()
            await self._handle(session, frame)

    async def _handle(self, session: RealtimeSession, frame: Any) -> None:
        event_id = None
        try:
            body = parse_json(self._text_of(frame))
            event_id = event_id_of(body)
            await session.handle(parse_request(body))
        except RealtimeError as error:
            self._refuse(error, event_id)
        else:
            self._num_errors = 0

    def _text_of(self, frame: Any) -> str:
        text, data = frame.get("text"), frame.get("bytes")
        if len(text or data or "") > self._limits.message_bytes:
            raise RealtimeError(
                "message_too_large",
                f"the message has more than {self._limits.message_bytes} bytes: send less at once",
                close_code=TOO_BIG,
            )
        if text is None:
            raise RealtimeError("invalid_frame", "the message is binary: send JSON as text")
        return str(text)

    def _refuse(self, error: RealtimeError, event_id: str | None) -> None:
        self.send(event("error", error=error.body(event_id)))
        self._num_errors += 1
        self._num_hangs += isinstance(error, HangError)
        if error.close_code is not None:
            raise _EndError(error.close_code)
        if self._num_errors >= self._limits.errors or self._num_hangs > _MAX_HANGS:
            raise _EndError(POLICY)

    async def _narrate(self, session: RealtimeSession) -> None:
        await session.narrate()
        raise _EndError(GOING_AWAY)  # the house has closed

    async def _watch_idle(self) -> None:
        while True:
            self._alive.clear()
            try:
                async with asyncio.timeout(self._limits.idle_s):
                    await self._alive.wait()
            except TimeoutError:
                message = f"nothing was sent for {self._limits.idle_s:g} s: connect again"
                self.send(event("error", error=RealtimeError("idle_timeout", message).body(None)))
                raise _EndError(POLICY) from None

    async def _watch_slowness(self) -> None:
        await self._is_slow.wait()
        raise _EndError(POLICY)

    async def _write(self) -> None:
        while True:
            text = await self._outgoing.get()
            await self._socket.send_text(text)
            self._num_chars -= len(text)
            self._outgoing.task_done()
            self._alive.set()

    async def _stop_with(self, writer: asyncio.Task[None]) -> None:
        await asyncio.wait({writer})
        raise _EndError(NORMAL)  # the client no longer takes what is sent

    async def _close(self, writer: asyncio.Task[None], code: int) -> None:
        if not writer.done() and not self._is_slow.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_CLOSE_TIMEOUT_S):
                    await self._outgoing.join()
        writer.cancel()
        await asyncio.wait({writer})
        if not writer.cancelled() and not isinstance(
            writer.exception(), (WebSocketDisconnect, RuntimeError, type(None))
        ):
            raise writer.exception() or AssertionError
        if self._socket.application_state is WebSocketState.CONNECTED:
            with contextlib.suppress(RuntimeError, WebSocketDisconnect, TimeoutError):
                async with asyncio.timeout(_CLOSE_TIMEOUT_S):
                    await self._socket.close(code)


class _Pace:
    """Lets so many events through a second, and more in a burst; the rest wait, and the client with them."""

    def __init__(self, per_s: float) -> None:
        self._clock, self._gap_ns = WallClock(), round(NS_PER_S / per_s)
        self._due_ns = 0

    async def next(self) -> None:
        now_ns = self._clock.now_ns()
        self._due_ns = max(self._due_ns + self._gap_ns, now_ns - round(_BURST_S * NS_PER_S))
        if self._due_ns > now_ns:
            await self._clock.sleep_until(self._due_ns)


def _first_code(ends: BaseExceptionGroup[_EndError]) -> int:
    first = ends.exceptions[0]
    return _first_code(first) if isinstance(first, BaseExceptionGroup) else first.code
