"""What a person sees between the command and the first tick: one line that says what is being waited for."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console


class Startup:
    """A line with a moving sign in front, gone when it ends. Where there is no terminal, nothing is written."""

    def __init__(self, console: Console, text: str) -> None:
        self.console = console
        self._status = console.status(text)

    def __enter__(self) -> Startup:
        self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def say(self, text: str) -> None:
        """Another text in the same line, until the end."""
        self._status.update(text)

    def end(self) -> None:
        """Takes the line away; may be called again."""
        self._status.stop()
