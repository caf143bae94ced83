"""What a training run shows and writes down: a bar for each stage, `log.csv`, and events for TensorBoard."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Column

from ...errors import CheckpointError, MissingDependencyError
from ...files import write_whole
from ...streams.clock import WallClock

LOG_COLUMNS = ("stage", "step", "minutes", "name", "value")


class RunLog:
    """Appends measurements to `log.csv` (long form: one value a line), and shows a bar for each stage.

    Minutes go on from those of the run before. Raises CheckpointError where the folder cannot be written, and
    MissingDependencyError where TensorBoard is wanted and is not there.
    """

    def __init__(self, out: Path, console: Console | None = None, tensorboard: bool = False) -> None:
        self._clock = WallClock()
        self.console = console or Console(stderr=True)
        self._path = out / "log.csv"
        self._has_failed = False
        try:
            self._board = _open_board(out / "tensorboard") if tensorboard else None
            out.mkdir(parents=True, exist_ok=True)
            if not self._path.exists():
                self._path.write_text(",".join(LOG_COLUMNS) + "\n")
            rows = self._rows()
            if not self._path.read_text().endswith("\n"):  # a full disk cut the last line
                self._rewrite(rows)
            self._minutes_before = max((float(row[2]) for row in rows), default=0.0)
        except OSError as error:
            raise CheckpointError(
                f"training folder {out}: {error.strerror or error}; choose another with --out"
            ) from None

    @property
    def minutes(self) -> float:
        """Since the first run into this folder began, without the pauses."""
        return self._minutes_before + self._clock.now_ns() / 60e9

    def tell(self, line: str) -> None:
        """Print a line above the bar."""
        self.console.print(line, highlight=False, markup=False, soft_wrap=True)

    def record(self, stage: str, step: int, values: Mapping[str, float]) -> None:
        """Write values to the log. Where that fails it is said once: the run is worth more than its log."""
        rows = [[stage, step, f"{self.minutes:.2f}", name, f"{value:.6g}"] for name, value in values.items()]
        try:
            with self._path.open("a", newline="") as file:
                csv.writer(file).writerows(rows)
            if self._board is not None:
                for name, value in values.items():
                    self._board.add_scalar(f"{stage}/{name}", value, step)
        except OSError as error:
            if not self._has_failed:
                self.tell(f"{self._path}: {error.strerror or error}; training goes on without its log")
            self._has_failed = True

    def rewind(self, stage: str, step: int) -> None:
        """Forget what a stage wrote after a step: the run goes on from there and writes it again."""
        rows = self._rows()
        kept = [row for row in rows if row[0] != stage or int(row[1]) <= step]
        if len(kept) < len(rows):
            self._rewrite(kept)

    @contextmanager
    def bar(self, stage: str, total: int, done: int) -> Iterator[Bar]:
        """A progress bar with the time left and the newest numbers."""
        columns = (
            TextColumn("{task.description:<9}"),
            BarColumn(bar_width=16),
            MofNCompleteColumn(table_column=Column(no_wrap=True)),
            TimeElapsedColumn(table_column=Column(no_wrap=True)),
            TimeRemainingColumn(table_column=Column(no_wrap=True)),
            TextColumn("left"),
            TextColumn("{task.fields[note]}", table_column=Column(ratio=1, no_wrap=True)),
        )
        with Progress(*columns, console=self.console, refresh_per_second=2, speed_estimate_period=120) as p:
            yield Bar(p, p.add_task(stage, total=total, completed=done, note=""))

    def close(self) -> None:
        """Write out what TensorBoard still holds back."""
        if self._board is not None:
            self._board.close()

    def _rewrite(self, rows: Sequence[Sequence[str]]) -> None:
        lines = [",".join(row) for row in (LOG_COLUMNS, *rows)]
        write_whole(self._path, ("\n".join(lines) + "\n").encode())

    def _rows(self) -> list[list[str]]:
        """All whole lines but the head."""
        with self._path.open(newline="") as file:
            return [row for row in csv.reader(file) if len(row) == len(LOG_COLUMNS) and row[1].isdecimal()]


class Bar:
    """One stage's bar."""

    def __init__(self, progress: Progress, task: Any) -> None:
        self._progress, self._task = progress, task

    def advance(self, note: str | None = None, steps: int = 1) -> None:
        """One step further, with newer numbers if there are any."""
        fields: dict[str, Any] = {} if note is None else {"note": note}
        self._progress.update(self._task, advance=steps, **fields)


def _open_board(folder: Path) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise MissingDependencyError(
            "--tensorboard: TensorBoard is missing: pip install 'millrace[train]' (log.csv is written without it)"
        ) from None
    return SummaryWriter(str(folder))
