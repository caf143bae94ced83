"""The web server of the doors: its socket, its settings, and a stop that does not wait for listeners."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import socket
import ssl
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from ...errors import ConfigError
from ..checks.network import host_addresses
from .connection import with_limits
from .house import House
from .listener import Listener
from .settings import ServeConfig

_CLOSING_S = 3  # for answers that are on their way when the server ends
_EVERYWHERE, _MOST_ADDRESSES = ("0.0.0.0", "::"), 4
_MAX_HEAD = 32_768  # bytes of the head of a request


class DoorServer(uvicorn.Server):
    """uvicorn, without its own handling of signals; `stop` ends the session first, so that all listeners end."""

    def __init__(self, app: ASGIApp, house: House, config: ServeConfig) -> None:
        super().__init__(_settings(app, config))
        self._house = house

    def stop(self) -> None:
        """End soon; may be called from a signal handler."""
        self._house.stop()
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def bind(config: ServeConfig) -> Listener:
    """The listening socket. Raises ConfigError where the address or the port cannot be had."""
    host, port = config.host, config.port
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = Listener(family, kind, protocol)
        listener.limits = config.limits
    except OSError as error:
        raise ConfigError(
            f"host {host}: {error.strerror or error}; give an address of this machine"
        ) from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise ConfigError(_why_not(host, port, error)) from None
    listener.setblocking(False)
    return listener


def url_of(config: ServeConfig, listener: socket.socket) -> str:
    """What a browser of this machine opens; it ends without a slash."""
    return _url(config, "127.0.0.1" if config.host in _EVERYWHERE else config.host, listener)


def urls_elsewhere(config: ServeConfig, listener: socket.socket) -> list[str]:
    """What browsers of other machines open, where the server listens on all addresses of this one."""
    if config.host not in _EVERYWHERE:
        return []
    is_ipv4_alone = listener.family is socket.AF_INET
    hosts = [host for host in host_addresses() if "%" not in host and not (is_ipv4_alone and ":" in host)]
    return [_url(config, host, listener) for host in hosts[:_MOST_ADDRESSES]]


def _url(config: ServeConfig, host: str, listener: socket.socket) -> str:
    return f"{config.scheme}://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"


def check_tls(config: ServeConfig) -> None:
    """Raises ConfigError where the certificate and its key do not belong together."""
    if config.tls_cert is None or config.tls_key is None:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(config.tls_cert, config.tls_key, password=str)
    except (OSError, ssl.SSLError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise ConfigError(
            f"{config.tls_cert} and {config.tls_key} are no certificate with its key ({reason});"
            " give two PEM files that belong together, the key without a password"
        ) from None


def is_worth_telling(record: logging.LogRecord) -> bool:
    """A filter of uvicorn's log: False for what is nobody's error.

    That is what had begun and ended with the server, and a WebSocket that was refused with a status and a sentence.
    """
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, asyncio.CancelledError):
        return False
    text = record.getMessage().rstrip()  # it tells of its lifespan as text
    is_ending = text.startswith("Cancel ") or text.endswith("CancelledError")
    return not is_ending and not text.endswith("without completing handshake.")


def _why_not(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        other = port + 1 if port < 65_535 else 0
        return f"port {port} of {host} is taken by another program; choose another: --port {other}"
    if error.errno == errno.EACCES:
        return f"port {port} is for the administrator; choose one above 1023: --port 8080"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"host {host} is no address of this machine; give one that it has, or 0.0.0.0 for all"
    return (
        f"cannot listen on {host} port {port}: {error.strerror or error}; choose another with --host, --port"
    )


def _settings(app: ASGIApp, config: ServeConfig) -> uvicorn.Config:
    limits = config.limits
    return uvicorn.Config(
        app,
        http=with_limits(limits),
        ws="websockets-sansio",
        lifespan="on",
        log_config=None,
        access_log=False,  # it would hold addresses of people, and what they put into URLs
        proxy_headers=False,  # an address that a stranger claims is not believed
        server_header=False,
        interface="asgi3",
        h11_max_incomplete_event_size=_MAX_HEAD,
        ws_max_size=limits.message_bytes + 65_536,  # the door itself says what is too large
        ws_max_queue=8,
        ws_ping_interval=limits.idle_s / 2,
        ws_ping_timeout=limits.idle_s / 2,
        ws_per_message_deflate=False,  # a small message could become a huge one
        timeout_keep_alive=15,
        timeout_graceful_shutdown=_CLOSING_S,
        ssl_certfile=config.tls_cert,
        ssl_keyfile=config.tls_key,
    )
