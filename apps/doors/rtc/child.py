"""The child process that owns all WebRTC peers: what strangers send is parsed and decoded here, far from the model.

Run as `python -m millrace.apps.doors.rtc.child FD`, FD being its end of a socket pair; it ends when the other end does.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import resource
import socket
import sys
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ....streams.clock import NS_PER_S, WallClock, monotonic_ns
from .fanout import Fanout
from .inside import Ports, install
from .limits import RtcLimits
from .peer import Peer
from .sdp import OfferError, read_offer
from .wire import SOCKET_BYTES, Kind, Message, Wire

_CHECK_NS = NS_PER_S // 4
_CHECKS_A_REPORT = 4
_FAREWELL_S = 1.0  # for which peers are told that it ends
_MAX_WAITING_BYTES = 4_000_000  # a parent that is so far behind gets no more media
_NUM_WORKERS = 2
_log = logging.getLogger(__name__)


class Child:
    """All peers, and what the parent says about them."""

    def __init__(self, limits: RtcLimits, wire: Wire) -> None:
        self._limits, self._wire = limits, wire
        self._workers = ThreadPoolExecutor(_NUM_WORKERS, thread_name_prefix="convert")
        self._encoding = ThreadPoolExecutor(1, thread_name_prefix="encode")
        self._fanout = Fanout(limits.viewer_kbps, self._encoding)
        self._peers: dict[str, Peer] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def hear(self, message: Message) -> None:
        """Called for each message of the parent."""
        head = message.head
        peer = self._peers.get(head.get("id", ""))
        match message.kind:
            case Kind.CREDIT if peer:
                peer.credit(head["track"])
            case Kind.TEXT if peer:
                peer.say(head["channel"], head["text"])
            case Kind.PICTURE:
                size = (head["width"], head["height"], head["t_ns"])
                self._start(self._fanout.show(message.body, *size))
            case Kind.PING:
                self._wire.send(Kind.PING, head)
            case Kind.OFFER:
                self._start(self._answer(head["id"], head["role"], head["sdp"]))
            case Kind.CANDIDATES if peer:
                self._start(peer.candidates(head["candidates"]))
            case Kind.RESTART if peer:
                self._start(self._restart(peer, head))
            case Kind.CLOSE if peer:
                del self._peers[peer.name]
                self._start(peer.close())

    async def watch(self) -> None:
        """Look after all peers until cancelled."""
        clock, number = WallClock(), 0
        while True:
            await clock.sleep_until(clock.now_ns() + _CHECK_NS)
            number += 1
            for peer in list(self._peers.values()):
                peer.check(monotonic_ns())
            if number % _CHECKS_A_REPORT == 0:
                self._wire.send(Kind.STATISTICS, self._statistics())

    async def close(self) -> None:
        """End everything, and let all peers know."""
        for peer in self._peers.values():
            self._start(peer.close())
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_FAREWELL_S)
        for task in self._tasks:
            task.cancel()
        self._workers.shutdown(cancel_futures=True)
        self._encoding.shutdown(cancel_futures=True)

    async def _answer(self, name: str, role: str, sdp: str) -> None:
        peer = Peer(name, self._limits, self._tell, self._workers, self._drop)
        self._peers[name] = peer
        try:
            offer = read_offer(sdp, self._limits.max_tracks)
            async with asyncio.timeout(self._limits.offer_s):
                answer, kinds = await peer.answer(offer, self._fanout if role == "viewer" else None)
        except (OfferError, TimeoutError) as error:
            self._peers.pop(name, None)
            self._wire.send(Kind.REFUSED, {"id": name, "detail": str(error) or "the answer took too long"})
            await peer.close()
        else:
            self._wire.send(Kind.ANSWER, {"id": name, "sdp": answer, "tracks": kinds})

    async def _restart(self, peer: Peer, head: Any) -> None:
        try:
            ufrag, pwd, candidates = await peer.restart(head["ufrag"], head["pwd"], head["candidates"])
        except OfferError as error:
            self._wire.send(Kind.REFUSED, {"id": peer.name, "detail": str(error)})
        else:
            said = {"id": peer.name, "ufrag": ufrag, "pwd": pwd, "candidates": candidates}
            self._wire.send(Kind.RESTART, said)

    def _tell(self, kind: Kind, head: dict[str, Any], body: bytes | memoryview) -> bool:
        if len(body) and self._wire.num_waiting > _MAX_WAITING_BYTES:
            return False
        self._wire.send(kind, head, body)
        return True

    def _drop(self, peer: Peer, why: str) -> None:
        if self._peers.pop(peer.name, None) is not None:
            self._wire.send(Kind.STATE, {"id": peer.name, "state": "closed", "why": why})
        self._start(peer.close())

    def _statistics(self) -> dict[str, Any]:
        return {
            "sessions": {name: peer.statistics() for name, peer in self._peers.items()},
            "screen": self._fanout.statistics(),
            "peak_mib": _peak_mib(),
        }

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finish)

    def _finish(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.warning("rtc child: %s: %s", type(error).__name__, error)


def _peak_mib() -> int:
    """The most memory that this process ever had resident."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return (
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        )  # where it was forked from counts too
    return next(int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmHWM:"))


async def serve(connection: socket.socket) -> None:
    """Until the parent is gone."""
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_log_strange)
    lost, greeted = asyncio.Event(), loop.create_future()
    child: Child | None = None

    def hear(message: Message) -> None:
        if child is not None:
            child.hear(message)
        elif message.kind is Kind.HELLO and not greeted.done():
            greeted.set_result(RtcLimits.from_json(message.head))

    _, wire = await loop.create_unix_connection(lambda: Wire(hear, lost.set), sock=connection)
    limits = await greeted
    install(limits)
    if isinstance(loop, Ports):
        loop.ports = limits.udp_ports
    child = Child(limits, wire)
    wire.send(Kind.HELLO, {"pid": os.getpid()})
    watching = asyncio.ensure_future(child.watch())
    await lost.wait()
    watching.cancel()
    await child.close()


def _log_strange(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    _log.warning("rtc child: %s (%s)", context.get("message"), context.get("exception"))


def main() -> None:
    """The program."""
    logging.basicConfig(level=logging.ERROR, format="%(message)s")
    connection = socket.socket(fileno=int(sys.argv[1]))
    connection.setblocking(False)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BYTES)
    with contextlib.suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=Ports) as runner:
        runner.run(serve(connection))


if __name__ == "__main__":
    main()
