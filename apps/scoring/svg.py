"""Plots as SVG, written by hand: they take their colours from the page, so that they are right in the dark as well."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 420, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 38, 10, 10, 42
_ROW = 24
_NAME_WIDTH = 128
NUM_INKS = 6  # colours of series that the page has


@dataclass(frozen=True, slots=True)
class Point:
    """One measured point; `x` is a place from 0 to 1 along the axis."""

    x: float
    y: float
    low: float | None = None
    high: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """Points that belong together."""

    name: str
    points: Sequence[Point]
    ink: int = 0
    is_dashed: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of a bar chart; `beside` is another figure, marked on the bar."""

    name: str
    value: float
    low: float
    high: float
    note: str = ""
    beside: float | None = None


def lines(title: str, series: Sequence[Series], labels: Sequence[tuple[float, str]], x_title: str) -> str:
    """Lines over an axis from 0 to 1 with intervals as bands; `labels` stand below at places from 0 to 1."""
    parts = [*_grid(), *_x_axis(labels, x_title)]
    for each in series:
        parts += [*_band(each), _polyline(each), *_dots(each)]
    return _svg(title, WIDTH, HEIGHT, parts)


def bars(title: str, rows: Sequence[Bar]) -> str:
    """Horizontal bars from 0 to 1, each with its interval and its number."""
    parts: list[str] = []
    span = WIDTH - _NAME_WIDTH - 52
    for number, row in enumerate(rows):
        y, middle = number * _ROW + 4, number * _ROW + 12
        x, low, high = (_NAME_WIDTH + span * v for v in (row.value, row.low, row.high))
        parts += [
            f'<text class="name" x="{_NAME_WIDTH - 8}" y="{middle + 4}" text-anchor="end">{escape(row.name)}</text>',
            f'<rect class="rail" x="{_NAME_WIDTH}" y="{y}" width="{span}" height="16" rx="4"/>',
            f'<rect class="fill" x="{_NAME_WIDTH}" y="{y}" width="{x - _NAME_WIDTH:.1f}" height="16" rx="4">'
            f"<title>{escape(row.note)}</title></rect>",
            f'<path class="whisker" d="M{low:.1f} {middle}H{high:.1f}"/>',
            f'<text class="value" x="{_NAME_WIDTH + span + 8}" y="{middle + 4}">{row.value:.2f}</text>',
        ]
        if row.beside is not None:
            at = _NAME_WIDTH + span * row.beside
            parts.append(f'<path class="mark" d="M{at:.1f} {y - 2}v20"/>')
    return _svg(title, WIDTH, len(rows) * _ROW + 4, parts)


def heat(title: str, names: Sequence[str], rows: Sequence[Sequence[int]]) -> str:
    """A table of counts (rows: the truth) as shares of the row; darker is more."""
    cell, left = min(34.0, (WIDTH - 74) / max(len(names), 1)), 70
    parts: list[str] = []
    for n, (name, row) in enumerate(zip(names, rows, strict=True)):
        y, total = 4 + n * cell, max(sum(row), 1)
        parts.append(
            f'<text class="name" x="{left - 6}" y="{y + cell / 2 + 4:.1f}" text-anchor="end">{escape(name)}</text>'
        )
        for m, count in enumerate(row):
            x, share = left + m * cell, count / total
            parts.append(
                f'<rect class="{"right" if n == m else "wrong"}" x="{x:.1f}" y="{y:.1f}" '
                f'width="{cell - 2:.1f}" height="{cell - 2:.1f}" rx="3" fill-opacity="{0.06 + 0.94 * share:.3f}">'
                f"<title>{escape(f'{name} called {names[m]}: {count} of {total}')}</title></rect>"
            )
    below = 4 + len(names) * cell
    for m, name in enumerate(names):
        x = left + m * cell + cell / 2
        parts.append(
            f'<text class="name" transform="translate({x:.1f} {below + 8:.1f}) rotate(-55)" text-anchor="end">'
            f"{escape(name)}</text>"
        )
    return _svg(title, WIDTH, below + 58, parts)


def strip(
    title: str, truth: Sequence[tuple[float, str]], said: Sequence[tuple[float, str]], end: float
) -> str:
    """What happened above a line of time, and what was said below it; `end` in seconds."""
    span, middle = WIDTH - 20, 34

    def at(t: float) -> float:
        return 10 + span * min(t / end, 1.0)

    parts = [f'<path class="axis" d="M10 {middle}H{WIDTH - 10}"/>']
    for t, note in truth:
        parts.append(
            f'<path class="true" d="M{at(t):.1f} {middle - 3}v-22"><title>{escape(note)}</title></path>'
        )
    for t, note in said:
        parts.append(
            f'<path class="said" d="M{at(t):.1f} {middle + 3}v22"><title>{escape(note)}</title></path>'
        )
    for t in range(0, int(end) + 1, 10):
        parts.append(
            f'<text class="tick" x="{at(t):.1f}" y="{middle + 42}" text-anchor="middle">{t} s</text>'
        )
    return _svg(title, WIDTH, middle + 48, parts)


def gauge(value: float, low: float, high: float, marks: Sequence[tuple[float, str]]) -> str:
    """A thin bar for a headline: the value, its interval, and what it stands beside."""
    parts = [
        '<rect class="rail" x="0" y="6" width="200" height="8" rx="4"/>',
        f'<rect class="fill" x="0" y="6" width="{200 * value:.1f}" height="8" rx="4"/>',
        f'<rect class="range" x="{200 * low:.1f}" y="2" width="{max(200 * (high - low), 1.0):.1f}" height="16" rx="3"/>',
    ]
    for place, note in marks:
        parts.append(f'<path class="mark" d="M{200 * place:.1f} 0v20"><title>{escape(note)}</title></path>')
    return _svg(f"{value:.2f}", 200, 20, parts)


def _svg(title: str, width: float, height: float, parts: Sequence[str]) -> str:
    body = "".join(parts)
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(title)}" '
        f'xmlns="http://www.w3.org/2000/svg">{body}</svg>'
    )


def _x(place: float) -> float:
    return _LEFT + place * (WIDTH - _LEFT - _RIGHT)


def _y(value: float) -> float:
    return _TOP + (1 - min(max(value, 0.0), 1.0)) * (HEIGHT - _TOP - _BOTTOM)


def _grid() -> Iterator[str]:
    for n in range(5):
        y = _y(n / 4)
        yield f'<path class="grid" d="M{_LEFT} {y:.1f}H{WIDTH - _RIGHT}"/>'
        yield f'<text class="tick" x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{n / 4:.2g}</text>'


def _x_axis(labels: Sequence[tuple[float, str]], title: str) -> Iterator[str]:
    for place, text in labels:
        yield (
            f'<text class="tick" x="{_x(place):.1f}" y="{HEIGHT - _BOTTOM + 17}" text-anchor="middle">'
            f"{escape(text)}</text>"
        )
    x = (_LEFT + WIDTH - _RIGHT) / 2
    yield f'<text class="title" x="{x}" y="{HEIGHT - 5}" text-anchor="middle">{escape(title)}</text>'


def _band(series: Series) -> Iterator[str]:
    known = [(p.x, p.low, p.high) for p in series.points if p.low is not None and p.high is not None]
    if len(known) > 1:
        above = [f"{_x(x):.1f},{_y(high):.1f}" for x, _, high in known]
        below = [f"{_x(x):.1f},{_y(low):.1f}" for x, low, _ in reversed(known)]
        yield f'<polygon class="band ink{series.ink}" points="{" ".join([*above, *below])}"/>'


def _polyline(series: Series) -> str:
    points = " ".join(f"{_x(p.x):.1f},{_y(p.y):.1f}" for p in series.points)
    dashed = " dashed" if series.is_dashed else ""
    return f'<polyline class="line ink{series.ink}{dashed}" points="{points}"/>'


def _dots(series: Series) -> Iterator[str]:
    if not series.is_dashed:
        for p in series.points:
            note = p.note or f"{series.name}: {p.y:.2f}"
            yield (
                f'<circle class="dot ink{series.ink}" cx="{_x(p.x):.1f}" cy="{_y(p.y):.1f}" r="3.5">'
                f"<title>{escape(note)}</title></circle>"
            )
