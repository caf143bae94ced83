"""What the parts of the page are put together from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from .svg import Point, Series

Report = Mapping[str, Any]


def section(title: str, lead: str, body: str) -> str:
    text = f'<p class="soft">{escape(lead)}</p>' if lead else ""
    return f"<section><h2>{escape(title)}</h2>{text}{body}</section>"


def plots(figures: Sequence[str]) -> str:
    return f'<div class="plots">{"".join(figures)}</div>'


def figure(title: str, about: str, plot: str, series: Sequence[Series] = ()) -> str:
    legend = "".join(f'<li><i class="ink{s.ink}"></i>{escape(s.name.replace("_", " "))}</li>' for s in series)
    key = f'<ul class="legend">{legend}</ul>' if legend else ""
    return f"<figure><figcaption><strong>{escape(title)}</strong>{escape(about)}</figcaption>{plot}{key}</figure>"


def point_of(x: float, part: Report, key: str, note: str = "") -> Point:
    low, high = part["ci"]
    return Point(x, part[key], low, high, note)
