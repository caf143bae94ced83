"""Messages between the parent and its child: nine bytes of header, a JSON object, raw bytes.

Both ends check what they read: a message of an unknown kind, or one too large, ends the connection.
"""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, cast

from .limits import MAX_FRAME_BYTES

_HEADER = struct.Struct("!BII")  # kind, bytes of JSON, bytes of body
_MAX_HEAD_BYTES = 1_000_000
SOCKET_BYTES = 2 * MAX_FRAME_BYTES  # room for two frames in the kernel: fewer wake-ups for each


class Kind(IntEnum):
    """What a message is. P: by the parent, C: by the child."""

    HELLO = 1  # P: the limits. C: ready
    OFFER = 2  # P: id, role, sdp
    ANSWER = 3  # C: id, sdp, tracks
    REFUSED = 4  # C: id, detail
    CANDIDATES = 5  # P: id, candidates
    RESTART = 6  # P: id, request, ufrag, pwd, candidates. C: id, request, ufrag, pwd, candidates
    CLOSE = 7  # P: id, why
    CREDIT = 8  # P: id, track: one more frame may come
    FRAME = 9  # C: id, track, width, height, t_ns; RGB bytes
    SOUND = 10  # C: id, track, t_ns; float32 samples
    TEXT = 11  # both: id, channel, text
    CHANNEL = 12  # C: id, channel: it is open
    STATE = 13  # C: id, state, why
    STATISTICS = 14  # C: by id
    PICTURE = 15  # P: width, height, t_ns; planes of 4:2:0
    PING = 16  # P: n. C: the same back


@dataclass(frozen=True, slots=True, eq=False)
class Message:
    """One message as it was read."""

    kind: Kind
    head: Mapping[str, Any]
    body: memoryview


class Wire(asyncio.BufferedProtocol):
    """One end of the connection. Each body is read straight into memory of its own."""

    def __init__(self, on_message: Callable[[Message], None], on_lost: Callable[[], None]) -> None:
        self._on_message, self._on_lost = on_message, on_lost
        self._transport: asyncio.Transport | None = None
        self._expect(_HEADER.size)
        self._parts: tuple[Kind, int] | None = None  # of the message whose header was read

    def send(self, kind: Kind, head: Mapping[str, Any], body: bytes | memoryview = b"") -> None:
        """Never blocks; what is sent after the connection was lost goes nowhere."""
        if self._transport is None or self._transport.is_closing():
            return
        text = json.dumps(head).encode()
        self._transport.write(_HEADER.pack(kind, len(text), len(body)) + text)
        if len(body):
            self._transport.write(body)

    @property
    def num_waiting(self) -> int:
        """Bytes that the other end has not taken."""
        return self._transport.get_write_buffer_size() if self._transport else 0

    def close(self) -> None:
        """Drop the connection."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._on_lost()

    def get_buffer(self, sizehint: int) -> memoryview:
        return memoryview(self._buffer)[self._num_read :]

    def buffer_updated(self, nbytes: int) -> None:
        self._num_read += nbytes
        while self._num_read == len(self._buffer):
            if not self._take():
                self.close()
                return

    def _expect(self, num_bytes: int) -> None:
        self._buffer, self._num_read = bytearray(num_bytes), 0

    def _take(self) -> bool:
        if self._parts is None:
            return self._take_header()
        (kind, head_len), whole, self._parts = self._parts, memoryview(self._buffer), None
        self._expect(_HEADER.size)
        try:
            head = json.loads(bytes(whole[:head_len]))
        except ValueError:
            return False
        if not isinstance(head, dict):
            return False
        self._on_message(Message(kind, head, whole[head_len:]))
        return True

    def _take_header(self) -> bool:
        number, head_len, body_len = _HEADER.unpack(self._buffer)
        if number not in set(Kind) or head_len > _MAX_HEAD_BYTES or body_len > MAX_FRAME_BYTES:
            return False
        self._parts = (Kind(number), head_len)
        self._expect(head_len + body_len)
        return True
