"""The curves of the page: by delay, size and tokens kept; small changes; how far the model knows what it knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .choice import DELAYS
from .page_frame import Report, figure, plots, point_of, section
from .report import find
from .roster import MODEL
from .svg import NUM_INKS, Point, Series, lines

_STEP_NAMES = {
    "colour": ("Colour", "share of the way to another colour"),
    "shift": ("Place", "shift in pixels"),
    "size": ("Size", "step in pixels"),
}


def curves(report: Report, names: Sequence[str]) -> str:
    figures = []
    known = [n for n in names if find(_of(report, n), "memory")]
    if known:
        places = {name: (n + 0.5) / len(DELAYS) for n, name in enumerate(DELAYS)}
        series = [_memory(_of(report, name), name, n, places) for n, name in enumerate(known)]
        chance = [Point(places[d], part["chance"]) for d in DELAYS if (part := find(report, f"memory.{d}"))]
        plot = lines(
            "accuracy by delay",
            [*series, Series("chance", chance, 1, is_dashed=True)],
            [(place, name) for name, place in places.items()],
            "time since the event",
        )
        figures.append(
            figure(
                "Memory", "Accuracy by how long ago it was; dashed: the best constant answer.", plot, series
            )
        )
    sized = [n for n in names if find(_of(report, n), "narration.sizes")]
    if sized:
        labels = list(report["narration"]["sizes"])
        spots = {label: (n + 0.5) / len(labels) for n, label in enumerate(labels)}
        series = [_sizes(_of(report, name), name, n, spots) for n, name in enumerate(sized)]
        plot = lines(
            "recall by size", series, [(at, name) for name, at in spots.items()], "side in pixels of 160"
        )
        figures.append(figure("Size", "Share of events told, by the size of their thing.", plot, series))
    if rows := report.get("pruning"):
        series = _pruned(rows)
        widest = max(row["kept"] for row in rows)
        labels_ = [(n / 4, f"{100 * widest * n / 4:.1f} %") for n in range(5)]
        plot = lines("F1 by tokens kept", series, labels_, "tokens kept of all that were offered")
        figures.append(figure("Pruning", "Narration F1 against tokens kept.", plot, series))
    return section("Memory, size, tokens", "", plots(figures)) if figures else ""


def _memory(scores: Report, name: str, ink: int, places: Mapping[str, float]) -> Series:
    points = []
    for delay, place in places.items():
        if part := find(scores, f"memory.{delay}"):
            note = f"{name}, {delay}: {part['accuracy']:.2f} of {part['n']}"
            points.append(point_of(place, part, "accuracy", note))
    return Series(name, points, ink % NUM_INKS)


def _sizes(scores: Report, name: str, ink: int, places: Mapping[str, float]) -> Series:
    sizes = scores["narration"]["sizes"]
    points = [
        point_of(places[label], part, "recall", f"{name}, {label} px: {part['recall']:.2f} of {part['n']}")
        for label, part in sizes.items()
        if label in places
    ]
    return Series(name, points, ink % NUM_INKS)


def _pruned(rows: Sequence[Mapping[str, Any]]) -> list[Series]:
    widest = max(row["kept"] for row in rows) or 1.0
    pruners = list(dict.fromkeys(row["pruner"] for row in rows))
    return [
        Series(
            pruner,
            [
                point_of(r["kept"] / widest, r, "f1", f"{pruner} {r['budget']}: {r['f1']:.2f}")
                for r in rows
                if r["pruner"] == pruner
            ],
            n,
        )
        for n, pruner in enumerate(pruners)
    ]


def subtle(report: Report) -> str:
    part = find(report, "subtle")
    if part is None:
        return ""
    figures = []
    for kind, (title, x_title) in _STEP_NAMES.items():
        rows = part[kind]
        spots = [(n + 0.5) / len(rows) for n in range(len(rows))]
        series = [
            Series(name, [point_of(x, row[key], measure) for row, x in zip(rows, spots, strict=True)], ink)
            for ink, (name, key, measure) in enumerate(
                (
                    ("all patches", "whole", "accuracy"),
                    ("kept patches", "pruned", "accuracy"),
                    ("told", "told", "share"),
                )
            )
        ]
        labels = [(x, f"{row['step']:g}") for x, row in zip(spots, rows, strict=True)]
        figures.append(figure(title, "", lines(title, series, labels, x_title), series))
    lead = (
        "A thing at rest changes a little in one of two intervals. Right guesses of it by the encoder's features, "
        "from all patches and from those that pruning keeps (half is chance), and how often the model says anything "
        f"({part['told_without_change']:.2f} where nothing changes). {part['trials']} trials."
    )
    return section("Subtle changes", lead, plots(figures))


def trust(report: Report) -> str:
    """Reliability and risk against coverage."""
    figures = []
    for key, part in (report.get("calibration") or {}).items():
        if part is None:
            continue
        name = key.replace("_", " ")
        ideal = Series("ideal", [Point(0, 0), Point(1, 1)], 1, is_dashed=True)
        points = [
            Point(
                b["confidence"],
                b["accuracy"],
                note=f"{b['accuracy']:.2f} right at {b['confidence']:.2f}, n {b['n']}",
            )
            for b in part["bins"]
        ]
        quarters = [(n / 4, f"{n / 4:g}") for n in range(5)]
        low, high = part["ece_ci"]
        about = f"ECE {part['ece']:.3f} ({low:.3f} to {high:.3f}), Brier {part['brier']:.3f}, n {part['n']}"
        figures.append(
            figure(
                f"Reliability of {name}",
                about,
                lines(f"reliability of {name}", [ideal, Series(name, points, 0)], quarters, "confidence"),
            )
        )
        risk = [Point(r["coverage"], r["risk"]) for r in part["risk_coverage"]]
        plot = lines(f"risk of {name}", [Series(name, risk, 5)], quarters, "coverage, the surest first")
        figures.append(figure(f"Risk of {name}", f"Share wrong; area {part['aurc']:.3f}", plot))
    if rows := (find(report, "alerts") or {}).get("by_confidence"):
        figures.append(_alerts(rows))
    return section("Does it know what it knows", "", plots(figures)) if figures else ""


def _alerts(rows: Sequence[Mapping[str, Any]]) -> str:
    """What it brings and costs to be told only of what is surely so."""
    series = []
    for ink, name in enumerate(("f1", "precision", "recall")):
        notes = [f"{name} {r[name]:.2f}, {r['false_per_hour']:.1f} false an hour" for r in rows]
        points = [Point(r["least"], r[name], note=note) for r, note in zip(rows, notes, strict=True)]
        series.append(Series(name, points, ink))
    spots = [(r["least"], f"{r['least']:g}") for r in rows]
    plot = lines("alerts by least confidence", series, spots, "confidence that an alert wants")
    first, last = rows[0]["false_per_hour"], rows[-1]["false_per_hour"]
    about = f"False alarms an hour from {first:.1f} down to {last:.1f}."
    return figure("Alerts", about, plot, series)


def _of(report: Report, name: str) -> Report:
    """The scores of one examinee: the model's stand at the top."""
    part: Report = report if name == MODEL else report.get(name, {})
    return part
