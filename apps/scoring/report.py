"""The whole report as one document, and as tables for a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from .alerts import alerting
from .narration import f1_figure, told
from .replies import answer_groups, answers
from .roster import MODEL, Roster
from .scores import NARRATED, scores_of
from .sitting import Sitting

SCHEMA_VERSION = 2
_ABREAST = 4  # examinees beside the model in one table: more would not fit 80 columns
HEADLINES: tuple[tuple[str, str, str], ...] = (  # what it is called, where it stands, what it is a figure of
    ("narration, shapes", "shapes.narration", "f1"),
    ("narration, things", "things.narration", "f1"),
    ("unseen pairs, shapes", "shapes.unseen_pairs.narration", "f1"),
    ("unseen pairs, things", "things.unseen_pairs.narration", "f1"),
    ("scenes never trained", "recipes.narration", "f1"),
    ("textures never trained", "textures.narration", "f1"),
    ("easy scenes", "easy.narration", "f1"),
    ("live questions", "live", "accuracy"),
    ("who came from where", "identity", "accuracy"),
    ("counting", "counting", "accuracy"),
    ("sound", "sound", "accuracy"),
    ("sound with picture", "sound_with_picture", "accuracy"),
    ("memory, all", "memory", "accuracy"),
    ("memory, 5 s", "memory.5s", "accuracy"),
    ("memory, 30 s", "memory.30s", "accuracy"),
    ("memory, 5 min", "memory.5min", "accuracy"),
    ("alerts", "alerts", "f1"),
    ("alerts, the model's own marks", "alerts.unaided", "f1"),
)


def make_report(model: str, sittings: Sequence[Sitting], names: Sequence[str]) -> dict[str, Any]:
    """Scores of the model at the top, those of every other examinee under its name."""
    report: dict[str, Any] = {"version": SCHEMA_VERSION, "model": model, "worlds": _papers(sittings)}
    if sittings:
        report |= _document(sittings, MODEL)
        report |= {name: _document(sittings, name) for name in names if name != MODEL}
        seen = [s.transcripts[MODEL] for s in sittings]
        report["tokens"] = {
            "offered": sum(t.num_offered for t in seen),
            "kept": sum(t.num_kept for t in seen),
        }
    return report


def pruning_rows(sittings: Sequence[Sitting], roster: Roster) -> list[dict[str, Any]]:
    """F1 against the share of tokens kept, for each pruner and budget."""
    rows = []
    for name, (pruner, budget) in zip(roster.pruned_names, roster.prunings, strict=True):
        seen = [s.transcripts[name] for s in sittings]
        offered, kept = sum(t.num_offered for t in seen), sum(t.num_kept for t in seen)
        scores = f1_figure([told(s, name).score for s in sittings])
        rows.append({"pruner": pruner, "budget": budget, "kept": round(kept / max(offered, 1), 4), **scores})
    return rows


def find(report: Mapping[str, Any], path: str) -> dict[str, Any] | None:
    """The part of a report at `a.b.c`, or None where it was not scored."""
    part: Any = report
    for key in path.split("."):
        part = part.get(key) if isinstance(part, Mapping) else None
    return part if isinstance(part, dict) else None


def headlines(report: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Name, key of the figure, and the figure with its interval, of all that was scored."""
    for name, path, key in HEADLINES:
        part = find(report, path)
        if part is not None and key in part:
            yield name, key, part


def print_report(console: Console, report: Mapping[str, Any], names: Sequence[str]) -> None:
    """All headlines, then the same beside the other examinees, then alerts and clips."""
    rows = [
        (name, path, key, part)
        for name, path, key in HEADLINES
        if (part := find(report, path)) is not None and key in part
    ]
    others = [name for name in names if name != MODEL]
    if rows:
        table = _table(f"StreamBench, {report['model']}", ("score", "95 %", "n", "chance"))
        for name, _, key, part in rows:
            low, high = part["ci"]
            chance = f"{part['chance']:.2f}" if "chance" in part else ""
            table.add_row(name, f"{part[key]:.3f}", f"{low:.2f}-{high:.2f}", str(part["n"]), chance)
        console.print(table)
    for first in range(0, len(others) if rows else 0, _ABREAST):
        few = others[first : first + _ABREAST]
        table = _table("Beside the others", (MODEL, *few))
        for name, path, key, part in rows:
            beside = [_figure(find(report.get(other, {}), path), key) for other in few]
            table.add_row(name, f"{part[key]:.3f}", *beside)
        console.print(table)
    if alerts := find(report, "alerts"):
        console.print(
            f"alerts: {alerts['false_per_hour']:.1f} false an hour over {alerts['hours']:.2f} h, "
            f"timing {alerts['timing']:.3f}, median delay {_seconds(alerts['delay_p50_s'])}"
        )
    for name, clip in report.get("clips", {}).items():
        console.print(
            f"clip {name}: F1 {clip['f1']:.3f} ({clip['events']} events, {clip['said']} said; "
            f"{clip['chance_f1']:.3f} at random times); "
            f"kind {clip['kind_accuracy']:.2f}, colour {clip['colour_accuracy']:.2f} of {clip['hits']} hits"
        )


def _table(title: str, columns: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("", no_wrap=True)
    for column in columns:
        table.add_column(column.replace("_", " "), justify="right")
    return table


def _papers(sittings: Sequence[Sitting]) -> dict[str, int]:
    papers = [s.sheet.setting.paper for s in sittings]
    return {paper: papers.count(paper) for paper in dict.fromkeys(papers)}


def _document(sittings: Sequence[Sitting], examinee: str) -> dict[str, Any]:
    """All scores of an examinee, and the counts of each world that they rest on."""
    return scores_of(sittings, examinee) | {
        "by_world": [_counts(s, examinee) for s in sittings if s.sheet.setting.paper in NARRATED],
        "exam_by_world": [exam_counts(s, examinee) for s in sittings if s.sheet.queries],
    }


def _counts(sitting: Sitting, examinee: str) -> dict[str, Any]:
    """What it takes to play one world again, and what came of it."""
    score = told(sitting, examinee).score
    return _place(sitting) | {"hits": score.hits, "said": score.said, "happened": score.happened}


def exam_counts(sitting: Sitting, examinee: str) -> dict[str, Any]:
    """The same of a world in which questions were put, and instructions stood."""
    given, alerts = answers([sitting], examinee), alerting(sitting, examinee)
    return _place(sitting) | {
        "asked": len(given),
        "right": sum(answer.is_right for answer in given),
        "groups": {
            place: [sum(answer.is_right for answer in group), len(group)]
            for place, group in answer_groups(given).items()
        },
        "alerts": alerts.said,
        "found": len(alerts.delays_s),
        "wanted": alerts.wanted,
    }


def _place(sitting: Sitting) -> dict[str, Any]:
    setting = sitting.sheet.setting
    return {"paper": setting.paper, "seed": setting.seed, "cameras": setting.num_cameras}


def _figure(part: Mapping[str, Any] | None, key: str) -> str:
    return f"{part[key]:.3f}" if part and key in part else ""


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} s"
