"""The child process that decodes pictures of strangers: run as a module, it reads requests and writes RGB.

A request is its length (4 bytes) and a picture, PNG or JPEG, in base64. A reply is `REPLY` (status, width, height, number
of bytes) and RGB rows, or on failure a sentence. It imports no torch, and an alarm ends it where a decoder hangs.
"""

from __future__ import annotations

import binascii
import os
import resource
import signal
import struct
import sys
from typing import BinaryIO

import cv2
import numpy as np
from numpy.typing import NDArray

LENGTH = struct.Struct("<I")
REPLY = struct.Struct("<BHHI")
OK, BAD_PICTURE, BAD_BASE64, TOO_LARGE = range(4)
READY = b"r"
MAX_WIDTH, MAX_HEIGHT = 640, 384  # of what comes back: all that the agent looks at
_ALARM_S = 5
_MEMORY_BYTES = 2 << 30
_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"


class PictureError(ValueError):
    """Why a picture cannot be decoded: a status and a sentence."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def decode(encoded: bytes, max_pixels: int) -> NDArray[np.uint8]:
    """A picture in base64 as RGB [H, W, 3], at most 640x384. Raises PictureError."""
    try:
        data = binascii.a2b_base64(encoded, strict_mode=True)
    except binascii.Error as error:
        raise PictureError(BAD_BASE64, f"the picture is no base64 ({error})") from None
    width, height = size_of(data)
    if width * height > max_pixels:
        raise PictureError(
            TOO_LARGE, f"the picture has {width}x{height} pixels: at most {max_pixels} are decoded"
        )
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        pixels = None
    if pixels is None:
        raise PictureError(BAD_PICTURE, "the picture is damaged: send a whole PNG or JPEG")
    scale = min(1.0, MAX_WIDTH / pixels.shape[1], MAX_HEIGHT / pixels.shape[0])
    if scale < 1:
        size = max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale))
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(pixels[:, :, ::-1]).astype(np.uint8, copy=False)


def size_of(data: bytes) -> tuple[int, int]:
    """Width and height that the head of a PNG or JPEG states, before anything is decoded. Raises PictureError."""
    size = None
    if data.startswith(_PNG) and data[12:16] == b"IHDR" and len(data) >= 24:
        size = struct.unpack(">II", data[16:24])
    elif data.startswith(_JPEG):
        size = _jpeg_size(data)
    if size is None or 0 in size:
        raise PictureError(BAD_PICTURE, "the picture is neither PNG nor JPEG: send one of these")
    return size[0], size[1]


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None


def serve(requests: BinaryIO, replies: BinaryIO, max_pixels: int) -> None:
    """Answer requests until they end."""
    replies.write(READY)
    replies.flush()
    while len(head := requests.read(LENGTH.size)) == LENGTH.size:
        encoded = requests.read(LENGTH.unpack(head)[0])
        signal.alarm(_ALARM_S)
        try:
            pixels = decode(encoded, max_pixels)
        except PictureError as error:
            said = str(error).encode()
            replies.write(REPLY.pack(error.status, 0, 0, len(said)) + said)
        else:
            height, width = pixels.shape[:2]
            replies.write(REPLY.pack(OK, width, height, pixels.nbytes))
            replies.write(pixels.data)
        signal.alarm(0)
        replies.flush()


def main() -> None:
    """Serve standard input and output."""
    # What a library prints must not mix with the replies.
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    cv2.setNumThreads(1)
    serve(sys.stdin.buffer, replies, int(sys.argv[1]))


if __name__ == "__main__":
    main()
