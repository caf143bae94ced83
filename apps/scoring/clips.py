"""Labelled real clips: what enters and leaves, and whether it is called by its right name."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import ConfigError
from ...streams.world.events import COLOURS, Thing, WorldEvent, WorldEventKind
from ...streams.world.language import read_statement
from .bootstrap import figure
from .matching import Score, compare, match

TOLERANCE_NS = 1_000_000_000
_KINDS = {"enter": WorldEventKind.ENTER, "exit": WorldEventKind.LEAVE, "leave": WorldEventKind.LEAVE}
_BORDERS_OF_TIME = ("start", "end")  # what is there when the clip begins or ends has not come or gone
# Names of colours that the palette has no word for; `light blue` and `dark blue` are blue.
_NEAREST = {"silver": "grey", "gray": "grey", "beige": "brown", "gold": "yellow", "pink": "purple"}

Sentences = Sequence[tuple[int, str]]  # (t_ns, sentence), in order


@dataclass(frozen=True, slots=True)
class Label:
    """One labelled event, and the colours by which its thing may be called (none: any)."""

    event: WorldEvent
    colours: frozenset[str]


def read_labels(path: Path) -> list[WorldEvent]:
    """The `enter` and `exit` events of a label file, in order of time. Raises ConfigError for one of another form."""
    return [label.event for label in _labels(path)]


def score_clip(sentences: Sentences, labels: Path) -> dict[str, Any]:
    """F1 of `enter` and `leave` within 1 s whatever the thing is called; of the hits, how many are called right.

    Intervals are over events: a clip is one scene.
    """
    known = _labels(labels)
    happened = [label.event for label in known]
    statements = [read_statement(text, t_ns) for t_ns, text in sentences]
    said = [s.event for s in statements if s is not None and s.event.kind in _KINDS.values()]
    pairs = match(said, happened, _kind, TOLERANCE_NS)
    total = Score(len(pairs), len(said), len(happened))
    return {
        **figure("f1", _units(total), total.happened),
        "precision": round(total.precision, 4),
        "recall": round(total.recall, 4),
        "events": total.happened,
        "said": total.said,
        "kinds": {kind.value: _f1_of(kind, said, happened) for kind in set(_KINDS.values())},
        "chance_f1": round(_chance_f1(said, happened), 4),
        **_names(said, known, pairs),
        "truth": [
            {"t_s": round(e.t_ns / 1e9, 2), "event": e.kind.value, "thing": str(e.thing)} for e in happened
        ],
        "sentences": [{"t_s": round(t_ns / 1e9, 2), "text": text} for t_ns, text in sentences],
    }


def clips_in(folder: Path) -> list[tuple[Path, Path]]:
    """Pairs of clip and labels: `name.mp4` beside `name.json`."""
    return [
        (clip, clip.with_suffix(".json"))
        for clip in sorted(folder.glob("*.mp4"))
        if clip.with_suffix(".json").exists()
    ]


def palette_name(colour: str) -> str | None:
    """The palette's word for a colour of a label: `silver` is grey, `light blue` blue; None where it has none."""
    word = colour.lower().split()[-1] if colour else ""
    name = _NEAREST.get(word, word)
    return name if name in COLOURS else None


def _labels(path: Path) -> list[Label]:
    try:
        objects = json.loads(path.read_text())["objects"]
        labels = [label for thing in objects for label in _labels_of(thing)]
    except OSError as error:
        raise ConfigError(
            f"labels {path}: {error.strerror}; give the .json file that belongs to the clip"
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise ConfigError(
            f"labels {path}: not a label file ({reason}); it needs objects[].events[].t_s, event, side"
        ) from None
    return sorted(labels, key=lambda label: label.event.t_ns)


def _labels_of(thing: dict[str, Any]) -> list[Label]:
    given = [thing.get("colour", ""), *thing.get("colour_alt", ())]
    colours = [name for name in map(palette_name, given) if name is not None]
    name = Thing(colours[0] if colours else "", thing.get("kind", ""))
    return [
        Label(
            WorldEvent(round(e["t_s"] * 1e9), 0, _KINDS[e["event"]], name, side=e["side"]), frozenset(colours)
        )
        for e in thing["events"]
        if e["event"] in _KINDS and e["side"] not in _BORDERS_OF_TIME
    ]


def _names(
    said: Sequence[WorldEvent], known: Sequence[Label], pairs: Sequence[tuple[int, int]]
) -> dict[str, Any]:
    """Shares of the hits whose kind and whose colour are right."""
    things = [(said[n].thing, known[m]) for n, m in pairs]
    kinds = [(float(t.kind == k.event.thing.kind), 1.0) for t, k in things if t and k.event.thing]
    colours = [(float(t.colour in k.colours), 1.0) for t, k in things if t and k.colours]
    kind, colour = figure("kind_accuracy", kinds), figure("colour_accuracy", colours)
    return {
        "kind_accuracy": kind["kind_accuracy"],
        "kind_accuracy_ci": kind["ci"],
        "colour_accuracy": colour["colour_accuracy"],
        "colour_accuracy_ci": colour["ci"],
        "hits": len(pairs),
    }


def _units(score: Score) -> list[tuple[float, float]]:
    """Hits, false statements and missed events, each as its part of F1."""
    wrong = score.said + score.happened - 2 * score.hits
    return [(2.0, 2.0)] * score.hits + [(0.0, 1.0)] * wrong


def _f1_of(kind: WorldEventKind, said: Sequence[WorldEvent], happened: Sequence[WorldEvent]) -> float:
    told, true = ([e for e in events if e.kind is kind] for events in (said, happened))
    return round(compare(told, true, _kind, TOLERANCE_NS).f1, 4)


def _chance_f1(said: Sequence[WorldEvent], happened: Sequence[WorldEvent], num_draws: int = 200) -> float:
    """What the same statements reach at random times: with few events and many words it is not nothing."""
    end_ns = max((e.t_ns for e in (*said, *happened)), default=0)
    rng = np.random.default_rng(0)
    draws = [
        compare(
            [replace(e, t_ns=int(t)) for e, t in zip(said, times, strict=True)], happened, _kind, TOLERANCE_NS
        )
        for times in rng.uniform(0, end_ns, (num_draws, len(said)))
    ]
    return sum(score.f1 for score in draws) / num_draws


def _kind(event: WorldEvent) -> WorldEventKind:
    return event.kind
