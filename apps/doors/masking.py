"""Tokens and passwords: how they are made, compared, and kept out of everything that people or files see."""

from __future__ import annotations

import hmac
import logging
import re
import secrets

MASK = "***"
# Up to the last @ before the path: a password that was not quoted may hold some itself.
_IN_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)[^/\s\"']*@")
_BEARER = re.compile(r"(?i)(bearer\s+)[^\s\"',;]{8,}")


def make_token() -> str:
    """192 random bits that may stand in a URL."""
    return secrets.token_urlsafe(24)


def is_same(given: str, wanted: str) -> bool:
    """Compares in a time that does not tell where the two differ."""
    return hmac.compare_digest(given.encode(), wanted.encode())


def mask(text: str, *known: str) -> str:
    """The text without `user:password@` of URLs, without bearer tokens, and without the `known` secrets."""
    for secret in filter(None, known):
        text = text.replace(secret, MASK)
    return _BEARER.sub(rf"\g<1>{MASK}", _IN_URL.sub(rf"\g<scheme>{MASK}@", text))


class MaskingFormatter(logging.Formatter):
    """Masks whole records, tracebacks and all, whoever wrote them."""

    def __init__(self, *known: str) -> None:
        super().__init__("%(levelname)s %(name)s: %(message)s")
        self._known = known

    def format(self, record: logging.LogRecord) -> str:
        return mask(super().format(record), *self._known)


def log_masked(*known: str, level: int = logging.WARNING) -> logging.Handler:
    """Writes all log records of the program to the standard error, masked; the handler may be removed again."""
    handler = logging.StreamHandler()
    handler.setLevel(level)
    handler.setFormatter(MaskingFormatter(*known))
    logging.getLogger().addHandler(handler)
    return handler
