"""A training run's bar, its log, and its files that never lose the last good one."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from ...errors import CheckpointError
from ...streams.clock import WallClock

LOG_COLUMNS = ("stage", "step", "minutes", "name", "value")


class RunLog:
    """Appends measurements to `log.csv` (long form: one value a line), and shows a bar for each stage."""

    def __init__(self, out: Path, console: Console | None = None) -> None:
        self._clock = WallClock()
        self.console = console or Console(stderr=True)
        self._path = out / "log.csv"
        try:
            out.mkdir(parents=True, exist_ok=True)
            if not self._path.exists():
                self._path.write_text(",".join(LOG_COLUMNS) + "\n")
        except OSError as error:
            raise CheckpointError(
                f"training folder {out}: {error.strerror or error}; choose another with --out"
            ) from None

    def record(self, stage: str, step: int, values: Mapping[str, float]) -> None:
        """Write values to the log."""
        minutes = f"{self._clock.now_ns() / 60e9:.2f}"
        with self._path.open("a", newline="") as file:
            csv.writer(file).writerows(
                [stage, step, minutes, name, f"{value:.5g}"] for name, value in values.items()
            )

    @contextmanager
    def bar(self, stage: str, total: int, done: int) -> Iterator[_Bar]:
        """A progress bar with the time left and the newest numbers."""
        columns = (
            TextColumn("{task.description:<9}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
        )
        with Progress(*columns, console=self.console, refresh_per_second=2) as progress:
            yield _Bar(progress, progress.add_task(stage, total=total, completed=done, note=""))


class _Bar:
    def __init__(self, progress: Progress, task: Any) -> None:
        self._progress, self._task = progress, task

    def advance(self, note: str | None = None) -> None:
        fields: dict[str, Any] = {} if note is None else {"note": note}
        self._progress.update(self._task, advance=1, **fields)


def save_training(path: Path, content: Mapping[str, Any]) -> None:
    """Write a resumable state; the file before it stays until the new one is whole."""
    partial = path.with_name(path.name + ".partial")
    try:
        torch.save(dict(content), partial)
        partial.replace(path)
    except (OSError, RuntimeError) as error:
        partial.unlink(missing_ok=True)
        raise CheckpointError(
            f"cannot write {path} ({error}); the last good one is kept: free space and run again"
        ) from None


def load_training(path: Path) -> dict[str, Any] | None:
    """A state that `save_training` wrote, or None where there is none yet. Raises CheckpointError for a broken one."""
    if not path.exists():
        return None
    try:
        return dict(torch.load(path, map_location="cpu", weights_only=True))
    except Exception as error:  # torch.load raises many kinds for a cut or foreign file
        raise CheckpointError(
            f"{path} is not a whole training state ({type(error).__name__}); delete it to start the stage anew"
        ) from None
