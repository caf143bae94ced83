"""What the scores say, as one document and as tables for a person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from ...streams.world.events import WorldEventKind
from .matching import Score, compare, match, partial_key
from .worlds import Narration

SCHEMA_VERSION = 1


def narration_scores(narrations: Sequence[Narration]) -> dict[str, Any]:
    """F1, precision and recall over all worlds; the part by kind and by scene; a 95 % interval over worlds."""
    each = [compare(n.said, n.happened) for n in narrations]
    total = sum(each, Score())
    return {
        **_figures(total),
        "ci95": _bootstrap(each),
        "events": total.happened,
        "sentences": total.said,
        "unreadable": sum(n.num_unreadable for n in narrations),
        "camera_and_kind_f1": sum((compare(n.said, n.happened, partial_key) for n in narrations), Score()).f1,
        "side_accuracy": _side_accuracy(narrations),
        "delay_ms": _delays_ms(narrations),
        "kinds": {kind.value: _figures(score) for kind, score in _by_kind(narrations).items()},
        "scenes": {scene: _figures(score) for scene, score in _by_scene(narrations).items()},
    }


def print_scores(console: Console, title: str, scores: Mapping[str, Any]) -> None:
    """One table: the whole, then the kinds, then the scenes."""
    table = Table(title=title, title_justify="left")
    for column in ("", "F1", "precision", "recall", "events"):
        table.add_column(column, justify="left" if not column else "right")
    rows: Iterable[tuple[str, Mapping[str, Any]]] = [
        ("all", scores),
        *scores["kinds"].items(),
        *((f"scene {name}", figures) for name, figures in scores["scenes"].items()),
    ]
    for name, figures in rows:
        values = (f"{figures[key]:.3f}" for key in ("f1", "precision", "recall"))
        table.add_row(name, *values, str(figures["events"]))
    console.print(table)


def _figures(score: Score) -> dict[str, Any]:
    return {
        "f1": round(score.f1, 4),
        "precision": round(score.precision, 4),
        "recall": round(score.recall, 4),
        "events": score.happened,
    }


def _by_kind(narrations: Sequence[Narration]) -> dict[WorldEventKind, Score]:
    scores: dict[WorldEventKind, Score] = defaultdict(Score)
    for kind in WorldEventKind:
        for n in narrations:
            said = [e for e in n.said if e.kind is kind]
            scores[kind] += compare(said, [e for e in n.happened if e.kind is kind])
    return dict(scores)


def _by_scene(narrations: Sequence[Narration]) -> dict[str, Score]:
    scores: dict[str, Score] = defaultdict(Score)
    for n in narrations:
        scores[n.scene] += compare(n.said, n.happened)
    return dict(sorted(scores.items()))


def _side_accuracy(narrations: Sequence[Narration]) -> float:
    """Of the events told right, how often the side (or the direction, or the new colour) is right too."""
    right = [
        (s.side, s.direction, s.colour) == (h.side, h.direction, h.colour)
        for n in narrations
        for s, h in ((n.said[a], n.happened[b]) for a, b in match(n.said, n.happened))
        if h.side or h.direction or h.colour
    ]
    return round(sum(right) / len(right), 4) if right else 0.0


def _delays_ms(narrations: Sequence[Narration]) -> dict[str, float]:
    """From the event to the `t_ns` of its sentence."""
    delays = [
        (n.said[a].t_ns - n.happened[b].t_ns) / 1e6 for n in narrations for a, b in match(n.said, n.happened)
    ]
    return {f"p{q}": round(float(np.percentile(delays, q)), 1) for q in (5, 50, 95)} if delays else {}


def _bootstrap(each: Sequence[Score], num_draws: int = 1000) -> list[float]:
    """95 % interval of F1 when worlds are drawn again with replacement."""
    counts = np.array([(s.hits, s.said + s.happened) for s in each])
    draws = np.random.default_rng(0).integers(len(each), size=(num_draws, len(each)))
    sums = counts[draws].sum(1)
    f1 = 2 * sums[:, 0] / np.maximum(sums[:, 1], 1)
    return [round(float(np.percentile(f1, q)), 4) for q in (2.5, 97.5)]
