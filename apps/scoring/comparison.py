"""Reports of several runs side by side: the table of an ablation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import hypot
from typing import Any

import numpy as np

from .bootstrap import Pair
from .page_style import STYLE
from .report import HEADLINES, find

Report = Mapping[str, Any]
World = tuple[str, int, int]
_NUM_DRAWS, _SEED = 1000, 0
_NARRATED = {"shapes.narration": "shapes", "things.narration": "things"}  # place in a report: paper
_MORE: tuple[tuple[str, str, str], ...] = (
    ("false alarms an hour", "alerts", "false_per_hour"),
    ("calibration error of statements", "calibration.statements", "ece"),
    ("calibration error of answers", "calibration.answers", "ece"),
)


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure of one run, and how far it lies from that of the first run."""

    value: float
    ci: tuple[float, float] | None  # 95 %
    difference: float | None = None  # None in the first run, or where the first has no such figure
    difference_ci: tuple[float, float] | None = None

    @property
    def is_clear(self) -> bool:
        """Whether the interval of the difference leaves nought out."""
        return self.difference_ci is not None and not self.difference_ci[0] <= 0 <= self.difference_ci[1]


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of all runs; None where a run has no such figure."""

    name: str
    cells: tuple[Cell | None, ...]


def compare(reports: Sequence[Report]) -> list[Row]:
    """All headlines that some report has, then false alarms, calibration and clips; the first report is the base.

    Where reports have counts of the same worlds (narration of shapes and things, questions, alerts) the difference is
    drawn again with them, world by world; elsewhere its interval is that of two runs that have nothing to do with each
    other, which is wider than it need be.
    """
    rows = []
    for name, path, key in (*HEADLINES, *_MORE, *_clips(reports)):
        parts = [find(report, path) for report in reports]
        known = [part if part is not None and part.get(key) is not None else None for part in parts]
        if any(known):
            rows.append(Row(name, tuple(_cell(reports, known, n, path, key) for n in range(len(reports)))))
    return rows


def comparison_page(names: Sequence[str], rows: Sequence[Row]) -> str:
    """The table as HTML; what differs clearly from the first run stands out. Well-formed as XML, too."""
    heads = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join(
        f"<tr><td>{escape(row.name)}</td>{''.join(f'<td>{_html(cell)}</td>' for cell in row.cells)}</tr>"
        for row in rows
    )
    title = f"{escape(names[0])} beside {escape(', '.join(names[1:]))}"
    return (
        '<!DOCTYPE html>\n<html lang="en" xmlns="http://www.w3.org/1999/xhtml"><head><meta charset="utf-8"/>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"/><title>{title}</title>'
        f"<style>{STYLE}</style></head><body><main><h1>Side by side</h1><p class='lead'>Each figure with its 95 % "
        f"interval, then what it differs by from {escape(names[0])}; bold where the interval of the difference leaves "
        f'nought out.</p><div class="table"><table><thead><tr><th></th>{heads}</tr></thead><tbody>{body}</tbody>'
        "</table></div></main></body></html>\n"
    )


def difference_text(cell: Cell) -> str:
    """`+0.021 (-0.01 to 0.05)`, or nothing for the first run."""
    if cell.difference is None:
        return ""
    around = f" ({cell.difference_ci[0]:+.2f} to {cell.difference_ci[1]:+.2f})" if cell.difference_ci else ""
    return f"{cell.difference:+.3f}{around}"


def _html(cell: Cell | None) -> str:
    if cell is None:
        return ""
    around = f" <small>{cell.ci[0]:.2f} to {cell.ci[1]:.2f}</small>" if cell.ci else ""
    differs = escape(difference_text(cell))
    differs = f"<br/><small>{f'<b>{differs}</b>' if cell.is_clear else differs}</small>" if differs else ""
    return f"{cell.value:.3f}{around}{differs}"


def _clips(reports: Sequence[Report]) -> list[tuple[str, str, str]]:
    names = dict.fromkeys(name for report in reports for name in report.get("clips", {}))
    keys = (("F1", "f1"), ("kind", "kind_accuracy"), ("colour", "colour_accuracy"))
    return [(f"clip {name}, {what}", f"clips.{name}", key) for name in names for what, key in keys]


def _cell(
    reports: Sequence[Report], parts: Sequence[Report | None], number: int, path: str, key: str
) -> Cell | None:
    part, base = parts[number], parts[0]
    if part is None:
        return None
    around = _interval(part, key)
    if number == 0 or base is None:
        return Cell(part[key], around)
    differs = round(part[key] - base[key], 4)
    paired = _paired(reports[0], reports[number], path) if key in ("f1", "accuracy") else None
    return Cell(part[key], around, differs, paired or _apart(differs, _interval(base, key), around))


def _interval(part: Report, key: str) -> tuple[float, float] | None:
    """A part's `ci` belongs to its first figure, that of another stands beside it."""
    found = part.get(f"{key}_ci") or (part.get("ci") if key in ("f1", "accuracy") else None)
    return (found[0], found[1]) if found else None


def _apart(
    differs: float, one: tuple[float, float] | None, other: tuple[float, float] | None
) -> tuple[float, float] | None:
    if one is None or other is None:
        return None
    half = hypot(one[1] - one[0], other[1] - other[0]) / 2
    return round(differs - half, 4), round(differs + half, 4)


def _paired(base: Report, other: Report, path: str) -> tuple[float, float] | None:
    """95 % of the difference when worlds are drawn again, the same for both runs; None for other worlds."""
    counts = [_counts(report, path) for report in (base, other)]
    if not counts[0] or counts[0].keys() != counts[1].keys():
        return None
    both = np.array([[each[world] for world in counts[0]] for each in counts], float)  # [2, worlds, 2]
    both = both[:, both[..., 1].any(0)]  # only worlds that have something of this figure
    num = both.shape[1]
    if num < 2:
        return None
    sums = both[:, np.random.default_rng(_SEED).integers(num, size=(_NUM_DRAWS, num))].sum(2)
    figures = sums[..., 0] / np.maximum(sums[..., 1], 1)
    low, high = np.percentile(figures[1] - figures[0], (2.5, 97.5))
    return round(float(low), 4), round(float(high), 4)


def _counts(report: Report, path: str) -> dict[World, Pair]:
    """By paper, seed and cameras of each world: numerator and denominator of the figure at `path`."""
    if path in _NARRATED:
        worlds = [w for w in report.get("by_world", ()) if w["paper"] == _NARRATED[path]]
        pairs = [(2.0 * w["hits"], w["said"] + w["happened"]) for w in worlds]
    else:
        worlds = report.get("exam_by_world", ())
        pairs = [_of_exam(world, path) for world in worlds]
    return {(w["paper"], w["seed"], w["cameras"]): pair for w, pair in zip(worlds, pairs, strict=True)}


def _of_exam(world: Mapping[str, Any], path: str) -> Pair:
    if path == "alerts":
        return 2.0 * world["found"], world["alerts"] + world["wanted"]
    right, asked = world.get("groups", {}).get(path, (0, 0))
    return right, asked
