"""Offers and trickle fragments as text: what is refused before a library reads it, and what is taken out."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ....errors import MillraceError

_MAX_CANDIDATES = 16
_MAX_LINES = 2_000
_MAX_LINE = 2_000
_ICE_TEXT = re.compile(r"[A-Za-z0-9+/]{4,256}")
_CANDIDATE = re.compile(
    r"(?P<foundation>[A-Za-z0-9+/]{1,32}) 1 (?i:udp) (?P<priority>\d{1,10}) (?P<host>[0-9A-Fa-f.:]{2,45}) "
    r"(?P<port>\d{1,5}) typ (?:host|srflx|relay)(?: .*)?"
)


class OfferError(MillraceError):
    """What a peer sent is no offer, or none that can be answered."""


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer that was looked over."""

    sdp: str  # without candidates: those are added one by one, so that a bad one costs nothing
    candidates: tuple[str, ...]  # the text after `candidate:`
    kinds: tuple[str, ...]  # of its media sections, in order


@dataclass(frozen=True, slots=True)
class Fragment:
    """A part of a description, RFC 8840, sent by PATCH."""

    ufrag: str  # empty where it names none
    pwd: str
    candidates: tuple[str, ...]

    def is_of_another(self, ufrags: frozenset[str]) -> bool:
        """Whether it begins another ICE session than that of these names."""
        return bool(self.ufrag and self.pwd) and self.ufrag not in ufrags


def read_offer(text: str, max_tracks: int) -> Offer:
    """Raises OfferError with one line that says what is wrong."""
    lines = _lines(text)
    if not lines or lines[0] != "v=0":
        raise OfferError("this is no SDP: it must begin with v=0")
    kinds = tuple(line[2:].split(" ")[0] for line in lines if line.startswith("m="))
    strange = next((kind for kind in kinds if kind not in ("audio", "video", "application")), None)
    if strange is not None:
        raise OfferError(
            f"the offer has a section of kind {strange[:20]}; send video, audio or a data channel"
        )
    if not kinds or len(kinds) > max_tracks + 1:
        raise OfferError(f"the offer has {len(kinds)} sections; send 1 to {max_tracks} tracks")
    if kinds.count("application") > 1:
        raise OfferError("the offer has several data sections; one is enough for all channels")
    if len(kinds) > 1 and not any(line.startswith("a=group:BUNDLE") for line in lines):
        raise OfferError("the offer is not bundled (a=group:BUNDLE); RFC 9725 asks for it")
    for name in ("fingerprint", "ice-ufrag", "ice-pwd", "setup", "mid"):
        if not any(line.startswith(f"a={name}:") for line in lines):
            raise OfferError(f"the offer has no a={name}")
    kept = [line for line in lines if not line.startswith(("a=candidate:", "a=end-of-candidates"))]
    return Offer("\r\n".join(kept) + "\r\n", _candidates(lines), kinds)


def read_fragment(text: str) -> Fragment:
    """Raises OfferError."""
    lines = _lines(text)
    if any(not re.match(r"[a-z]=", line) for line in lines):
        raise OfferError("this is no fragment of SDP (RFC 8840)")
    ufrag, pwd = (_value(lines, name) for name in ("ice-ufrag", "ice-pwd"))
    return Fragment(ufrag, pwd, _candidates(lines))


def write_fragment(ufrag: str, pwd: str, candidates: Iterable[str], mid: str = "0") -> str:
    """The answer to an ICE restart."""
    lines = [
        f"a=ice-ufrag:{ufrag}",
        f"a=ice-pwd:{pwd}",
        "m=audio 9 UDP/TLS/RTP/SAVPF 0",
        f"a=mid:{mid}",
        *(f"a=candidate:{candidate}" for candidate in candidates),
        "a=end-of-candidates",
    ]
    return "\r\n".join(lines) + "\r\n"


def ufrags_of(sdp: str) -> frozenset[str]:
    """By what a description names its ICE session; its sections may each have a name of their own."""
    return frozenset(
        line.removeprefix("a=ice-ufrag:") for line in _lines(sdp) if line.startswith("a=ice-ufrag:")
    )


def first_mid(sdp: str) -> str:
    """The name of the first section of a description."""
    return _value(_lines(sdp), "mid") or "0"


def _lines(text: str) -> Sequence[str]:
    lines = [line.rstrip("\r") for line in text.split("\n")]
    while lines and not lines[-1].strip():
        lines.pop()
    if len(lines) > _MAX_LINES or any(len(line) > _MAX_LINE for line in lines):
        raise OfferError(f"more than {_MAX_LINES} lines, or a line longer than {_MAX_LINE}")
    return lines


def _value(lines: Sequence[str], name: str) -> str:
    found = next((line.split(":", 1)[1] for line in lines if line.startswith(f"a={name}:")), "")
    if found and not _ICE_TEXT.fullmatch(found) and name != "mid":
        raise OfferError(f"a={name} has characters that ICE does not know")
    return found


def _candidates(lines: Sequence[str]) -> tuple[str, ...]:
    # Names (`.local`) are left out: the peer's own checks reach us, and tell its address.
    texts = (line.removeprefix("a=candidate:") for line in lines if line.startswith("a=candidate:"))
    return tuple(dict.fromkeys(text for text in texts if _is_usable(text)))[:_MAX_CANDIDATES]


def _is_usable(text: str) -> bool:
    match = _CANDIDATE.fullmatch(text)
    if match is None or not 0 < int(match["port"]) < 65536:
        return False
    try:
        address = ipaddress.ip_address(match["host"])
    except ValueError:
        return False
    return not (address.is_multicast or address.is_unspecified or address.is_reserved)
