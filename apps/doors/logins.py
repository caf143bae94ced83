"""Who has shown the token. Browsers get a cookie for it: the WebSocket of a page cannot carry a header."""

from __future__ import annotations

import hashlib
from collections import OrderedDict

from ...streams.clock import NS_PER_S, Clock, WallClock
from .limits import Rate
from .masking import is_same, make_token
from .replies import Refusal, wait_header

AGE_S = 12 * 3600
_MAX_LOGINS = 64  # at once; the oldest goes


class Logins:
    """The token, and the cookies that were given out for it: random ones, that do not tell the token.

    An empty `token` asks for none.
    """

    def __init__(self, token: str, wrong_per_minute: int, clock: Clock | None = None) -> None:
        self._token = token
        self._clock = clock or WallClock()
        self._wrong = Rate(wrong_per_minute, self._clock)
        self._until_ns: OrderedDict[bytes, int] = OrderedDict()

    @property
    def is_needed(self) -> bool:
        """Whether a token is asked for."""
        return bool(self._token)

    def check_token(self, given: str, address: str) -> None:
        """Raises Refusal 401 for a wrong token, 429 where too many were wrong."""
        if wait_s := self._wrong.is_spent(address):
            raise Refusal(
                429, "too many wrong tokens; wait before the next", "too_many_logins", wait_header(wait_s)
            )
        if not is_same(given, self._token):
            self._wrong.take(address)
            raise Refusal(401, "the token is wrong; `agent serve` printed it once", "wrong_token")

    def open(self) -> str:
        """A new cookie, good for `AGE_S` seconds."""
        value = make_token()
        self._until_ns[_digest(value)] = self._clock.now_ns() + AGE_S * NS_PER_S
        if len(self._until_ns) > _MAX_LOGINS:
            self._until_ns.popitem(last=False)
        return value

    def is_open(self, value: str) -> bool:
        """Whether this cookie is good."""
        # Found by its digest: how long that takes says nothing about the cookies that there are.
        return self._until_ns.get(_digest(value), 0) > self._clock.now_ns()

    def close(self, value: str) -> None:
        """The cookie is good no more."""
        self._until_ns.pop(_digest(value), None)


def cookie_name(port: int) -> str:
    """Its name; browsers keep one jar for all ports of an address."""
    return f"millrace_{port}"


def _digest(value: str) -> bytes:
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).digest()
