"""Sources from strings that a person can type."""

from __future__ import annotations

import re
from pathlib import Path

from ..errors import SourceError
from .address import mask
from .camera import CameraSource
from .decoder import DecodeMode
from .file import FileSource
from .microphone import MicrophoneSource
from .rtsp import RtspSource
from .source import Source

FORMS = (
    "0 or /dev/video0 (camera), rtsp://HOST/PATH (network camera), clip.mp4 (file), world:seed=7,scene=easy"
    " (rendered), mic or mic:2 (microphone); a name may stand in front: door=clip.mp4"
)

_NAMED = re.compile(r"([A-Za-z][\w.-]*)=(.*)", re.DOTALL)
_RTSP = re.compile(r"rtsps?://", re.IGNORECASE)
_NETWORK = re.compile(r"(rtmps?|https?|srt|udp|tcp|rtp|whip|whep|wss?)://", re.IGNORECASE)
_DECODE = re.compile(r"(.+)\?decode=(\w*)", re.DOTALL)


def parse_source(text: str) -> Source:
    """The source that a string means; nothing is opened yet.

    A file may end in `?decode=all` or `?decode=sparse`, an RTSP address in `?transport=udp`. Raises SourceError with
    one line if it means nothing.
    """
    text = text.strip()
    # A file that is really there wins over the grammar: `a=b.mp4` may be its name.
    if text and _is_file(text):
        return FileSource(text)
    named = _NAMED.fullmatch(text)
    name, body = named.groups() if named is not None else (None, text)
    if not body:
        raise SourceError(f"{mask(text)!r} is not a source; give {FORMS}")
    return _parse_body(body, name)


def _parse_body(body: str, name: str | None) -> Source:
    if body.isdecimal() or body.startswith("/dev/video"):
        return CameraSource(int(body) if body.isdecimal() else body, name=name)
    if body == "mic" or body.startswith("mic:"):
        return MicrophoneSource(_parse_microphone(body), name=name)
    if body == "world" or body.startswith("world:"):
        return _world(name or "world", parse_options(body))
    if _RTSP.match(body):
        return RtspSource(body, name)
    if _NETWORK.match(body):
        raise SourceError(
            f"{mask(body)}: of network sources only rtsp:// and rtsps:// can be opened; record others to a file first:"
            f" ffmpeg -i {mask(body)} -c copy -t 60 clip.mp4"
        )
    return _parse_file(body, name)


def _parse_file(body: str, name: str | None) -> Source:
    decoded = _DECODE.fullmatch(body)
    path, decode = decoded.groups() if decoded is not None else (body, DecodeMode.AUTO)
    if decode not in list(DecodeMode):
        raise SourceError(f"{body}: decode={decode} is unknown; give one of {', '.join(DecodeMode)}")
    if not (_looks_like_a_path(path) or Path(path).is_dir()):
        raise SourceError(f"{body!r} is not a source; give {FORMS}")
    return FileSource(path, name=name, decode=decode)


def parse_options(body: str) -> dict[str, str]:
    """The pairs of `kind:key=value,key=value`. Raises SourceError if one is no pair or comes twice."""
    _, _, rest = body.partition(":")
    options: dict[str, str] = {}
    for pair in filter(None, rest.split(",")):
        key, sign, value = (part.strip() for part in pair.partition("="))
        if not (sign and key and value):
            raise SourceError(f"{body}: {pair!r} is not key=value; write it like world:seed=7,scene=easy")
        if key in options:
            raise SourceError(f"{body}: {key} is given twice; give it once")
        options[key] = value
    return options


def _parse_microphone(body: str) -> int | None:
    _, sign, index = body.partition(":")
    if sign and not index.isdecimal():
        raise SourceError(f"{body}: {index!r} is not a number; `agent devices` lists the microphones")
    return int(index) if sign else None


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except OSError:
        return False  # no file system takes such a name


def _looks_like_a_path(text: str) -> bool:
    return "\x00" not in text and "://" not in text and ("/" in text or "." in text.strip("."))


def _world(name: str, options: dict[str, str]) -> Source:
    # The renderer is large and rarely needed.
    from .world_source import WorldSource

    return WorldSource(name, options)
