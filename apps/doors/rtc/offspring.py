"""One child process at a time: started, watched, ended when it hangs, and another started when it dies."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
import subprocess
import sys
from collections.abc import Callable

from ....streams.clock import NS_PER_MS, NS_PER_S, WallClock, monotonic_ns
from .limits import RtcLimits
from .wire import SOCKET_BYTES, Kind, Message, Wire

START_S = 60.0  # its libraries take seconds to import on a busy machine
_PROGRAM = "millrace.apps.doors.rtc.child"
_PING_NS = NS_PER_S
_FIRST_PAUSE_NS, _MAX_PAUSE_NS = NS_PER_S // 4, 8 * NS_PER_S
_FAREWELL_S = 2.0  # for which a child that is to end may take leave of its peers
_HEALTHY_NS = 30 * NS_PER_S  # a child that lived so long may be started again at once


class Offspring:
    """The child and its successors. `on_down` tells why one ended."""

    def __init__(
        self,
        limits: RtcLimits,
        on_message: Callable[[Message], None],
        on_up: Callable[[], None],
        on_down: Callable[[str], None],
    ) -> None:
        self._limits, self._on_message = limits, on_message
        self._on_up, self._on_down = on_up, on_down
        self.wire: Wire | None = None
        self.pid: int | None = None  # once it is ready
        self.num_restarts = 0
        self._is_ready, self._heard_ns = False, 0
        self._numbers = itertools.count()
        self._running: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; it takes seconds until it is ready."""
        self._running = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End it, and start no other."""
        if self._running is not None:
            self._running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._running

    def _hear(self, message: Message) -> None:
        self._heard_ns = monotonic_ns()
        self._is_ready |= message.kind is Kind.HELLO
        self._on_message(message)

    async def _run(self) -> None:
        clock, pause_ns = WallClock(), _FIRST_PAUSE_NS
        while True:
            began_ns = clock.now_ns()
            why = await self._live()
            self._on_down(why)
            if clock.now_ns() - began_ns > _HEALTHY_NS:
                pause_ns = _FIRST_PAUSE_NS
            await clock.sleep_until(clock.now_ns() + pause_ns)
            pause_ns = min(2 * pause_ns, _MAX_PAUSE_NS)
            self.num_restarts += 1

    async def _live(self) -> str:
        """One child from start to end; returns why it ended."""
        lost = asyncio.Event()
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BYTES)
        try:
            with theirs:
                process = await asyncio.to_thread(_spawn, theirs.fileno())
        except BaseException:
            ours.close()  # a child that came to be all the same ends with it
            raise
        loop, self._is_ready = asyncio.get_running_loop(), False
        _, wire = await loop.create_unix_connection(lambda: Wire(self._hear, lost.set), sock=ours)
        self.wire = wire
        wire.send(Kind.HELLO, self._limits.to_json())
        try:
            return await self._attend(process.pid, wire, lost)
        except asyncio.CancelledError:
            wire.close()
            await asyncio.to_thread(_wait, process)
            raise
        finally:
            self.pid, self.wire = None, None
            wire.close()
            process.kill()
            await asyncio.shield(asyncio.to_thread(process.wait))

    async def _attend(self, pid: int, wire: Wire, lost: asyncio.Event) -> str:
        self._heard_ns = monotonic_ns()
        while not lost.is_set():
            if self._is_ready and self.pid is None:
                self.pid = pid
                self._on_up()
            allowed_s = self._limits.stall_s if self.pid else START_S
            if monotonic_ns() - self._heard_ns > allowed_s * NS_PER_S:
                return f"the WebRTC process said nothing for {allowed_s:g} s and was ended"
            wire.send(Kind.PING, {"n": next(self._numbers)})
            pause_ns = _PING_NS if self.pid else 20 * NS_PER_MS
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause_ns / NS_PER_S):
                    await lost.wait()
        return "the WebRTC process ended and is being started again"


def _spawn(descriptor: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-P", "-m", _PROGRAM, str(descriptor)],
        pass_fds=(descriptor,),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for the parent, which then ends it
    )


def _wait(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_FAREWELL_S)
