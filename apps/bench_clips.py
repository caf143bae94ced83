"""`agent bench clips`: what dirt on the pictures of real clips costs, by putting it there."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.table import Table

from ..errors import ConfigError
from ..generation.checkpoint import load_narrator
from ..generation.narrator import Narrator
from .processes import as_they_come
from .report_file import check_writable, write_json
from .scoring.clips import clips_in, score_clip
from .scoring.matching import Score
from .scoring.play import play_narrator
from .scoring.soiling import CLEAN, SOILS, Soil, soil_clip

_narrator: Narrator | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """One clip with one dirt: its counts of events, and how many of the hits are called by the right kind."""

    counts: Score
    kinds_right: int


@dataclass(frozen=True, slots=True)
class Row:
    """All clips with one dirt."""

    dirt: str
    f1: float
    kind_accuracy: float  # of the hits
    clips: dict[str, Heard]


@dataclass(frozen=True, slots=True)
class ClipBench:
    """The result; the first row is the clips as they are."""

    version: int
    rows: tuple[Row, ...]


def bench_clips(
    model: Path | None,
    pairs: Sequence[tuple[Path, Path]],
    soils: Sequence[Soil],
    workers: int,
    console: Console,
) -> ClipBench:
    """Play each clip as it is and with each dirt. Raises ConfigError."""
    ways = (CLEAN, *soils)
    tasks = [(number, soil, *pair) for number, soil in enumerate(ways) for pair in pairs]
    heard: list[dict[str, Heard]] = [{} for _ in ways]
    with console.status("plays") as status:
        done = as_they_come(min(workers, len(tasks)), _play, tasks, _load, (model,))
        for count, (number, name, found) in enumerate(done, start=1):
            heard[number][name] = found
            status.update(f"played {count} of {len(tasks)} clips")
    return ClipBench(1, tuple(_row(str(soil), found) for soil, found in zip(ways, heard, strict=True)))


def _row(dirt: str, found: dict[str, Heard]) -> Row:
    total = sum((one.counts for one in found.values()), Score())
    kinds = sum(one.kinds_right for one in found.values())
    return Row(dirt, round(total.f1, 4), round(kinds / max(total.hits, 1), 4), dict(sorted(found.items())))


def _load(model: Path | None) -> None:
    global _narrator
    torch.set_num_threads(1)
    _narrator = load_narrator(model)


def _play(task: tuple[int, Soil, Path, Path]) -> tuple[int, str, Heard]:
    assert _narrator is not None
    number, soil, clip, labels = task
    with tempfile.TemporaryDirectory() as folder:
        played = clip
        if soil != CLEAN:
            played = Path(folder) / clip.name
            soil_clip(clip, soil, played)
        score = score_clip(play_narrator(_narrator, played), labels)
    kinds = round(score["kind_accuracy"] * score["hits"])
    return number, clip.stem, Heard(Score(score["hits"], score["said"], score["events"]), kinds)


def command(
    model: Annotated[str, typer.Option(help="`nano`, or the file of a trained model.")] = "nano",
    clips: Annotated[Path, typer.Option(help="A folder of labelled clips.")] = Path("../shared/clips"),
    workers: Annotated[int | None, typer.Option(help="Processes. [all cores]", min=1)] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write a report; `-` prints it.", metavar="FILE")
    ] = None,
) -> None:
    """Measure what dirt on real pictures costs: labelled clips as they are, then with each dirt in two amounts.

    H.264 of few bits, noise, blur, little light, light that swings, shake, pictures that freeze. An event counts within a
    second, whatever its thing is called; kinds are those of the events that were told. Dirt is put on copies of 12 Mbit/s
    (H.264 apart).
    """
    if json_file is not None:
        check_writable(json_file)
    path = None if model == "nano" else Path(model)
    load_narrator(path)  # a wrong file is told of before any work
    pairs = clips_in(clips)
    if not pairs:
        raise ConfigError(f"--clips {clips}: no labelled clip there; give a folder of NAME.mp4 and NAME.json")
    result = bench_clips(path, pairs, SOILS, workers or os.cpu_count() or 1, Console(stderr=True))
    if json_file is not None:
        write_json(json_file, asdict(result))
    if str(json_file) != "-":
        print_clips(Console(), result)


def print_clips(console: Console, result: ClipBench) -> None:
    """A table for a person."""
    table = Table(title="Real clips with dirt on their pictures", title_justify="left")
    names = list(result.rows[0].clips)
    for name in ("dirt", "F1", "kinds right", *names):
        table.add_column(name, justify="left" if name == "dirt" else "right")
    for row in result.rows:
        each = [f"{row.clips[name].counts.f1:.2f}" for name in names]
        table.add_row(row.dirt, f"{row.f1:.3f}", f"{row.kind_accuracy:.2f}", *each)
    console.print(table)
