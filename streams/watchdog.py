"""When to give a decoder child up, and when to try again. Pure: times in, verdicts out."""

from __future__ import annotations

from dataclasses import dataclass

from .clock import NS_PER_MS, NS_PER_S

_BREATH_NS = 50 * NS_PER_MS  # at least, before the next attempt


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a camera may be silent, in seconds."""

    open_s: float = 8.0  # from the order to open it to its first answer
    run_s: float = 3.0  # between two messages of a running one
    # Until a new child is ready for orders. That is our own doing, and not the camera's: a machine so busy that it takes
    # long would never get there if it were killed for it.
    start_s: float = 20.0


class Watchdog:
    """Barks when a child has said nothing for too long."""

    def __init__(self, patience: Patience, now_ns: int, *, is_ready: bool = True) -> None:
        """`is_ready`: the child has said something before."""
        self._limit_s = patience.open_s if is_ready else patience.start_s
        self._patience = patience
        self._heard_ns = now_ns

    def hear(self, now_ns: int, *, is_open: bool) -> None:
        """The child has said something; `is_open`: the camera is running."""
        self._heard_ns, self._limit_s = now_ns, self._patience.run_s if is_open else self._patience.open_s

    def barks(self, now_ns: int) -> bool:
        """Whether the child is to be killed."""
        return now_ns - self._heard_ns > self._limit_s * NS_PER_S


class BackOff:
    """The time between the starts of two attempts: doubling to 2 s, and short again once a camera has run."""

    FIRST_NS, LONGEST_NS = 250 * NS_PER_MS, 2 * NS_PER_S

    def __init__(self) -> None:
        self._step_ns = self.FIRST_NS
        self._started_ns = 0

    def start(self, now_ns: int) -> None:
        """An attempt begins."""
        self._started_ns = now_ns

    def succeed(self) -> None:
        """A picture has come."""
        self._step_ns = self.FIRST_NS

    def fail(self, now_ns: int) -> int:
        """The attempt has ended: the time of the next.

        It counts from the start of the last, so that who has waited for an answer does not wait once more.
        """
        step_ns, self._step_ns = self._step_ns, min(2 * self._step_ns, self.LONGEST_NS)
        return max(self._started_ns + step_ns, now_ns + _BREATH_NS)
