"""What people type while a session runs: questions are read once, standing instructions again and again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

from ..generation.reminder import Reminder
from ..perception.blocks import TokenBlock
from ..streams.media import TextInput

_STANDING = re.compile(r"\s*(?:please\s+)?(?:tell me|alert me|let me know)\s+when\b", re.IGNORECASE)


class Reader(Protocol):
    """Turns a typed line into tokens (`generation.narrator.Narrator`)."""

    def text_block(self, text: str, t_ns: int) -> TokenBlock: ...


class Typed:
    """The typed lines of one session, on their way to the model."""

    def __init__(self, reader: Reader, alert_confidence: float = 0.0) -> None:
        """See `generation.reminder` on `alert_confidence`."""
        self._reader = reader
        self._reminder = Reminder(alert_confidence=alert_confidence)

    @property
    def standing(self) -> tuple[str, ...]:
        """The standing instructions, in the order in which they were given."""
        return self._reminder.instructions

    def forget(self, line: str) -> bool:
        """Take a standing instruction back; False where it does not stand. May be called from any thread."""
        return self._reminder.remove(line)

    def marked(self, sentence: str, confidence: float) -> str:
        """A sentence that states what an instruction asks for, as an alert (`generation.reminder`)."""
        return self._reminder.marked(sentence, confidence)

    def blocks(self, t_ns: int, texts: Sequence[TextInput]) -> list[TokenBlock]:
        """What the tick at `t_ns` reads. A reminder waits while a question is answered."""
        questions = [line.text for line in texts if not is_standing(line.text)]
        for line in texts:
            if is_standing(line.text):
                self._reminder.add(line.text)
        lines = questions or self._reminder.due(t_ns)
        return [self._reader.text_block(line, t_ns) for line in lines]


def is_standing(line: str) -> bool:
    """Whether a line asks to be told of something whenever it happens: `tell me when ...`."""
    return _STANDING.match(line) is not None
