"""Standing instructions, read again and again: what leaves the window is not forgotten, and no alert is."""

from __future__ import annotations

from ..streams.world.instructions import Instruction, understand
from ..streams.world.language import ALERT, read_statement
from .narrator import REMINDER_NS


class Reminder:
    """The instructions of one session, and when each was read last. They may be taken back from another thread."""

    def __init__(self, period_ns: int = REMINDER_NS, alert_confidence: float = 0.0) -> None:
        """A sentence that the model is less sure of than `alert_confidence`, 0 to 1, is never an alert."""
        self.period_ns = period_ns
        self._alert_confidence = alert_confidence
        self._read_ns: dict[str, int | None] = {}
        self._understood: dict[str, Instruction | None] = {}  # read once: every sentence is held against it

    @property
    def instructions(self) -> tuple[str, ...]:
        """What stands, in the order in which it was given."""
        return tuple(self._read_ns)

    def add(self, instruction: str) -> None:
        """Let an instruction stand from now on."""
        self._understood[instruction] = understand(instruction)
        self._read_ns[instruction] = None

    def remove(self, instruction: str) -> bool:
        """Take an instruction back; False where it does not stand."""
        stood = self._read_ns.pop(instruction, self) is not self
        self._understood.pop(instruction, None)
        return stood

    def due(self, t_ns: int) -> list[str]:
        """What is to be read at this tick; it then counts as read."""
        # A copy: instructions come and go while the tick reads them.
        found = [
            text
            for text, read_ns in self._read_ns.copy().items()
            if read_ns is None or t_ns - read_ns >= self.period_ns
        ]
        for text in found:
            if text in self._read_ns:
                self._read_ns[text] = t_ns
        return found

    def marked(self, sentence: str, confidence: float = 1.0) -> str:
        """The sentence as an alert where it states for sure what an instruction asks for, and else as a plain one.

        An instruction that is not of the grammar (`streams.world.instructions`) only the model can follow: where one
        stands, the mark that it set itself is kept.
        """
        statement = read_statement(sentence)
        if statement is None:
            return sentence
        is_sure = confidence >= self._alert_confidence
        standing = list(self._understood.copy().values()) if is_sure else []
        is_wanted = any(each.wants(statement.event) for each in standing if each is not None)
        if is_wanted == statement.is_alert or (statement.is_alert and None in standing):
            return sentence
        return f"{ALERT} {sentence}" if is_wanted else sentence.removeprefix(f"{ALERT} ")
