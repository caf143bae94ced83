"""How right the narration is: F1 by kind of event, kind and size of thing, scene; side, delay, confusions."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from ...streams.world.events import COLOURS, KINDS, WorldEvent, WorldEventKind
from ...streams.world.language import read_statement
from ...streams.world.questions import REPLY
from .bootstrap import Pair, beside, figure
from .matching import Score, compare, match, partial_key
from .sitting import Sitting

SIZES = (0.0, 8.0, 12.0, 16.0, 24.0, 32.0, 48.0, 1000.0)  # side of the thing, pixels of the view


@dataclass(frozen=True, slots=True)
class Told:
    """One world's statements and events."""

    scene: str
    said: tuple[WorldEvent, ...]
    confidences: tuple[float, ...]  # of `said`
    by_head: tuple[float | None, ...]  # the same by `Said.by_head`
    happened: tuple[WorldEvent, ...]
    sides: tuple[float | None, ...]  # of `happened`
    pairs: tuple[tuple[int, int], ...]  # hits: numbers in `said` and `happened`
    num_unreadable: int

    @property
    def score(self) -> Score:
        return Score(len(self.pairs), len(self.said), len(self.happened))

    def part(self, belongs: Callable[[WorldEvent], bool]) -> Score:
        """The counts of some events and statements only."""
        hits = sum(belongs(self.happened[b]) for _, b in self.pairs)
        return Score(hits, sum(map(belongs, self.said)), sum(map(belongs, self.happened)))


def told(sitting: Sitting, examinee: str) -> Told:
    """Read an examinee's sentences back; an alert states an event like any other."""
    lines = [line for line in sitting.transcripts[examinee].lines if not line.text.startswith(REPLY)]
    read = [(read_statement(line.text, line.t_ns), line) for line in lines]
    said = [(statement.event, line) for statement, line in read if statement is not None]
    events = tuple(event for event, _ in said)
    return Told(
        scene=sitting.scene,
        said=events,
        confidences=tuple(line.confidence for _, line in said),
        by_head=tuple(line.by_head for _, line in said),
        happened=sitting.events,
        sides=sitting.sides,
        pairs=tuple(match(events, sitting.events)),
        num_unreadable=len(lines) - len(said),
    )


def narration_scores(worlds: Sequence[Told]) -> dict[str, Any]:
    """F1 (camera, kind and thing right within 0.5 s) with its interval over worlds, and all its parts."""
    scores = [world.score for world in worlds]
    partly = [compare(w.said, w.happened, partial_key) for w in worlds]
    return {
        **f1_figure(scores),
        **beside("precision", [(s.hits, s.said) for s in scores]),
        **beside("recall", [(s.hits, s.happened) for s in scores]),
        "sentences": sum(s.said for s in scores),
        "unreadable": sum(world.num_unreadable for world in worlds),
        **beside("camera_and_kind_f1", [(2.0 * s.hits, s.said + s.happened) for s in partly]),
        **beside("side_accuracy", [_sides(world) for world in worlds]),
        "delay_ms": _delays_ms(worlds),
        "kinds": _parts(worlds, [kind.value for kind in WorldEventKind], lambda e: e.kind.value),
        "things": _parts(worlds, KINDS, lambda e: e.thing.kind if e.thing else None),
        "sizes": _by_size(worlds),
        "scenes": {
            scene: f1_figure([w.score for w in worlds if w.scene == scene])
            for scene in sorted({world.scene for world in worlds})
        },
    }


def f1_figure(scores: Sequence[Score]) -> dict[str, Any]:
    """F1 of many worlds' counts, `n` being the events."""
    pairs = [(2.0 * s.hits, float(s.said + s.happened)) for s in scores]
    return figure("f1", pairs, sum(s.happened for s in scores))


def confusions(worlds: Sequence[Told]) -> dict[str, Any]:
    """What things were called: of statements whose camera, kind of event and time are right. Rows are the truth."""
    pairs = [
        (world.happened[b].thing, world.said[a].thing)
        for world in worlds
        for a, b in match(world.said, world.happened, partial_key)
    ]
    known = [(true, said) for true, said in pairs if true is not None and said is not None]
    return {
        "kinds": table([(true.kind, said.kind) for true, said in known], KINDS),
        "colours": table([(true.colour, said.colour) for true, said in known], COLOURS),
    }


def table(pairs: Sequence[tuple[str, str]], names: Sequence[str]) -> dict[str, Any]:
    """Counts of (true, said); names that never occur are left out."""
    used = [name for name in names if any(name in pair for pair in pairs)]
    rows = [[sum(pair == (true, said) for pair in pairs) for said in used] for true in used]
    return {"names": used, "rows": rows}


def _parts(
    worlds: Sequence[Told], names: Sequence[str], name_of: Callable[[WorldEvent], Hashable]
) -> dict[str, Any]:
    """F1 by a name that both events and statements have; names without any event are left out."""
    found = {}
    for name in names:
        scores = [world.part(lambda e, name=name: name_of(e) == name) for world in worlds]  # type: ignore[misc]
        if any(score.happened for score in scores):
            found[name] = f1_figure(scores)
    return found


def _by_size(worlds: Sequence[Told]) -> dict[str, Any]:
    """Recall by the size of the thing: a statement has no size, so there is no precision."""
    found = {}
    for low, high in pairwise(SIZES):
        pairs = [_recall_of_size(world, low, high) for world in worlds]
        if any(below for _, below in pairs):
            found[f"{low:g}-{high:g}" if high < SIZES[-1] else f"{low:g}+"] = figure("recall", pairs)
    return found


def _recall_of_size(world: Told, low: float, high: float) -> tuple[float, float]:
    right = {n for n, side in enumerate(world.sides) if side is not None and low <= side < high}
    return float(sum(b in right for _, b in world.pairs)), float(len(right))


def _sides(world: Told) -> Pair:
    """Of the events told right that have a side, a direction or a new colour: how many have that right, too."""
    hits = [(world.said[a], world.happened[b]) for a, b in world.pairs]
    right = [
        (s.side, s.direction, s.colour) == (h.side, h.direction, h.colour)
        for s, h in hits
        if h.side or h.direction or h.colour
    ]
    return sum(right), len(right)


def _delays_ms(worlds: Sequence[Told]) -> dict[str, float]:
    """From the event to the time that its statement gives."""
    delays = [(w.said[a].t_ns - w.happened[b].t_ns) / 1e6 for w in worlds for a, b in w.pairs]
    return {f"p{q}": round(float(np.percentile(delays, q)), 1) for q in (5, 50, 95)} if delays else {}
