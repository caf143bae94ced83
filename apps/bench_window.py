"""`agent bench window`: what the attention window is worth, in answers about the past and in time."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import mean, median
from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.table import Table

from ..generation.checkpoint import load_narrator
from ..generation.narrator import Narrator
from ..streams.clock import NS_PER_MS, perf_ns
from .processes import as_they_come
from .report_file import check_writable, write_json
from .scoring.choice import DELAYS, choose, delay_bin
from .scoring.drafts import draft
from .scoring.matching import Score
from .scoring.papers import LONG_S, PAST, QUIET_S, Setting, Sheet
from .scoring.replies import answers
from .scoring.seeds import CALIBRATION
from .training.rehearsal import MODEL, narration, rehearse, watch

_READ, _WRITTEN, _REPEATS = 20, 5, 40  # tokens, as of a busy tick
_QUIET, _LONG = CALIBRATION[200:], CALIBRATION[230:]
_SCENES = ("quiet", "things")
_narrators: dict[int, Narrator] = {}

Marks = list[tuple[str, bool]]  # of each question its delay, and whether the answer was right


@dataclass(frozen=True, slots=True)
class Row:
    """One window: right answers by delay, narration of the same worlds, and times once the window is full."""

    window: int
    accuracy: dict[str, float]
    all_accuracy: float
    f1: float
    state_mb: float
    read_ms: float  # 20 tokens, 1 thread
    write_ms: float  # a token


@dataclass(frozen=True, slots=True)
class WindowBench:
    """The result; `questions` by delay."""

    version: int
    num_worlds: int
    questions: dict[str, int]
    rows: tuple[Row, ...]


def window_sheets(num_worlds: int) -> list[Sheet]:
    """Long worlds in which little happens, kept for choosing: four in five of 150 s, one of ten minutes.

    Their questions are drawn and levelled as in the exam, and depend on which worlds there are.
    """
    num_long = num_worlds // 5
    settings = [
        Setting("quiet", _QUIET[n], 1 + n % 2, _SCENES[n // 2 % 2], QUIET_S, kinds=PAST, num_orders=1)
        for n in range(num_worlds - num_long)
    ]
    settings += [
        Setting("long", _LONG[n], 1 + n // 2 % 2, _SCENES[n % 2], LONG_S, kinds=PAST, num_orders=1)
        for n in range(num_long)
    ]
    return choose([draft(setting) for setting in settings])


def bench_window(
    model: Path | None, sheets: Sequence[Sheet], windows: Sequence[int], workers: int, console: Console
) -> WindowBench:
    """Each world is seen once, and narrated and questioned with each window."""
    marks: dict[int, Marks] = {window: [] for window in windows}
    scores: dict[int, Score] = dict.fromkeys(windows, Score())
    # The longest first, or the last of them would be waited for.
    tasks = sorted(sheets, key=lambda sheet: -sheet.setting.num_ticks * sheet.setting.num_cameras)
    with console.status("looks and asks") as status:
        found = as_they_come(min(workers, len(tasks)), _question, tasks, _load, (model, tuple(windows)))
        for count, by_window in enumerate(found, start=1):
            for window, (given, score) in by_window.items():
                marks[window] += given
                scores[window] += score
            status.update(f"questioned in {count} of {len(tasks)} worlds")
    times = _times(_with_windows(model, windows))
    rows = tuple(_row(window, marks[window], scores[window], *times[window]) for window in windows)
    questions = {delay: len(given) for delay, given in _by_delay(marks[windows[0]]).items()}
    return WindowBench(1, len(sheets), questions, rows)


def _row(window: int, marks: Marks, score: Score, mb: float, read_ms: float, write_ms: float) -> Row:
    by_delay = {delay: round(mean(given), 4) for delay, given in _by_delay(marks).items()}
    right = round(mean(is_right for _, is_right in marks), 4) if marks else 0.0
    return Row(window, by_delay, right, round(score.f1, 4), mb, read_ms, write_ms)


def _by_delay(marks: Marks) -> dict[str, list[bool]]:
    found = {delay: [is_right for each, is_right in marks if each == delay] for delay in DELAYS}
    return {delay: given for delay, given in found.items() if given}


def _with_windows(model: Path | None, windows: Sequence[int]) -> dict[int, Narrator]:
    """The model with each window; its weights do not know how long it is."""
    return {window: with_window(load_narrator(model), window) for window in windows}


def with_window(narrator: Narrator, window: int) -> Narrator:
    """The same weights with another attention window."""
    config = narrator.config
    other = Narrator(replace(config, backbone=replace(config.backbone, window=window)))
    other.load_state_dict(narrator.state_dict())
    return other.eval()


def _load(model: Path | None, windows: tuple[int, ...]) -> None:
    torch.set_num_threads(1)
    _narrators.clear()
    _narrators.update(_with_windows(model, windows))


def _question(sheet: Sheet) -> dict[int, tuple[Marks, Score]]:
    scene = watch(next(iter(_narrators.values())).encoder, sheet)
    found = {}
    for window, narrator in _narrators.items():
        sitting = rehearse(narrator, scene)
        marks = [
            (delay, answer.is_right)
            for answer in answers([sitting], MODEL)
            if (delay := delay_bin(answer.query)) is not None
        ]
        found[window] = (marks, narration([sitting]))
    return found


@torch.inference_mode()
def _times(narrators: dict[int, Narrator]) -> dict[int, tuple[float, float, float]]:
    """Megabytes of a session's state, and medians of reading and writing with a full window, in turns."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    states = {window: narrator.new_state() for window, narrator in narrators.items()}
    took: dict[int, list[tuple[int, int]]] = {window: [] for window in narrators}
    for window, narrator in narrators.items():
        backbone = narrator.backbone
        backbone.read(
            torch.randn(window + backbone.config.num_sinks, backbone.config.d_model), states[window]
        )
    x = torch.randn(_READ, next(iter(narrators.values())).backbone.config.d_model)
    for _ in range(_REPEATS):
        for window, narrator in narrators.items():
            begun = perf_ns()
            narrator.backbone.read(x, states[window])
            read = perf_ns()
            for n in range(_WRITTEN):
                narrator.backbone.step(x[n], states[window])
            took[window].append((read - begun, perf_ns() - read))
    torch.set_num_threads(threads)
    return {
        window: (
            round(states[window].num_bytes / 1e6, 2),
            round(median(read for read, _ in pairs) / NS_PER_MS, 3),
            round(median(write for _, write in pairs) / _WRITTEN / NS_PER_MS, 3),
        )
        for window, pairs in took.items()
    }


def command(
    model: Annotated[str, typer.Option(help="`nano`, or the file of a trained model.")] = "nano",
    window: Annotated[
        list[int] | None,
        typer.Option(help="Tokens that attention sees. May be repeated. [512, 1024, 2048, 3072]", min=16),
    ] = None,
    worlds: Annotated[
        int, typer.Option(help="Long quiet worlds, one in five of ten minutes.", min=1, max=36, metavar="N")
    ] = 20,
    workers: Annotated[int | None, typer.Option(help="Processes. [all cores]", min=1)] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write a report; `-` prints it.", metavar="FILE")
    ] = None,
) -> None:
    """Measure what the attention window is worth: answers about the past, and the time of a full one.

    The worlds are kept for choices such as this one: neither trained on nor scored. A longer window remembers more and
    reads more slowly; among more keys what was just now is found a little less surely.
    """
    if json_file is not None:
        check_writable(json_file)
    path = None if model == "nano" else Path(model)
    load_narrator(path)  # a wrong file is told of before any work
    windows = sorted(set(window or (512, 1024, 2048, 3072)))
    result = bench_window(
        path, window_sheets(worlds), windows, workers or os.cpu_count() or 1, Console(stderr=True)
    )
    if json_file is not None:
        write_json(json_file, asdict(result))
    if str(json_file) != "-":
        print_window(Console(), result)


def print_window(console: Console, result: WindowBench) -> None:
    """A table for a person: a column for each window."""
    asked, rows = sum(result.questions.values()), result.rows
    table = Table(title=f"{asked} questions in {result.num_worlds} worlds", title_justify="left")
    for name in ("window", "asked", *(str(row.window) for row in rows)):
        table.add_column(name, justify="left" if name == "window" else "right")
    for delay, num in result.questions.items():
        table.add_row(f"right about {delay} ago", str(num), *(f"{row.accuracy[delay]:.3f}" for row in rows))
    table.add_row("right of all", str(asked), *(f"{row.all_accuracy:.3f}" for row in rows))
    table.add_row("narration F1", "", *(f"{row.f1:.3f}" for row in rows))
    table.add_row("a session's state, MB", "", *(f"{row.state_mb:.1f}" for row in rows))
    table.add_row("read 20 tokens, ms", "", *(f"{row.read_ms:.1f}" for row in rows))
    table.add_row("write a token, ms", "", *(f"{row.write_ms:.2f}" for row in rows))
    console.print(table)
