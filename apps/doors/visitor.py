"""Who knocks: what a request's head tells about where it comes from. Pure: headers in, verdicts out."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

from .settings import ServeConfig, is_loopback

_SUBPROTOCOL_KEY = (
    "openai-insecure-api-key."  # how OpenAI's clients in browsers send their key on a WebSocket
)


class Visitor:
    """One request, HTTP or WebSocket, before any route sees it."""

    def __init__(self, scope: Scope) -> None:
        self.headers = Headers(scope=scope)
        self.path: str = scope["path"]
        self.method: str = scope.get("method", "GET")
        self.is_websocket: bool = scope["type"] == "websocket"
        self.address: str = (scope.get("client") or ("unknown", 0))[0]
        self.port: int = (scope.get("server") or ("", 0))[1] or 0
        self.host = self.headers.get("host", "").strip().lower()
        self.origin = self.headers.get("origin", "").strip().lower()

    @property
    def is_preflight(self) -> bool:
        """A browser asks whether another page may send a request."""
        return self.method == "OPTIONS" and "access-control-request-method" in self.headers

    @property
    def bearer(self) -> str:
        """The token that the request carries in a header; empty if none."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return token.strip()
        offered = self.headers.get("sec-websocket-protocol", "") if self.is_websocket else ""
        keys = (part.strip() for part in offered.split(","))
        return next(
            (key.removeprefix(_SUBPROTOCOL_KEY) for key in keys if key.startswith(_SUBPROTOCOL_KEY)), ""
        )

    def cookie(self, name: str) -> str:
        """The value of this cookie; empty if there is none."""
        try:
            jar = SimpleCookie(self.headers.get("cookie", ""))
        except CookieError:
            return ""
        return jar[name].value if name in jar else ""

    def is_host_good(self, config: ServeConfig, own_names: Collection[str]) -> bool:
        """Whether the request was meant for this server, and not for a name that somebody points at it.

        An address as such is no name that could be pointed anywhere; a name must be known.
        """
        try:
            name = urlsplit(f"//{self.host}").hostname or ""
        except ValueError:
            return False
        if self.host.count("@") or not name:
            return False
        if is_loopback(name) or name in (listed.lower() for listed in config.hosts):
            return True
        if config.is_loopback:
            return False
        return _is_address(name) or name == config.host.lower() or name.rstrip(".") in own_names

    def is_origin_good(self, config: ServeConfig) -> bool:
        """Whether the page that sent this is our own or one that the owner listed; programs send no origin."""
        if self.origin:
            return self.origin in config.origins or self._is_own_page
        # Browsers leave the origin out of plain loads, but say what they are; a person may follow a link to here.
        is_foreign = self.headers.get("sec-fetch-site", "none") in ("cross-site", "same-site")
        return not is_foreign or (self.method == "GET" and self.headers.get("sec-fetch-mode") == "navigate")

    @property
    def _is_own_page(self) -> bool:
        scheme, _, authority = self.origin.partition("://")
        return scheme in ("http", "https") and authority == self.host


def own_names() -> frozenset[str]:
    """What this machine is called on its network."""
    name = socket.gethostname().lower()
    return frozenset({name, f"{name.partition('.')[0]}.local"})


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True
