"""Can `agent serve` be reached: its port, HTTPS where that is needed, and the addresses that WebRTC offers."""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import json
import socket
import ssl
import urllib.error
import urllib.request
from pathlib import Path

from .finding import Finding, is_installed, note, ok, pip

CONTAINER = Path("/.dockerenv")
_ECHO_S = 0.5
_ANSWER_S = 2.0
_MAX_HEALTH = 4096  # bytes
_TUNNEL = "ssh -L {port}:127.0.0.1:{port} $USER@$(hostname)  # run it on the machine with the browser"
_CERTIFICATE = (
    "openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj /CN=$(hostname) -keyout key.pem -out cert.pem"
    " && agent serve --host {host} --tls-cert cert.pem --tls-key key.pem"
)


def check_port() -> Finding:
    from ..doors.layers import load_serve_config

    config = load_serve_config()
    if trouble := tcp_trouble(config.host, config.port):
        if health := health_at(f"{config.scheme}://{_near(config.host)}:{config.port}"):
            return ok(
                "port", f"{config.host}:{config.port}: `agent serve` runs there already; its health: {health}"
            )
        free = free_port("127.0.0.1")
        return note("port", f"{config.host}:{config.port}: {trouble}", f"agent serve --port {free}")
    return ok("port", f"{config.host}:{config.port or 'any'} is free for `agent serve`, and can be reached")


def check_https() -> Finding:
    """Browsers give camera and microphone to a page of this machine, or to one that came by HTTPS."""
    from ..doors.layers import load_serve_config

    config = load_serve_config()
    if config.tls_cert is not None:
        return ok("HTTPS", f"with {config.tls_cert}; browsers may ask once whether to trust it")
    if config.is_loopback:
        return ok(
            "HTTPS",
            f"not needed: {config.host} is this machine. Browsers elsewhere come through"
            f" {_TUNNEL.format(port=config.port)}",
        )
    detail = f"browsers on other machines give no camera to http://{config.host}; a certificate is needed"
    return note("HTTPS", detail, _CERTIFICATE.format(host=config.host))


def check_addresses() -> Finding:
    """The host candidates of ICE: where browsers send their pictures, by UDP."""
    if not is_installed("aioice"):
        return note("ICE", "needs aiortc", pip("aiortc"))
    if trouble := udp_trouble("127.0.0.1"):
        return note("ICE", f"no UDP on this machine ({trouble}): WebRTC cannot work, RTSP and the rest can")
    found = host_addresses()
    usable = [address for address in found if not udp_trouble(address)]
    if not usable:
        return note(
            "ICE",
            "127.0.0.1 alone: browsers of this machine can send pictures, others cannot",
            "ip -brief address  # an interface must be UP and have an address",
        )
    listed = ", ".join(usable)
    if CONTAINER.exists():
        detail = f"{listed}, inside a container: browsers elsewhere cannot reach that by UDP"
        return note("ICE", detail, "docker run --network host ...")
    is_far = any(ipaddress.ip_address(address.partition("%")[0]).is_global for address in usable)
    reach = "from everywhere" if is_far else "from this network; from elsewhere only with a TURN server"
    return ok("ICE", f"UDP at 127.0.0.1, {listed}: can be reached {reach}")


def host_addresses() -> list[str]:
    """What the WebRTC library would offer, but for the loopback."""
    from aioice.ice import get_host_addresses

    return [str(address) for address in get_host_addresses(use_ipv4=True, use_ipv6=True)]


def tcp_trouble(host: str, port: int) -> str:
    """Why nobody can listen there, or be reached from this machine; empty where both work."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen()
            listener.settimeout(_ECHO_S)
            there = (_near(host).strip("[]"), listener.getsockname()[1])
            with socket.create_connection(there, _ECHO_S), listener.accept()[0]:
                return ""
    except OSError as error:
        return f"{error.strerror or error}"


def health_at(url: str) -> str:
    """What an `agent serve` at this address says of itself; empty where there is none."""
    # No proxy stands before this machine, and a certificate of one's own is good enough for a look.
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    handlers = (urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trusting))
    try:
        with urllib.request.build_opener(*handlers).open(f"{url}/healthz", timeout=_ANSWER_S) as answer:
            return _status_in(answer.read(_MAX_HEALTH))
    except urllib.error.HTTPError as error:
        with error:
            return _status_in(error.read(_MAX_HEALTH))
    except (OSError, ValueError, http.client.HTTPException):
        return ""


def _status_in(body: bytes) -> str:
    try:
        status = json.loads(body)["status"]
    except (ValueError, TypeError, KeyError):
        return ""
    return str(status)[:40]


def _near(host: str) -> str:
    """The address by which this machine itself comes to a server at `host`."""
    return "127.0.0.1" if host in ("0.0.0.0", "*") else "[::1]" if host == "::" else host


def udp_trouble(host: str) -> str:
    """Why a packet that is sent there by UDP does not come; empty where it does."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as echo:
            echo.settimeout(_ECHO_S)
            echo.bind((host, 0))
            echo.sendto(b"?", echo.getsockname())
            return "" if echo.recv(1) == b"?" else "another packet came"
    except OSError as error:
        return f"{error.strerror or error}"


def free_port(host: str) -> int:
    """Any port that is free now."""
    with contextlib.closing(socket.create_server((host, 0))) as server:
        return int(server.getsockname()[1])
