"""`agent bench dirt`: what each dirt of the pictures costs the narration, by taking it away from the same worlds."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.table import Table

from ..generation.checkpoint import load_narrator
from ..generation.narrator import Narrator
from ..streams.world.solid.solid_stage import DIRT, SolidStage
from ..streams.world.world import World
from .processes import as_they_come
from .report_file import check_writable, write_json
from .scoring.bootstrap import interval_of
from .scoring.examinees import NarratorExaminee
from .scoring.matching import Score
from .scoring.narration import told
from .scoring.papers import PAPERS, Setting, Sheet
from .scoring.sitting import sit

MODEL, ALL = "model", "all of them"
_narrator: Narrator | None = None


@dataclass(frozen=True, slots=True)
class Cleaned(Setting):
    """The same world with some of its dirt taken away."""

    without: tuple[str, ...] = ()

    def world(self) -> World:
        """See `Setting.world`."""
        world = Setting.world(self)
        assert isinstance(world.stage, SolidStage)
        for dirt in self.without:
            world.stage.clean(dirt)
        # Sounds stay as they were: only what the cameras show has changed.
        heard = [event for event in world.events if event.camera is None]
        found = [*world.stage.events, *heard]
        world.events = tuple(sorted(found, key=lambda e: (e.t_ns, -1 if e.camera is None else e.camera)))
        return world


@dataclass(frozen=True, slots=True)
class Row:
    """Narration of all worlds without this dirt; `gain` is what F1 rises by, `gain_ci` its interval over worlds."""

    without: str
    f1: float
    gain: float
    gain_ci: tuple[float, ...]  # low, high


@dataclass(frozen=True, slots=True)
class DirtBench:
    """The result; `f1` is that of the worlds as they are."""

    version: int
    num_worlds: int
    f1: float
    rows: tuple[Row, ...]


def bench_dirt(model: Path | None, settings: Sequence[Setting], workers: int, console: Console) -> DirtBench:
    """Narrate each world as it is, without each dirt, and without any."""
    ways = ((), *((dirt,) for dirt in DIRT), DIRT)
    sheets = [Sheet(_cleaned(setting, way)) for setting in settings for way in ways]
    scores = [Score()] * len(sheets)
    tasks = list(enumerate(sheets))
    with console.status("narrates") as status:
        done = as_they_come(min(workers, len(tasks)), _score, tasks, _load, (model,))
        for count, (number, score) in enumerate(done, start=1):
            scores[number] = score
            status.update(f"narrated {count} of {len(sheets)} worlds")
    before, *after = (scores[n :: len(ways)] for n in range(len(ways)))
    rows = [_row(name, before, found) for name, found in zip((*DIRT, ALL), after, strict=True)]
    return DirtBench(1, len(settings), round(_f1(before), 4), tuple(rows))


def _cleaned(setting: Setting, without: tuple[str, ...]) -> Cleaned:
    return Cleaned(**{f.name: getattr(setting, f.name) for f in fields(Setting)}, without=without)


def _row(without: str, before: Sequence[Score], after: Sequence[Score]) -> Row:
    pairs = list(zip(before, after, strict=True))
    between = interval_of([[pair] for pair in pairs], _gain) or [0.0, 0.0]
    return Row(without, round(_f1(after), 4), round(_gain(pairs), 4), tuple(between))


def _gain(pairs: Sequence[tuple[Score, Score]]) -> float:
    return _f1([after for _, after in pairs]) - _f1([before for before, _ in pairs])


def _f1(scores: Sequence[Score]) -> float:
    return sum(scores, Score()).f1


def _load(model: Path | None) -> None:
    global _narrator
    torch.set_num_threads(1)
    _narrator = load_narrator(model)


def _score(task: tuple[int, Sheet]) -> tuple[int, Score]:
    assert _narrator is not None
    number, sheet = task
    return number, told(sit([NarratorExaminee(_narrator, MODEL)], sheet), MODEL).score


def command(
    model: Annotated[str, typer.Option(help="`nano`, or the file of a trained model.")] = "nano",
    worlds: Annotated[
        int, typer.Option(help="Held-out worlds of people, vehicles and things.", min=1, max=32, metavar="N")
    ] = 16,
    workers: Annotated[int | None, typer.Option(help="Processes. [all cores]", min=1)] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write a report; `-` prints it.", metavar="FILE")
    ] = None,
) -> None:
    """Measure what each dirt of the pictures costs: the same worlds narrated without it.

    H.264 (codec), noise, blur, swings and tints of the light, rain, dark corners and glare of the glass, frozen and black
    pictures (faults), and all of them. What gains most is what the model stands least, or what hides most.
    """
    if json_file is not None:
        check_writable(json_file)
    path = None if model == "nano" else Path(model)
    load_narrator(path)  # a wrong file is told of before any work
    console = Console(stderr=True)
    result = bench_dirt(path, PAPERS["things"][:worlds], workers or os.cpu_count() or 1, console)
    if json_file is not None:
        write_json(json_file, asdict(result))
    if str(json_file) != "-":
        print_dirt(Console(), result)


def print_dirt(console: Console, result: DirtBench) -> None:
    """A table for a person."""
    title = f"Narration F1 {result.f1:.3f} in {result.num_worlds} worlds as they are"
    table = Table(title=title, title_justify="left")
    for name in ("without", "F1", "gain", "95 %"):
        table.add_column(name, justify="left" if name == "without" else "right")
    for row in result.rows:
        low, high = row.gain_ci
        table.add_row(row.without, f"{row.f1:.3f}", f"{row.gain:+.3f}", f"{low:+.3f} to {high:+.3f}")
    console.print(table)
