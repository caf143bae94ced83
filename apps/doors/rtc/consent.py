"""Whether a peer still wants what is sent to it (RFC 7675).

aioice takes answers to its requests alone for consent. FFmpeg's WHIP client, up to 9.0 at least, asks but does not
answer, and would be cut off after half a minute. Media that can be decrypted come from nobody else: they count too.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from aioice import Connection
from aioice.ice import CONSENT_FAILURES
from aioice.stun import TransactionError

from ....streams.clock import WallClock, monotonic_ns


async def query_consent(connection: Connection, last_media_ns: Callable[[], int], every_ns: int) -> None:
    """Ask every so often until the peer has neither answered nor sent for too long; then close the connection."""
    clock, num_missed = WallClock(), 0
    password = (connection.remote_password or "").encode()
    while num_missed < CONSENT_FAILURES:
        since_ns = monotonic_ns()
        # Not in step with the other peers.
        await clock.sleep_until(clock.now_ns() + round(every_ns * random.uniform(0.8, 1.2)))
        for pair in list(connection._nominated.values()):
            request = connection.build_request(pair, nominate=False)
            try:
                await pair.protocol.request(
                    request, pair.remote_addr, integrity_key=password, retransmissions=0
                )
                num_missed = 0
            except TransactionError:
                num_missed = 0 if last_media_ns() > since_ns else num_missed + 1
    connection._query_consent_task = None  # else closing would wait for this very task
    await connection.close()
