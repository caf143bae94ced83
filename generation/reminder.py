"""Standing instructions, read again and again: what leaves the window is not forgotten."""

from __future__ import annotations

from .narrator import REMINDER_NS


class Reminder:
    """The instructions of one session, and when each was read last."""

    def __init__(self, period_ns: int = REMINDER_NS) -> None:
        self.period_ns = period_ns
        self._read_ns: dict[str, int | None] = {}

    @property
    def instructions(self) -> tuple[str, ...]:
        """What stands, in the order in which it was given."""
        return tuple(self._read_ns)

    def add(self, instruction: str) -> None:
        """Let an instruction stand from now on."""
        self._read_ns[instruction] = None

    def remove(self, instruction: str) -> bool:
        """Take an instruction back; False where it does not stand."""
        stands = instruction in self._read_ns
        self._read_ns.pop(instruction, None)
        return stands

    def due(self, t_ns: int) -> list[str]:
        """What is to be read at this tick; it then counts as read."""
        found = [
            text
            for text, read_ns in self._read_ns.items()
            if read_ns is None or t_ns - read_ns >= self.period_ns
        ]
        self._read_ns.update(dict.fromkeys(found, t_ns))
        return found
