"""The ICE connection of one peer: when it was last heard of, and how it is restarted under a running session.

aiortc knows no ICE restart. Here a second connection is made beside the first; once it stands, it takes its
place under DTLS, which notices nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from functools import partial
from itertools import islice
from typing import Any

from aioice import Candidate, Connection
from aioice.ice import ConnectionEvent
from aiortc import RTCIceTransport
from aiortc.rtcconfiguration import RTCIceServer
from aiortc.rtcicetransport import connection_kwargs

from ....streams.clock import NS_PER_S, monotonic_ns
from .consent import query_consent
from .tap import swap

# Of one ICE session: each is asked again and again, at an address that a stranger names (RFC 8445, 19.5.1).
_MAX_CANDIDATES = 64


class Lifeline:
    """Stands between DTLS and ICE; make it before the transport starts.

    `last_media_ns` tells when media of the peer were last decrypted: it is asked every `consent_s` whether it is there.
    """

    def __init__(
        self,
        transport: RTCIceTransport,
        servers: list[RTCIceServer],
        last_media_ns: Callable[[], int],
        consent_s: float,
    ) -> None:
        self._transport, self._servers = transport, servers
        self._last_media_ns, self._consent_ns = last_media_ns, round(consent_s * NS_PER_S)
        self._connection: Connection = transport._connection
        self._next: Connection | None = None
        self._num_candidates = 0  # of the newest ICE session
        self.last_heard_ns = monotonic_ns()
        swap(transport, "_recv", self._recv)
        swap(transport, "_send", self._send)
        self._listen(self._connection)

    async def add(self, candidates: Iterable[str]) -> None:
        """Addresses of the peer, as text after `candidate:`; there may be so many, the rest is left out."""
        for text in islice(candidates, _MAX_CANDIDATES - self._num_candidates):
            self._num_candidates += 1
            await (self._next or self._connection).add_remote_candidate(Candidate.from_sdp(text))

    async def restart(self, ufrag: str, pwd: str) -> tuple[str, str, list[str]]:
        """Make the second connection; returns its own ufrag, pwd and candidates, to be told to the peer."""
        if self._next is not None:
            await self._next.close()
        made = Connection(ice_controlling=False, **connection_kwargs(self._servers))
        made.remote_username, made.remote_password = ufrag, pwd
        self._listen(made)
        await made.gather_candidates()
        self._next, self._num_candidates = made, 0
        return made.local_username, made.local_password, [one.to_sdp() for one in made.local_candidates]

    async def take_over(self) -> None:
        """Wait until the second connection stands, and use it from then on; the first goes on where it fails."""
        made = self._next
        if made is None:
            return
        try:
            await made.connect()
        except ConnectionError:
            await made.close()
            return
        finally:
            if self._next is made:
                self._next = None
        old, self._connection = self._connection, made
        self._transport._connection = made
        # The transport waits for events of the old connection; this one lets it look at the new.
        old._emit_event(ConnectionEvent())
        await asyncio.shield(old.close())

    async def close(self) -> None:
        """End a restart that still goes on."""
        if self._next is not None:
            await self._next.close()

    def _listen(self, connection: Connection) -> None:
        received = connection.request_received

        def on_request(message: Any, *more: Any) -> None:
            # Strangers can send requests too; only the peer knows the password.
            if "USERNAME" in message.attributes and message.check_message_integrity(
                connection.local_password.encode()
            ):
                self.last_heard_ns = monotonic_ns()
            received(message, *more)

        swap(connection, "request_received", on_request)
        asking = partial(query_consent, connection, self._last_media_ns, self._consent_ns)
        swap(connection, "query_consent", asking)

    async def _recv(self) -> bytes:
        while True:
            connection = self._connection
            try:
                data = await connection.recv()
            except ConnectionError:
                if connection is self._connection:
                    raise
                continue
            self.last_heard_ns = monotonic_ns()
            return data

    async def _send(self, data: bytes) -> None:
        await self._connection.send(data)
