"""A cable between the browser and the server, which can be pulled: what is open breaks, and nothing new gets through."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Cable:
    """Passes connections on to a port of this machine."""

    def __init__(self, port: int) -> None:
        self._port, self._is_in = port, True
        self._open: set[asyncio.StreamWriter] = set()

    def pull(self) -> None:
        """Nothing passes any more."""
        self._is_in = False
        for writer in self._open:
            writer.transport.abort()

    def plug(self) -> None:
        """New connections pass."""
        self._is_in = True

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, to its end."""
        if not self._is_in:
            writer.transport.abort()
            return
        beyond, back = await asyncio.open_connection("127.0.0.1", self._port)
        ends = {writer, back}
        self._open |= ends
        try:
            await asyncio.gather(_copy(reader, back), _copy(beyond, writer))
        finally:
            self._open -= ends
            for end in ends:
                end.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def cable_to(url: str) -> AsyncIterator[tuple[str, Cable]]:
    """The address of its near end, and the cable."""
    cable = Cable(int(url.rpartition(":")[2]))
    server = await asyncio.start_server(cable.carry, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", cable
    finally:
        server.close()
        cable.pull()
