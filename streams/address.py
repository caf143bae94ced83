"""Addresses of network cameras: what they may be, and how they look without their secrets."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from ..errors import SourceError

TRANSPORTS = ("tcp", "udp")
_MAX_LEN = 2048
_MIN_SECRET = 4
_SCHEMES = ("rtsp", "rtsps")
_TRANSPORT = re.compile(r"([?&])transport=([^&]*)(&|$)", re.IGNORECASE)
_SECRET = re.compile(
    r"([\w.-]*(?:pass|pwd|user|login|token|key|auth|secret)[\w.-]*=)[^&/?;#\s]*", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class RtspAddress:
    """Where a camera is. Only `shown` may be shown."""

    url: str = field(repr=False)  # with user and password
    transport: str
    host: str
    shown: str  # the same without secrets

    def mask(self, text: str) -> str:
        """A text about this camera without what must not be seen."""
        parts = urlsplit(self.url)
        secrets = [value for key, value in parse_qsl(parts.query) if _SECRET.fullmatch(f"{key}={value}")]
        text = text.replace(self.url, self.shown)
        for secret in filter(None, (parts.password, *secrets)):
            for form in (secret, unquote(secret)):
                # A shorter one would be found in any word.
                text = text.replace(form, "***") if len(form) >= _MIN_SECRET else text
        return mask(text)


def parse_address(text: str, transport: str | None = None) -> RtspAddress:
    """`rtsp://[user:password@]host[:port]/path`, perhaps with `?transport=udp`.

    Raises SourceError, whose message never holds the secrets.
    """
    if not 0 < len(text) <= _MAX_LEN or any(c.isspace() or not c.isprintable() for c in text):
        raise SourceError(
            f"{mask(text)[:80]!r} is no RTSP address; write rtsp://HOST:PORT/PATH without spaces, 2,048"
            " characters at most"
        )
    url, chosen = _split_transport(text)
    chosen = transport or chosen or TRANSPORTS[0]
    if chosen not in TRANSPORTS:
        raise SourceError(f"{mask(text)}: transport={chosen} is unknown; give tcp or udp")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme.lower() not in _SCHEMES:
        raise SourceError(f"{mask(text)} is no RTSP address; write rtsp://HOST:PORT/PATH")
    # FFmpeg knows the scheme in small letters only.
    url = parts.scheme.lower() + url[len(parts.scheme) :]
    _, sign, rest = url.rpartition("@") if "@" in parts.netloc else ("", "", "")
    shown = f"{parts.scheme.lower()}://{rest}" if sign else url
    return RtspAddress(url, chosen, host, _SECRET.sub(r"\1***", shown))


def mask(text: str) -> str:
    """Any text without the user names, passwords and tokens of the addresses in it."""
    # As much as can be a password: one that was not quoted may hold slashes.
    text = re.sub(r"(\w+://)\S*@", r"\1", text)
    return _SECRET.sub(r"\1***", text)


def _split_transport(text: str) -> tuple[str, str | None]:
    found = _TRANSPORT.search(text)
    if found is None:
        return text, None
    lead, value, tail = found.groups()
    rest = text[found.end() :]
    return text[: found.start()] + (lead + rest if tail and rest else rest), value.lower()
