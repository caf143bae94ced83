"""A real server on a port of its own in the test's loop, and a small client that blocks nobody."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace

from parrot import Parrot, pause

from millrace.apps.doors.app import Front, make_app
from millrace.apps.doors.house import House
from millrace.apps.doors.server import DoorServer, bind
from millrace.apps.doors.settings import ServeConfig, make_serve_config


@dataclass
class Answer:
    """What came back: status, headers by lower-case name, body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        return self.json["error"]


@dataclass
class Served:
    """A running server; `send` speaks HTTP to it by hand, so that a test can send what no client would."""

    house: House
    config: ServeConfig
    port: int
    front: Front
    server: DoorServer
    headers: dict[str, str] = field(default_factory=dict)
    own_address: str = "127.0.0.1"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port, local_addr=(self.own_address, 0))

    def at(self, address: str) -> Served:
        """The same server, met from another address of the loopback."""
        return replace(self, own_address=address)

    async def send(
        self, method: str, path: str, json_body=None, *, body: bytes = b"", **headers: str
    ) -> Answer:
        named = {"Host": f"127.0.0.1:{self.port}", "Connection": "close", **self.headers}
        if json_body is not None:
            body, named["Content-Type"] = json.dumps(json_body).encode(), "application/json"
        if body or method in ("POST", "PUT", "PATCH"):
            named["Content-Length"] = str(len(body))
        named |= {name.replace("_", "-"): value for name, value in headers.items()}
        head = "".join(f"{name}: {value}\r\n" for name, value in named.items() if value is not None)
        return await self.raw(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body)

    async def raw(self, request: bytes) -> Answer:
        reader, writer = await self.open()
        try:
            writer.write(request)
            return await read_answer(reader, has_body=not request.startswith(b"HEAD"))
        finally:
            await close(writer)


async def close(writer: asyncio.StreamWriter) -> None:
    """Hang up, whatever the other side did before."""
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


async def read_answer(reader: asyncio.StreamReader, *, has_body: bool = True) -> Answer:
    """One answer, to its stated length or to the end of its connection."""
    status, headers = await read_head(reader)
    if has_body and "content-length" in headers:
        return Answer(status, headers, await reader.readexactly(int(headers["content-length"])))
    body = await reader.read()
    if headers.get("transfer-encoding") == "chunked":
        body = _joined(body)
    return Answer(status, headers, body)


async def read_head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    """The status and the headers."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in head[1:] if line)
    return int(head[0].split()[1]), {name.lower(): value.strip() for name, _, value in pairs}


def _joined(body: bytes) -> bytes:
    parts, rest = [], body
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        parts.append(rest[: int(size, 16)])
        rest = rest[int(size, 16) + 2 :]
    return b"".join(parts)


@asynccontextmanager
async def serving(house: House | None = None, *, ticks: bool = True, **settings) -> AsyncIterator[Served]:
    """A server of these settings without the media doors, up and ticking; ended and joined at the end."""
    config = make_serve_config(**{"port": 0, "cams": 2, "webrtc": False, "realtime": False, **settings})
    house = house or House(Parrot(), config.cams, config.budget_ms, answer_timeout_s=60)
    app = make_app(house, config)
    listener = bind(config.model_copy(update={"host": "127.0.0.1"}))
    server = DoorServer(app, house, config)
    serve = asyncio.create_task(server.serve(sockets=[listener]))
    front = app.state.front
    served = Served(house, config, listener.getsockname()[1], front, server)
    try:
        while not server.started or (ticks and front.metrics.last_tick_ns is None and not front.failure):
            await pause(0.01)
            if serve.done():
                await serve
        yield served
    finally:
        server.stop()
        await serve


def play(coroutine, seconds: float = 60):
    """Run a test's coroutine; tasks that it leaves behind fail the test."""

    async def whole():
        result = await asyncio.wait_for(coroutine, seconds)
        left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        assert not left, left
        return result

    return asyncio.run(whole())
