"""`agent score`: how right the narrations are, on worlds never trained on and on labelled real clips."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from ..errors import ConfigError
from ..generation.checkpoint import load_narrator
from ..generation.narrator import Narrator
from .report_file import write_json
from .scoring.clips import clips_in, score_clip
from .scoring.parallel import PRUNERS, Trial, narrate_all
from .scoring.play import play_clip
from .scoring.report import SCHEMA_VERSION, narration_scores, print_scores
from .scoring.worlds import HELD_OUT, HELD_OUT_EASY, Narration, WorldSpec

BUDGETS = (1, 2, 3, 4, 6)  # patches a frame, for the pruning curves


def command(
    split: Annotated[
        str | None, typer.Option(help="`held-out`: 60 worlds of all scenes and 40 easy ones.")
    ] = None,
    clip: Annotated[
        Path | None, typer.Option(help="A labelled video to score instead of, or beside, a split.")
    ] = None,
    labels: Annotated[Path | None, typer.Option(help="The labels of --clip.")] = None,
    clips: Annotated[
        Path, typer.Option(help="With a split: a folder of labelled clips, scored where it exists.")
    ] = Path("../shared/clips"),
    model: Annotated[str, typer.Option(help="`nano`, or the file of a trained model.")] = "nano",
    pruning: Annotated[
        bool, typer.Option("--pruning", help="Also accuracy against tokens kept, beside baselines.")
    ] = False,
    worlds: Annotated[
        int,
        typer.Option(help="Only so many worlds of each list; 0 takes all (24 for --pruning)."),
    ] = 0,
    workers: Annotated[int, typer.Option(help="Processes.")] = 2,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write a report; `-` prints it.")] = None,
) -> None:
    """Score a model: F1 of events (right camera, kind and object, within 0.5 s), beside the same model blind.

    A clip is scored on `enter` and `leave` within 1 s, whatever the thing is called.
    """
    if split not in (None, "held-out"):
        raise ConfigError(f"--split {split}: the only split is held-out")
    if (clip is None) != (labels is None):
        raise ConfigError("--clip and --labels belong together: give both")
    if split is None and clip is None:
        raise ConfigError("nothing to score: give --split held-out, or --clip FILE --labels FILE.json")
    narrator = load_narrator(None if model == "nano" else Path(model))
    console = Console(stderr=True)
    report: dict[str, Any] = {"version": SCHEMA_VERSION, "model": model}
    if split is not None:
        report |= score_split(narrator, console, worlds, workers)
        if pruning:
            report["pruning"] = score_pruning(narrator, console, worlds, workers)
    found = [(clip, labels)] if clip is not None and labels is not None else []
    found += clips_in(clips) if split is not None else []
    if split is not None and not found:
        console.print(f"no labelled clips in {clips}: none scored (name a folder with --clips)")
    report["clips"] = {path.stem: score_clip(narrator, path, truth, play_clip) for path, truth in found}
    for name, score in report["clips"].items():
        chance = f"{score['chance_f1']:.3f} at random times"
        console.print(
            f"clip {name}: F1 {score['f1']:.3f} ({score['events']} events, {score['said']} said; {chance})"
        )
    if json_file is not None:
        write_json(json_file, report)


def score_split(narrator: Narrator, console: Console, num: int, workers: int) -> dict[str, Any]:
    """The held-out worlds, the easy ones, and the model blind."""
    mixed, easy = (list(s[: num or None]) for s in (HELD_OUT, HELD_OUT_EASY))
    told = _narrate(narrator, console, "all scenes", mixed, workers)
    told_easy = _narrate(narrator, console, "easy scenes", easy, workers)
    blind = _narrate(narrator, console, "blind", mixed, workers, blind=True)
    scores = {
        "narration": narration_scores(told),
        "easy": {"narration": narration_scores(told_easy)},
        "blind": {"narration": narration_scores(blind)},
        "tokens": {"offered": sum(n.tokens_offered for n in told), "kept": sum(n.tokens_kept for n in told)},
    }
    print_scores(console, "All scenes", scores["narration"])
    print_scores(console, "Easy scenes: one or two things, still camera", scores["easy"]["narration"])
    console.print(f"blind: F1 {scores['blind']['narration']['f1']:.3f}")
    return scores


def score_pruning(narrator: Narrator, console: Console, num: int, workers: int) -> list[dict[str, Any]]:
    """F1 against the share of tokens kept: change-and-foreground beside random keep and uniform stride."""
    specs = list(HELD_OUT[: num or 24])
    rows = []
    for pruner in PRUNERS:
        for budget in BUDGETS:
            told = _narrate(
                narrator, console, f"{pruner} {budget}", specs, workers, pruner=pruner, max_tokens=budget
            )
            offered, kept = sum(n.tokens_offered for n in told), sum(n.tokens_kept for n in told)
            f1 = narration_scores(told)["f1"]
            rows.append(
                {"pruner": pruner, "budget": budget, "kept": round(kept / max(offered, 1), 4), "f1": f1}
            )
    table = Table(
        "pruner", "budget", "kept", "F1", title="Accuracy against tokens kept", title_justify="left"
    )
    for row in rows:
        table.add_row(row["pruner"], str(row["budget"]), f"{row['kept']:.2%}", f"{row['f1']:.3f}")
    console.print(table)
    return rows


def _narrate(
    narrator: Narrator, console: Console, title: str, specs: Sequence[WorldSpec], workers: int, **options: Any
) -> list[Narration]:
    told = []
    trials = [Trial(spec, **options) for spec in specs]
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task(title, total=len(specs))
        for narration in narrate_all(narrator, trials, workers):
            told.append(narration)
            progress.advance(task)
    return told
