"""What every request passes before a route sees it: host, origin, rate, token, size and time of its body."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .limits import Rate
from .logins import Logins, cookie_name
from .replies import Refusal, error_bytes, wait_header
from .settings import ServeConfig
from .visitor import Visitor, own_names

_HEADERS = {
    "content-security-policy": (
        "default-src 'self'; connect-src 'self' ws: wss:; media-src 'self' blob:; img-src 'self' data: blob:;"
        " base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(self), microphone=(self), display-capture=(self), geolocation=()",
}
_ALLOWED = {
    "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE, OPTIONS",
    "access-control-allow-headers": "authorization, content-type, if-match",
    "access-control-max-age": "600",
}
_EXPOSED = "location, etag, link, accept-patch, retry-after"
_SDP_PATHS = ("/whip", "/whep", "/v1/realtime/calls")
_POLICY_VIOLATION = 1008


class _Gone(Exception):
    """The peer left before its request was whole."""


def _ignore(_: object) -> None:
    """When nobody counts."""


class Guard:
    """Pure ASGI. `open_paths` hold no secret and need no token: the page, and whether the server is alive."""

    def __init__(
        self,
        app: ASGIApp,
        config: ServeConfig,
        logins: Logins,
        *,
        open_paths: Collection[str] = (),
        on_refused: Callable[[str], None] = _ignore,
        on_socket: Callable[[int], None] = _ignore,
    ) -> None:
        """`on_refused` gets the code of each refusal, `on_socket` 1 and -1 as a WebSocket comes and goes."""
        self.app, self._config, self._logins = app, config, logins
        self._open_paths, self._on_refused, self._on_socket = frozenset(open_paths), on_refused, on_socket
        self._own_names = own_names()
        limits = config.limits
        self._requests = Rate(limits.requests_per_minute)
        self._offers = Rate(limits.offers_per_minute)
        self._offers_in_all = Rate(limits.offers_in_all_per_minute)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        visitor = Visitor(scope)
        is_foreign = visitor.origin in self._config.origins
        sender = _with_headers(send, visitor.origin if is_foreign else "")
        try:
            self._check(visitor)
            if is_foreign and visitor.is_preflight:
                await _answer(scope, sender, 204, b"", _ALLOWED)
                return
            self._check_token(visitor)
            self._check_offer(visitor)
            receive = receive if visitor.is_websocket else await self._with_body(visitor, receive)
        except _Gone:
            return
        except Refusal as refused:
            self._on_refused(refused.code)
            await _refuse(scope, receive, sender, refused)
            return
        self._on_socket(visitor.is_websocket)
        try:
            await self.app(scope, receive, sender)
        finally:
            self._on_socket(-visitor.is_websocket)

    def _check(self, visitor: Visitor) -> None:
        if not visitor.is_host_good(self._config, self._own_names):
            raise Refusal(
                403,
                f"host {visitor.host[:80] or 'is missing'}: this server is not known by that name;"
                " list it under hosts in [serve] of millrace.toml",
                "unknown_host",
            )
        if not visitor.is_origin_good(self._config):
            raise Refusal(
                403,
                f"a page of {visitor.origin[:80] or 'another site'} may not use this server;"
                " list it under origins in [serve] of millrace.toml",
                "foreign_origin",
            )
        _take(self._requests, visitor.address, "requests", "too_many_requests")

    def _check_token(self, visitor: Visitor) -> None:
        if not self._logins.is_needed or self._is_open(visitor):
            return
        given, cookie = visitor.bearer, visitor.cookie(cookie_name(visitor.port))
        if given:
            self._logins.check_token(given, visitor.address)
        elif not (cookie and self._logins.is_open(cookie)):
            raise Refusal(
                401,
                "a token is needed: send Authorization: Bearer TOKEN, or open the page by its link",
                "unauthorized",
            )

    def _is_open(self, visitor: Visitor) -> bool:
        # The login checks the token itself.
        if visitor.path == "/login":
            return visitor.method == "POST"
        return visitor.path in self._open_paths and visitor.method in ("GET", "HEAD")

    def _check_offer(self, visitor: Visitor) -> None:
        if visitor.is_websocket or (visitor.method == "POST" and visitor.path.startswith(_SDP_PATHS)):
            # First by its address: one that asks too often must not use up what all may ask.
            _take(self._offers, visitor.address, "new sessions", "too_many_offers")
            _take(self._offers_in_all, "all", "new sessions from all addresses", "too_many_offers")

    async def _with_body(self, visitor: Visitor, receive: Receive) -> Receive:
        """The whole body, read before the route is called: no route can be held up by it."""
        limits = self._config.limits
        most = limits.sdp_bytes if visitor.path.startswith(_SDP_PATHS) else limits.body_bytes
        too_large = Refusal(413, f"the body is larger than {most} bytes; send less", "too_large")
        if int(visitor.headers.get("content-length", "0")) > most:
            raise too_large
        body = bytearray()
        try:
            async with asyncio.timeout(limits.body_s):
                while True:
                    message = await receive()
                    if message["type"] != "http.request":
                        raise _Gone
                    body += message.get("body", b"")
                    if len(body) > most:
                        raise too_large
                    if not message.get("more_body"):
                        whole = {"type": "http.request", "body": bytes(body), "more_body": False}
                        return _replay(whole, receive)
        except TimeoutError:
            raise Refusal(
                408, f"the body did not come within {limits.body_s:g} s; send it faster", "too_slow"
            ) from None


def _take(rate: Rate, address: str, what: str, code: str) -> None:
    if wait_s := rate.take(address):
        raise Refusal(
            429, f"more than {rate.per_minute} {what} a minute; wait a little", code, wait_header(wait_s)
        )


def _replay(first: Message, receive: Receive) -> Receive:
    waiting = [first]

    async def receive_again() -> Message:
        return waiting.pop() if waiting else await receive()

    return receive_again


def _with_headers(send: Send, origin: str) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            if origin:
                headers["access-control-allow-origin"] = origin
                headers["access-control-expose-headers"] = _EXPOSED
                headers["cross-origin-resource-policy"] = "cross-origin"
                headers.add_vary_header("origin")
        await send(message)

    return send_with_headers


async def _refuse(scope: Scope, receive: Receive, send: Send, refused: Refusal) -> None:
    headers = {"content-type": "application/json", "cache-control": "no-store", **(refused.headers or {})}
    if refused.status_code == 401:
        headers["www-authenticate"] = 'Bearer realm="millrace"'
    body = error_bytes(refused.detail, refused.code)
    if scope["type"] == "http":
        await _answer(scope, send, refused.status_code, body, headers)
        return
    await receive()  # the connect
    if "websocket.http.response" in scope.get("extensions", {}):
        await _answer(scope, send, refused.status_code, body, headers)
    else:
        await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": refused.code})


async def _answer(scope: Scope, send: Send, status: int, body: bytes, headers: dict[str, str]) -> None:
    prefix = "websocket.http" if scope["type"] == "websocket" else "http"
    sized = headers if status == 204 else {**headers, "content-length": str(len(body))}
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in sized.items()]
    await send({"type": f"{prefix}.response.start", "status": status, "headers": encoded})
    await send({"type": f"{prefix}.response.body", "body": body, "more_body": False})
