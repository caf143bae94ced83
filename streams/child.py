"""A decoder child process, seen from its parent: started, given orders, read from, and killed."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from .wire import CREDIT, Message, MessageReader, WireError, plain

_MODULE = "millrace.streams.child_decoder"
_REAP_S = 0.5
_PIPE_BYTES = 2**20  # a whole picture fits: two switches between processes for one, not twenty


class ChildLost(Exception):
    """The child has ended, or says what is no message; only `kill` is left to do."""


class DecoderChild:
    """One child process. Used by one thread; close it with `kill`, or by leaving the `with` block."""

    def __init__(self) -> None:
        # `-P`: what lies in the user's folder must not stand in for a library. A session of its own: Ctrl-C is for us.
        command = [sys.executable, "-P", "-m", _MODULE]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        self.is_ready = False  # it has said so
        fd = self._process.stdout.fileno()
        _widen(fd)
        self._reader = MessageReader(fd)

    @property
    def pid(self) -> int:
        return self._process.pid

    def order(self, order: Mapping[str, Any]) -> None:
        """Let it open a camera. Raises ChildLost."""
        self._send(json.dumps(order).encode() + b"\n")

    def credit(self) -> None:
        """The last picture was taken: it may send the newest. Raises ChildLost."""
        self._send(CREDIT)

    def read(self, wait_ms: int) -> Message | None:
        """The next message, or None if it is not whole within `wait_ms`. Raises ChildLost."""
        try:
            message = self._reader.read(wait_ms)
        except EOFError:
            raise ChildLost(self._last_words()) from None
        except WireError as error:
            raise ChildLost(f"the decoder talks nonsense ({plain(error)})") from error
        self.is_ready = self.is_ready or message is not None
        return message

    def kill(self) -> None:
        """End it at once, whatever it does, and leave no zombie."""
        self._process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_REAP_S)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def __enter__(self) -> DecoderChild:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def _send(self, line: bytes) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line)
        except OSError:
            raise ChildLost(self._last_words()) from None

    def _last_words(self) -> str:
        try:
            code = self._process.wait(_REAP_S)
        except subprocess.TimeoutExpired:
            return "the decoder has hung up"
        return f"the decoder crashed (signal {-code})" if code < 0 else f"the decoder ended (code {code})"


def _widen(fd: int) -> None:
    with contextlib.suppress(ImportError, AttributeError, OSError):
        import fcntl

        fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
