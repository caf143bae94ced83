"""The report as one page to look at: no script, nothing fetched, light and dark."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from .failures import Failure
from .page_curves import curves, subtle, trust
from .page_frame import Report, figure, plots, section
from .page_style import STYLE
from .pictures import Shot, shots
from .report import find, headlines
from .roster import MODEL
from .svg import Bar, bars, gauge, heat, strip


def make_page(report: Report, names: Sequence[str], failures: Sequence[Failure]) -> str:
    """HTML of a report; `names` are the examinees, the model first. Well-formed as XML, too."""
    title = f"StreamBench: {report['model']}"
    parts = [_head(report), _cards(report), _beside(report, names), curves(report, names)]
    parts += [_parts(report), subtle(report), trust(report), _confusions(report), _clips(report)]
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
    return section(
        "Beside the others",
        "F1 for narration and alerts, accuracy for questions. All sat the same streams.",
        f'<div class="table"><table><thead><tr><th></th>{heads}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>',
    )


def _with_interval(part: Report, key: str) -> str:
    return f"{part[key]:.3f} <small>{part['ci'][0]:.2f} to {part['ci'][1]:.2f}</small>"


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
                figure(title, "F1; the line is the 95 % interval.", bars(title, _rows(part, "f1")))
            )
    for title, path in (("Questions about now", "live.kinds"), ("Questions about the past", "memory.kinds")):
        if part := find(report, path):
            rows = _rows(part, "accuracy")
            figures.append(figure(title, "Accuracy; orange: the best constant answer.", bars(title, rows)))
    return section("Where it is right", "", plots(figures)) if figures else ""


def _rows(part: Report, key: str) -> list[Bar]:
    rows = []
    for name, each in part.items():
        (low, high), note = each["ci"], f"{each[key]:.3f}, n {each['n']}"
        rows.append(Bar(name.replace("_", " "), each[key], low, high, note, each.get("chance")))
    return rows


def _confusions(report: Report) -> str:
    part = find(report, "confusions")
    figures = [
        figure(
            f"Confusion of {name}", "Rows are true, columns said.", heat(name, each["names"], each["rows"])
        )
        for name, each in (part or {}).items()
        if each["names"]
    ]
    return section("What it takes for what", "", plots(figures)) if figures else ""


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
        figures.append(figure(name, about, strip(name, truth, said, end)))
    return section("Real clips", "", plots(figures)) if figures else ""


def _gallery(found: Sequence[Shot]) -> str:
    if not found:
        return ""
    return section(
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
