"""`agent score`: StreamBench, on worlds never trained on and on labelled real clips."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from ..errors import ConfigError
from ..generation.checkpoint import digest_of
from .report_file import check_writable, write_json, write_text
from .scoring.agenda import PARTS, Agenda, make_agenda
from .scoring.clips import clips_in, read_labels, score_clip
from .scoring.crew import Crew
from .scoring.exam import (
    Pair,
    cost_of_clip,
    cost_of_trial,
    cost_of_world,
    hear_clips,
    hold_exam,
    run_trials,
)
from .scoring.failures import worst_failures
from .scoring.page import make_page
from .scoring.report import make_report, print_report, pruning_rows
from .scoring.roster import BASELINES, BLIND, MODEL, PRUNERS, Roster, parse_beside, parse_silence
from .scoring.sitting import Sitting
from .scoring.subtle import curves

BUDGETS = (1, 2, 3, 4, 6)  # patches a frame, for the pruning curves
_NUM_PRUNING = 24  # worlds, about


def command(
    split: Annotated[
        str | None, typer.Option(help="`held-out`: the worlds of shapes and the easy ones, and the clips.")
    ] = None,
    only: Annotated[str | None, typer.Option(help=f"Parts, comma-separated: {', '.join(PARTS)}.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A tenth of the worlds.")] = False,
    clip: Annotated[Path | None, typer.Option(help="Only this labelled video.")] = None,
    labels: Annotated[Path | None, typer.Option(help="The labels of --clip.")] = None,
    clips: Annotated[Path, typer.Option(help="A folder of labelled clips, scored where it exists.")] = Path(
        "../shared/clips"
    ),
    model: Annotated[str, typer.Option(help="`nano`, or the file of a trained model.")] = "nano",
    baselines: Annotated[
        bool,
        typer.Option(
            "--baselines", help="Beside it also last-frame-only, without a fovea, and a classical one."
        ),
    ] = False,
    beside: Annotated[
        list[str] | None, typer.Option(help="Another model: no-attention=FILE. May be repeated.")
    ] = None,
    depth: Annotated[
        list[int] | None, typer.Option(help="The model with so many of its layers. May be repeated.", min=1)
    ] = None,
    silence: Annotated[
        list[str] | None,
        typer.Option(
            help="The model with the mixers of these layers (from 1) silent, such as 4,8. May be repeated."
        ),
    ] = None,
    pruning: Annotated[
        bool, typer.Option("--pruning", help="Also accuracy against tokens kept, beside other prunings.")
    ] = False,
    workers: Annotated[int, typer.Option(help="Processes.", min=1)] = 2,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write a report; `-` prints it.")] = None,
    html_file: Annotated[
        Path | None, typer.Option("--html", help="Write a page with plots and failures.")
    ] = None,
) -> None:
    """Score a model: narration, live questions, memory, alerts, subtle changes, real clips.

    Every figure has a 95 % interval over worlds and stands beside the same model blind. Parts that the model
    was not trained for score nothing; all worlds are kept from training.

    The report has `narration.f1`, `live.accuracy`, `memory.30s.accuracy`, `alerts.f1` and their like, each beside its
    `ci`; other figures of a part have theirs as `NAME_ci`, such as `alerts.false_per_hour_ci`. `shapes` and `things` hold
    all of it apart, `unseen_pairs`, `recipes` and `textures` the narration of what training never saw, `calibration`,
    `confusions` and the counts `by_world` and `exam_by_world` the rest; `blind` and every other examinee hold the whole
    alike; then come `subtle` and `clips`.

    **Examples**

    - `agent score --json s.json --html s.html`: all of it, some minutes on two cores

    - `agent score --quick --baselines`: a tenth of the worlds, beside simpler models and a classical one

    - `agent score --only narration --pruning --html p.html`: narration by tokens kept, beside other prunings

    - `agent score --model runs/mine/nano.safetensors --beside no-attention=runs/m/nano.safetensors`: models side by side

    - `agent score --only narration,live --depth 4 --depth 6`: what a shallower reading costs

    - `agent score --only narration,live,memory --silence 4,8`: what the mixers of two layers are worth

    - `agent compare before=a.json after=b.json`: what a change bought
    """
    for path in (json_file, html_file):
        if path is not None:
            check_writable(path)
    agenda, pairs = _plan(split, only, quick, clip, labels, clips)
    roster = Roster(
        None if model == "nano" else Path(model),
        (BLIND, *BASELINES) if baselines else (BLIND,),
        parse_beside(beside or ()),
        depths=tuple(depth or ()),
        silences=parse_silence(silence or ()),
    )
    console = Console(stderr=True)
    if agenda.has_clips and not pairs:
        console.print(f"no labelled clips in {clips}: none scored (name a folder with --clips)")
    report, sittings = score(model, roster, agenda, pairs, workers, console, with_pruning=pruning)
    print_report(console, report, roster.names)
    if json_file is not None:
        write_json(json_file, report)
    if html_file is not None:
        write_text(html_file, make_page(report, roster.names, worst_failures(sittings, MODEL)))


def score(
    model: str,
    roster: Roster,
    agenda: Agenda,
    pairs: Sequence[Pair],
    workers: int,
    console: Console,
    *,
    with_pruning: bool = False,
) -> tuple[dict[str, Any], list[Sitting]]:
    """The report, and what it rests on. The same arguments give the same report, however many the workers."""
    swept = [s for s in agenda.settings if s.paper in ("shapes", "things")] if with_pruning else []
    swept = swept[:: max(1, round(len(swept) / _NUM_PRUNING))]
    total = cost_of_world(agenda.settings, roster) + cost_of_clip(pairs, roster)
    total += cost_of_trial(agenda.subtle_seeds)
    sweep = replace(
        roster,
        baselines=(),
        beside=(),
        depths=(),
        silences=(),
        prunings=tuple((p, b) for p in PRUNERS for b in BUDGETS),
    )
    total += cost_of_world(swept, sweep)
    with _progress(console) as progress:
        task = progress.add_task("scoring", total=total)
        tell = _teller(progress, task, total)
        with Crew(roster, workers, tell) as crew:
            sittings = hold_exam(crew, agenda.settings)
            report = make_report(model, sittings, roster.names) | {"weights": digest_of(roster.model)}
            if agenda.subtle_seeds:
                report["subtle"] = curves(run_trials(crew, agenda.subtle_seeds))
            for name, heard in hear_clips(crew, pairs):
                place = report if name == MODEL else report.setdefault(name, {})
                place["clips"] = {
                    p.stem: score_clip(s, truth) for (p, truth), s in zip(pairs, heard, strict=True)
                }
        if swept:
            before = total - cost_of_world(swept, sweep)
            with Crew(sweep, workers, lambda done: tell(before + done)) as crew:
                report["pruning"] = pruning_rows(hold_exam(crew, swept), sweep)
    return report, sittings


def _plan(
    split: str | None, only: str | None, quick: bool, clip: Path | None, labels: Path | None, clips: Path
) -> tuple[Agenda, list[Pair]]:
    if split not in (None, "held-out"):
        raise ConfigError(f"--split {split}: the only split is held-out")
    if (clip is None) != (labels is None):
        raise ConfigError("--clip and --labels belong together: give both")
    if split is not None and only is None:
        only = "shapes,easy,clips"
    if clip is not None and labels is not None:
        read_labels(labels)
        agenda = make_agenda(only, quick) if only else Agenda((), (), True)
        return agenda, [(clip, labels)]
    agenda = make_agenda(only, quick)
    pairs = clips_in(clips) if agenda.has_clips else []
    for _, truth in pairs:
        read_labels(truth)
    return agenda, pairs


def _progress(console: Console) -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=console, transient=True)


def _teller(progress: Progress, task: TaskID, total: int) -> Callable[[int], None]:
    """What takes the work done so far: the bar moves; where there is no terminal for it, each tenth is a line."""
    told = 0

    def tell(done: int) -> None:
        nonlocal told
        progress.update(task, completed=done)
        tenth = 10 * done // max(total, 1)
        if tenth > told and not progress.console.is_terminal:
            told = tenth
            progress.console.print(f"scoring: {10 * tenth} %")

    return tell
