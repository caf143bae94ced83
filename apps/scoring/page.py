"""The report as one page to look at: no script, nothing fetched, light and dark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from .choice import DELAYS
from .failures import Failure
from .page_style import STYLE
from .pictures import Shot, shots
from .report import find, headlines
from .roster import MODEL
from .svg import NUM_INKS, Bar, Point, Series, bars, gauge, heat, lines, strip

Report = Mapping[str, Any]

_STEP_NAMES = {
    "colour": ("Colour", "share of the way to another colour"),
    "shift": ("Place", "shift in pixels"),
    "size": ("Size", "step in pixels"),
}


def make_page(report: Report, names: Sequence[str], failures: Sequence[Failure]) -> str:
    """HTML of a report; `names` are the examinees, the model first. Well-formed as XML, too."""
    title = f"StreamBench: {report['model']}"
    parts = [_head(report), _cards(report), _beside(report, names), _curves(report, names)]
    parts += [_parts(report), _subtle(report), _trust(report), _confusions(report), _clips(report)]
    parts.append(_gallery(shots(failures)))
    return (
        '<!DOCTYPE html>\n<html lang="en" xmlns="http://www.w3.org/1999/xhtml"><head><meta charset="utf-8"/>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>{''.join(parts)}</main></body></html>\n"
    )


def _head(report: Report) -> str:
    worlds = ", ".join(f"{num} {name}" for name, num in report["worlds"].items())
    shown = f"Worlds that training never saw: {worlds}." if worlds else "Real clips only."
    return (
        f"<h1>StreamBench</h1><p class='lead'>{escape(report['model'])}. {escape(shown)} "
        "Shaded: the 95 % interval when worlds are drawn again.</p>"
    )


def _cards(report: Report) -> str:
    cards = []
    for name, key, part in headlines(report):
        marks = [(part["chance"], f"best constant answer: {part['chance']:.2f}")] if "chance" in part else []
        low, high = part["ci"]
        chance = f", chance {part['chance']:.2f}" if "chance" in part else ""
        cards.append(
            f'<div class="card"><small>{escape(name)}</small><b>{part[key]:.2f}</b>'
            f"{gauge(part[key], low, high, marks)}"
            f"<small>{low:.2f} to {high:.2f}, n {part['n']}{chance}</small></div>"
        )
    if alerts := find(report, "alerts"):
        low, high = alerts["false_per_hour_ci"]
        cards.append(
            f'<div class="card"><small>false alarms an hour</small><b>{alerts["false_per_hour"]:.1f}</b>'
            f"<small>{low:.1f} to {high:.1f} over {alerts['hours']:.2f} h; timing {alerts['timing']:.2f}</small></div>"
        )
    return f'<div class="cards">{"".join(cards)}</div>' if cards else ""


def _beside(report: Report, names: Sequence[str]) -> str:
    """All headlines of all examinees as a table."""
    others = [name for name in names if name != MODEL and name in report]
    rows = []
    columns = {other: {name: (key, part) for name, key, part in headlines(report[other])} for other in others}
    for name, key, part in headlines(report):
        found = [(key, part), *(columns[other].get(name) for other in others)]
        cells = [_with_interval(each[1], each[0]) if each else "" for each in found]
        rows.append(f"<tr><td>{escape(name)}</td>{''.join(f'<td>{c}</td>' for c in cells)}</tr>")
    if not rows or not others:
        return ""
    heads = "".join(f"<th>{escape(n.replace('_', ' '))}</th>" for n in (MODEL, *others))
    return _section(
        "Beside the others",
        "F1 for narration and alerts, accuracy for questions. All sat the same streams.",
        f'<div class="table"><table><thead><tr><th></th>{heads}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>',
    )


def _with_interval(part: Report, key: str) -> str:
    return f"{part[key]:.3f} <small>{part['ci'][0]:.2f} to {part['ci'][1]:.2f}</small>"


def _curves(report: Report, names: Sequence[str]) -> str:
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
            _figure(
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
        figures.append(_figure("Size", "Share of events told, by the size of their thing.", plot, series))
    if rows := report.get("pruning"):
        series = _pruned(rows)
        widest = max(row["kept"] for row in rows)
        labels_ = [(n / 4, f"{100 * widest * n / 4:.1f} %") for n in range(5)]
        plot = lines("F1 by tokens kept", series, labels_, "tokens kept of all that were offered")
        figures.append(_figure("Pruning", "Narration F1 against tokens kept.", plot, series))
    return _section("Memory, size, tokens", "", _plots(figures)) if figures else ""


def _memory(scores: Report, name: str, ink: int, places: Mapping[str, float]) -> Series:
    points = []
    for delay, place in places.items():
        if part := find(scores, f"memory.{delay}"):
            note = f"{name}, {delay}: {part['accuracy']:.2f} of {part['n']}"
            points.append(_point(place, part, "accuracy", note))
    return Series(name, points, ink % NUM_INKS)


def _sizes(scores: Report, name: str, ink: int, places: Mapping[str, float]) -> Series:
    sizes = scores["narration"]["sizes"]
    points = [
        _point(places[label], part, "recall", f"{name}, {label} px: {part['recall']:.2f} of {part['n']}")
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
                _point(r["kept"] / widest, r, "f1", f"{pruner} {r['budget']}: {r['f1']:.2f}")
                for r in rows
                if r["pruner"] == pruner
            ],
            n,
        )
        for n, pruner in enumerate(pruners)
    ]


def _parts(report: Report) -> str:
    """Narration by kind of event, kind of thing and scene; questions by kind."""
    figures = []
    for title, path in (
        ("Narration by event", "narration.kinds"),
        ("Narration by thing", "narration.things"),
        ("Narration by scene", "narration.scenes"),
    ):
        if part := find(report, path):
            figures.append(
                _figure(title, "F1; the line is the 95 % interval.", bars(title, _rows(part, "f1")))
            )
    for title, path in (("Questions about now", "live.kinds"), ("Questions about the past", "memory.kinds")):
        if part := find(report, path):
            rows = _rows(part, "accuracy")
            figures.append(_figure(title, "Accuracy; orange: the best constant answer.", bars(title, rows)))
    return _section("Where it is right", "", _plots(figures)) if figures else ""


def _rows(part: Report, key: str) -> list[Bar]:
    rows = []
    for name, each in part.items():
        (low, high), note = each["ci"], f"{each[key]:.3f}, n {each['n']}"
        rows.append(Bar(name.replace("_", " "), each[key], low, high, note, each.get("chance")))
    return rows


def _subtle(report: Report) -> str:
    part = find(report, "subtle")
    if part is None:
        return ""
    figures = []
    for kind, (title, x_title) in _STEP_NAMES.items():
        rows = part[kind]
        spots = [(n + 0.5) / len(rows) for n in range(len(rows))]
        series = [
            Series(name, [_point(x, row[key], figure) for row, x in zip(rows, spots, strict=True)], ink)
            for ink, (name, key, figure) in enumerate(
                (
                    ("all patches", "whole", "accuracy"),
                    ("kept patches", "pruned", "accuracy"),
                    ("told", "told", "share"),
                )
            )
        ]
        labels = [(x, f"{row['step']:g}") for x, row in zip(spots, rows, strict=True)]
        figures.append(_figure(title, "", lines(title, series, labels, x_title), series))
    lead = (
        "A thing at rest changes a little in one of two intervals. Right guesses of it by the encoder's features, "
        "from all patches and from those that pruning keeps (half is chance), and how often the model says anything "
        f"({part['told_without_change']:.2f} where nothing changes). {part['trials']} trials."
    )
    return _section("Subtle changes", lead, _plots(figures))


def _point(x: float, part: Report, key: str, note: str = "") -> Point:
    low, high = part["ci"]
    return Point(x, part[key], low, high, note)


def _trust(report: Report) -> str:
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
            _figure(
                f"Reliability of {name}",
                about,
                lines(f"reliability of {name}", [ideal, Series(name, points, 0)], quarters, "confidence"),
            )
        )
        risk = [Point(r["coverage"], r["risk"]) for r in part["risk_coverage"]]
        plot = lines(f"risk of {name}", [Series(name, risk, 5)], quarters, "coverage, the surest first")
        figures.append(_figure(f"Risk of {name}", f"Share wrong; area {part['aurc']:.3f}", plot))
    if rows := (find(report, "alerts") or {}).get("by_confidence"):
        figures.append(_alerts(rows))
    return _section("Does it know what it knows", "", _plots(figures)) if figures else ""


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
    return _figure("Alerts", about, plot, series)


def _confusions(report: Report) -> str:
    part = find(report, "confusions")
    figures = [
        _figure(
            f"Confusion of {name}", "Rows are true, columns said.", heat(name, each["names"], each["rows"])
        )
        for name, each in (part or {}).items()
        if each["names"]
    ]
    return _section("What it takes for what", "", _plots(figures)) if figures else ""


def _clips(report: Report) -> str:
    figures = []
    for name, clip in report.get("clips", {}).items():
        end = max([10.0, *(e["t_s"] for e in (*clip["truth"], *clip["sentences"]))])
        truth = [(e["t_s"], f"{e['t_s']:.1f} s: {e['thing']}, {e['event']}") for e in clip["truth"]]
        said = [(e["t_s"], f"{e['t_s']:.1f} s: {e['text']}") for e in clip["sentences"]]
        about = (
            f"F1 {clip['f1']:.2f} ({clip['chance_f1']:.2f} at random times); kind right in {clip['kind_accuracy']:.0%}, "
            f"colour in {clip['colour_accuracy']:.0%} of {clip['hits']} hits. Above: what came and went; below: all said."
        )
        figures.append(_figure(name, about, strip(name, truth, said, end)))
    return _section("Real clips", "", _plots(figures)) if figures else ""


def _gallery(found: Sequence[Shot]) -> str:
    if not found:
        return ""
    return _section(
        "The worst failures",
        "The surest mistakes, and the largest things that were missed.",
        f'<div class="shots">{"".join(_shot(shot) for shot in found)}</div>',
    )


def _shot(shot: Shot) -> str:
    failure = shot.failure
    sure = "" if failure.confidence is None else f", {failure.confidence:.0%} sure"
    setting, t_s = failure.setting, failure.t_ns / 1e9
    place = f"{setting.scene}, seed {setting.seed}, camera {failure.camera + 1}, {t_s:.1f} s"
    return (
        f'<figure><img src="{shot.data_uri}" alt="{escape(failure.truth)}"/><figcaption>'
        f"<strong>{escape(failure.sort)}{sure}</strong>{escape(place)}"
        f"<dl><dt>true</dt><dd>{escape(failure.truth)}</dd><dt>said</dt><dd>{escape(failure.said)}</dd></dl>"
        "</figcaption></figure>"
    )


def _section(title: str, lead: str, body: str) -> str:
    text = f'<p class="soft">{escape(lead)}</p>' if lead else ""
    return f"<section><h2>{escape(title)}</h2>{text}{body}</section>"


def _plots(figures: Sequence[str]) -> str:
    return f'<div class="plots">{"".join(figures)}</div>'


def _figure(title: str, about: str, plot: str, series: Sequence[Series] = ()) -> str:
    legend = "".join(f'<li><i class="ink{s.ink}"></i>{escape(s.name.replace("_", " "))}</li>' for s in series)
    key = f'<ul class="legend">{legend}</ul>' if legend else ""
    return f"<figure><figcaption><strong>{escape(title)}</strong>{escape(about)}</figcaption>{plot}{key}</figure>"


def _of(report: Report, name: str) -> Report:
    """The scores of one examinee: the model's stand at the top."""
    part: Report = report if name == MODEL else report.get(name, {})
    return part
