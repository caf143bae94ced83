"""The instructions that stand (`tell me when ...`), also while they are on their way to the tick that takes them."""

from __future__ import annotations

from ...errors import MillraceError
from ...runtime.session import Session
from ...runtime.typed import is_standing
from .hub import Hub

MAX_STANDING = 16
_TICKS_ON_THE_WAY = 2  # the one that runs as a line is given may not take it, the next does


class FullError(MillraceError):
    """As many instructions stand as may."""


class Instructions:
    """Gives lines to a session and takes them back, in the order in which doors ask. Used from the event loop alone."""

    def __init__(self, session: Session, hub: Hub, max_standing: int = MAX_STANDING) -> None:
        self._session, self._hub, self._max_standing = session, hub, max_standing
        self._coming: dict[str, int] = {}  # lines on their way -> ticks since they were given
        self._unwanted: set[str] = set()  # of those, the ones that were taken back in the meantime

    @property
    def all(self) -> tuple[str, ...]:
        """What stands or is about to, oldest first.

        Not what was taken back: a tick that was given it before may hold it for as long as it runs.
        """
        lines = dict.fromkeys([*self._session.standing, *self._coming])
        return tuple(line for line in lines if line not in self._unwanted)

    def give(self, line: str) -> bool:
        """Let a line stand from the next tick on; False for one that is no instruction. Raises FullError."""
        if not is_standing(line):
            return False
        if line not in self.all and len(self.all) >= self._max_standing:
            raise FullError(f"{self._max_standing} instructions stand already; take one back first")
        self._unwanted.discard(line)
        self._coming[line] = 0
        self._session.text(line)
        self._hub.publish("alerts", {"added": line})
        return True

    def take_back(self, line: str) -> bool:
        """Let a line stand no more; False where it neither stands nor is about to."""
        is_known = line in self.all
        self._session.forget(line)
        if line in self._coming:
            self._unwanted.add(line)
        if is_known:
            self._hub.publish("alerts", {"removed": line})
        return is_known

    def settle(self) -> None:
        """To be called after each tick."""
        for line in self._unwanted:
            self._session.forget(line)
        for line, num_ticks in [*self._coming.items()]:
            self._coming[line] = num_ticks + 1
            if num_ticks + 1 >= _TICKS_ON_THE_WAY:
                del self._coming[line]
                self._unwanted.discard(line)
