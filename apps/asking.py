"""`--ask`: what a person asks for on the command line, and when."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import ConfigError
from ..runtime.typed import is_standing

_AT = re.compile(r"(?P<text>.*\S)\s*@\s*(?P<seconds>[^@\s]+)\s*$")
QUESTION_S = 3.0  # a question without a time is asked when there has been something to see


@dataclass(frozen=True, slots=True)
class Ask:
    """One line, and when it is typed."""

    text: str
    t_ns: int


def parse_ask(line: str) -> Ask:
    """`what is in cam1 @ 12.5` is asked at 12.5 s; a standing instruction without a time stands from the start.

    Raises ConfigError for a time that is no number of seconds.
    """
    found = _AT.match(line)
    if not found:
        return Ask(line.strip(), 0 if is_standing(line) else round(QUESTION_S * 1e9))
    try:
        seconds = float(found["seconds"].removesuffix("s"))
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < 1e6:
        raise ConfigError(f"ask {line!r}: give the time behind @ in seconds, such as @12.5")
    return Ask(found["text"], round(seconds * 1e9))
