"""One HTTP connection that is not allowed to dawdle: heads, refused bodies and answers have to move."""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from .limits import ServeLimits, network_of
from .replies import error_bytes

_MAX_DISCARDED = 1_048_576  # bytes of a body that was refused: read so that the peer can read the refusal
_LINGER_S = 1.0  # for which it is read at most
_STALLED_S = 20.0  # a peer that reads nothing of its answer for so long is gone


class Connection(H11Protocol):
    """uvicorn's protocol with limits: `limits` is set by `with_limits`."""

    limits = ServeLimits()

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._head_timer: asyncio.TimerHandle | None = None
        self._stall_timer: asyncio.TimerHandle | None = None
        self._num_discarded = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self._is_one_too_many():
            body = error_bytes("too many connections are open; close some, or wait", "too_many_connections")
            head = f"HTTP/1.1 503 \r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
            transport.write(f"{head}retry-after: 5\r\nconnection: close\r\n\r\n".encode() + body)
            transport.close()
            return
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_refused:
            self._num_discarded += len(data)
            if self._num_discarded > _MAX_DISCARDED:
                self.transport.abort()
                return
        super().data_received(data)
        if self._is_answering:
            self._disarm()
        else:
            self._arm()

    def shutdown(self) -> None:
        """The server ends. It waits neither for the rest of a request nor for a peer that reads nothing."""
        if self.conn.their_state is h11.SEND_BODY or self._stall_timer is not None:
            self.transport.abort()
        else:
            super().shutdown()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._is_refused:
            self._arm(_LINGER_S)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        self._disarm()
        super().handle_websocket_upgrade(event)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stall_timer = self.loop.call_later(_STALLED_S, self.transport.abort)

    def resume_writing(self) -> None:
        if self._stall_timer is not None:
            self._stall_timer.cancel()
            self._stall_timer = None
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.abort()
            return
        body = error_bytes("this is no HTTP request that can be understood", "bad_request")
        headers = [
            ("content-type", "application/json"),
            ("content-length", str(len(body))),
            ("connection", "close"),
        ]
        for part in (h11.Response(status_code=400, headers=headers), h11.Data(data=body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(part) or b"")
        self.transport.close()

    def _is_one_too_many(self) -> bool:
        mine = network_of(self.client[0]) if self.client else ""
        clients = [getattr(each, "client", None) for each in self.connections]
        addresses = [client[0] for client in clients if client]
        num_mine = sum(network_of(address) == mine for address in addresses)
        return len(self.connections) > self.limits.connections or num_mine > self.limits.connections_each

    @property
    def _is_answering(self) -> bool:
        return self.transport.get_protocol() is not self or (
            self.cycle is not None and not self.cycle.response_complete
        )

    @property
    def _is_refused(self) -> bool:
        """The answer is out, and the body of its request still comes."""
        is_complete = self.cycle is not None and self.cycle.response_complete
        return is_complete and self.conn.their_state is h11.SEND_BODY

    def _arm(self, seconds: float | None = None) -> None:
        if self._head_timer is None and not self.transport.is_closing():
            wait_s = self.limits.head_s if seconds is None else seconds
            self._head_timer = self.loop.call_later(wait_s, self.transport.abort)

    def _disarm(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


def with_limits(limits: ServeLimits) -> type[Connection]:
    """The protocol with these limits."""
    return type("LimitedConnection", (Connection,), {"limits": limits})
