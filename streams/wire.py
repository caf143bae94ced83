"""The messages of a decoder child to its parent: a small header, then bytes. Needs nothing but the standard library.

What a child says is not trusted: it may have been taken over by what it decodes. So lengths are bounded, and whatever
does not fit its form is a WireError.
"""

from __future__ import annotations

import json
import math
import os
import select
import struct
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TypeAlias

from .clock import NS_PER_MS, monotonic_ns

MAX_WIDTH, MAX_HEIGHT = 640, 384  # of a picture that a child sends: four times the view
MAX_BODY_BYTES = 2 * 3 * MAX_WIDTH * MAX_HEIGHT
CREDIT = b"+\n"  # to the child: the last picture was taken, send the newest

_HEADER = struct.Struct("<BI")
_PICTURE = struct.Struct("<qHHHHIIII")
_SOUND = struct.Struct("<qB")
_MAX_TEXT = 200
_RGB = 3


class WireError(Exception):
    """Bytes that are no message."""


class TroubleKind(StrEnum):
    """Why a camera gives nothing more; the child waits for the next order."""

    UNREACHABLE = "unreachable"  # no such host, no route, nobody listens
    REFUSED = "refused"  # the camera wants a user name and password, or others
    MISSING = "missing"  # the camera has no such stream
    STALLED = "stalled"  # no answer, or no more packets
    MOVED = "moved"  # the camera names another address, where nobody goes
    GARBAGE = "garbage"  # what comes is no media
    ENDED = "ended"  # the camera closed the stream
    FAILED = "failed"  # anything else


@dataclass(frozen=True, slots=True)
class Opened:
    """The camera answers; made once for each order that succeeds."""

    has_video: bool
    has_audio: bool
    width: int = 0
    height: int = 0
    fps: float = 0.0  # 0 where unknown
    detail: str = ""  # codecs


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """The newest picture, twice: as the view that perception reads, and in (nearly) its own pixels."""

    t_ns: int  # captured, on the machine's monotonic clock
    view_size: tuple[int, int]  # width, height
    size: tuple[int, int]
    num_passed: int  # pictures since the last message that came too soon after one that was sent
    num_replaced: int  # pictures that the parent was too slow for
    num_packets: int
    num_damaged: int
    pixels: memoryview  # RGB of the view, then RGB of the picture


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """Samples as they were decoded, float32 at 16 kHz, mixed to mono from `num_channels`."""

    t_ns: int  # when the first was heard, on the machine's monotonic clock
    num_channels: int
    samples: memoryview


@dataclass(frozen=True, slots=True)
class Trouble:
    """The end of what an order began."""

    kind: TroubleKind
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Beat:
    """The child is alive, and packets come, if there is no picture yet."""


Message: TypeAlias = Opened | Picture | Sound | Trouble | Beat

_KINDS: tuple[type[Message], ...] = (Opened, Picture, Sound, Trouble, Beat)


def encode(message: Message) -> bytes:
    """A message as it goes over the pipe."""
    if isinstance(message, Picture):
        numbers = (message.num_passed, message.num_replaced, message.num_packets, message.num_damaged)
        head = _PICTURE.pack(message.t_ns, *message.view_size, *message.size, *numbers)
        body = head + message.pixels.tobytes()
    elif isinstance(message, Sound):
        body = _SOUND.pack(message.t_ns, message.num_channels) + message.samples.tobytes()
    else:
        body = json.dumps(asdict(message)).encode()
    return _HEADER.pack(_KINDS.index(type(message)), len(body)) + body


def decode(kind: int, body: bytearray) -> Message:
    """The message of a kind with this body. Raises WireError."""
    try:
        return _DECODERS[kind](body)
    except (ValueError, TypeError, KeyError, IndexError, struct.error, RecursionError) as error:
        raise WireError(f"no message: {type(error).__name__}") from error


def _decode_picture(body: bytearray) -> Picture:
    t_ns, view_width, view_height, width, height, passed, replaced, packets, damaged = _PICTURE.unpack_from(
        body
    )
    pixels = memoryview(body)[_PICTURE.size :]
    if len(pixels) != _RGB * (view_width * view_height + width * height):
        raise ValueError(len(pixels))
    sizes = (view_width, view_height), (width, height)
    return Picture(t_ns, *sizes, passed, replaced, packets, damaged, pixels)


def _decode_sound(body: bytearray) -> Sound:
    t_ns, num_channels = _SOUND.unpack_from(body)
    samples = memoryview(body)[_SOUND.size :]
    if len(samples) % 4:
        raise ValueError(len(samples))
    return Sound(t_ns, num_channels, samples)


def _decode_opened(body: bytearray) -> Opened:
    value = _object(body)
    fps = float(value["fps"])
    return Opened(
        bool(value["has_video"]),
        bool(value["has_audio"]),
        min(max(0, int(value["width"])), 2**16),
        min(max(0, int(value["height"])), 2**16),
        fps if math.isfinite(fps) and 0 < fps < 1000 else 0.0,
        plain(value["detail"]),
    )


def _decode_trouble(body: bytearray) -> Trouble:
    value = _object(body)
    return Trouble(TroubleKind(value["kind"]), plain(value["detail"]))


def _decode_beat(body: bytearray) -> Beat:
    return Beat()


def _object(body: bytearray) -> Mapping[str, str]:
    value = json.loads(body)
    if not isinstance(value, dict):
        raise ValueError(value)
    return value


_DECODERS: tuple[Callable[[bytearray], Message], ...] = (
    _decode_opened,
    _decode_picture,
    _decode_sound,
    _decode_trouble,
    _decode_beat,
)


def plain(text: object) -> str:
    """One short line of printable characters."""
    line = " ".join("".join(c if c.isprintable() else " " for c in str(text)[: 4 * _MAX_TEXT]).split())
    return line[:_MAX_TEXT]


class MessageReader:
    """Reads messages from a pipe, and never waits longer than it is told to."""

    def __init__(self, fd: int) -> None:
        os.set_blocking(fd, False)
        self._fd = fd
        self._poll = select.poll()
        self._poll.register(fd, select.POLLIN)
        self._header = bytearray(_HEADER.size)
        self._body: bytearray | None = None
        self._num_filled = 0

    def read(self, wait_ms: int) -> Message | None:
        """The next message, or None if it is not whole within `wait_ms`.

        Raises EOFError when the pipe was closed, WireError for bytes that are no message.
        """
        until_ns = monotonic_ns() + wait_ms * NS_PER_MS
        while not self._fill(self._header if self._body is None else self._body):
            left_ms = (until_ns - monotonic_ns()) // NS_PER_MS
            if left_ms < 0 or not self._poll.poll(left_ms):
                return None
        kind, num_bytes = _HEADER.unpack(self._header)
        if self._body is None:
            if num_bytes > MAX_BODY_BYTES or kind >= len(_KINDS):
                raise WireError(f"kind {kind} with {num_bytes} bytes")
            self._body, self._num_filled = bytearray(num_bytes), 0
            return self.read(max(0, (until_ns - monotonic_ns()) // NS_PER_MS))
        body, self._body, self._num_filled = self._body, None, 0
        return decode(kind, body)

    def _fill(self, buffer: bytearray) -> bool:
        while self._num_filled < len(buffer):
            try:
                num_read = os.readv(self._fd, [memoryview(buffer)[self._num_filled :]])
            except BlockingIOError:
                return False
            if not num_read:
                raise EOFError
            self._num_filled += num_read
        return True
