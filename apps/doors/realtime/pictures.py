"""Decodes pictures of strangers in a child process, which is killed and started anew where it hangs or dies."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys

import numpy as np
from numpy.typing import NDArray

from . import picture_child as child
from .problem import RealtimeError

_START_TIMEOUT_S = 30.0  # a busy machine loads libraries slowly
_CODES = {
    child.BAD_PICTURE: "invalid_image",
    child.BAD_BASE64: "invalid_base64",
    child.TOO_LARGE: "image_too_large",
}
_PREFIXES = ("data:image/png;base64,", "data:image/jpeg;base64,", "data:image/jpg;base64,")


class HangError(RealtimeError):
    """The child hung or died over a picture."""


class PictureDecoder:
    """One child process for all clients, which gets one picture at a time. Used from the event loop."""

    def __init__(self, max_bytes: int, max_pixels: int, timeout_s: float = 2.0) -> None:
        self.num_killed = 0
        self._max_bytes, self._max_pixels, self._timeout_s = max_bytes, max_pixels, timeout_s
        self._child: asyncio.subprocess.Process | None = None
        self._lock = asyncio.Lock()

    async def decode(self, url: str) -> NDArray[np.uint8]:
        """RGB [H, W, 3], at most 640x384, of a PNG or JPEG in a `data:` URL.

        Raises RealtimeError; HangError where the child had to be killed.
        """
        encoded = self._encoded(url)
        async with self._lock:
            try:
                running = await self._start()
                async with asyncio.timeout(self._timeout_s):
                    return await self._ask(running, encoded)
            except (TimeoutError, OSError, asyncio.IncompleteReadError):
                self.num_killed += 1
                await self._kill()
                raise HangError(
                    "invalid_image", "the picture could not be decoded in time: send another"
                ) from None
            except asyncio.CancelledError:
                # Its reply would be taken for that of the next picture.
                await self._kill()
                raise

    async def close(self) -> None:
        """End the child; a further `decode` starts another."""
        async with self._lock:
            await self._kill()

    @property
    def pid(self) -> int | None:
        """Of the child, while there is one."""
        return self._child.pid if self._child is not None else None

    def _encoded(self, url: str) -> bytes:
        prefix = next((prefix for prefix in _PREFIXES if url.startswith(prefix)), None)
        if prefix is None:
            raise RealtimeError(
                "invalid_image",
                f"image_url begins with {url[:24]!r}: send data:image/png;base64,… or jpeg",
                "image_url",
            )
        if (len(url) - len(prefix)) * 3 > self._max_bytes * 4:
            raise RealtimeError(
                "image_too_large", f"the picture has more than {self._max_bytes} bytes", "image_url"
            )
        try:
            return url[len(prefix) :].encode("ascii")
        except UnicodeEncodeError:
            raise RealtimeError("invalid_base64", "the picture is no base64", "image_url") from None

    async def _start(self) -> asyncio.subprocess.Process:
        if self._child is None or self._child.returncode is not None:
            # Isolated: the place it is started from adds no modules.
            self._child = await asyncio.create_subprocess_exec(
                sys.executable, "-P", "-m", child.__name__, str(self._max_pixels),
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            async with asyncio.timeout(_START_TIMEOUT_S):
                await _out(self._child).readexactly(len(child.READY))
        return self._child

    async def _ask(self, running: asyncio.subprocess.Process, encoded: bytes) -> NDArray[np.uint8]:
        assert running.stdin is not None
        running.stdin.write(child.LENGTH.pack(len(encoded)))
        running.stdin.write(encoded)
        await running.stdin.drain()
        head = await _out(running).readexactly(child.REPLY.size)
        status, width, height, num_bytes = child.REPLY.unpack(head)
        if num_bytes > child.MAX_WIDTH * child.MAX_HEIGHT * 3 or (
            status == child.OK and num_bytes != width * height * 3
        ):
            raise OSError("the child says what it should not")
        body = await _out(running).readexactly(num_bytes)
        if status != child.OK:
            raise RealtimeError(
                _CODES.get(status, "invalid_image"), body.decode(errors="replace"), "image_url"
            )
        return np.frombuffer(body, np.uint8).reshape(height, width, 3)

    async def _kill(self) -> None:
        running, self._child = self._child, None
        if running is not None:
            with contextlib.suppress(ProcessLookupError):
                running.kill()
            await running.communicate()  # also closes its pipes


def _out(running: asyncio.subprocess.Process) -> asyncio.StreamReader:
    assert running.stdout is not None
    return running.stdout
