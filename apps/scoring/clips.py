"""Labelled real clips: what enters and leaves, whatever it is called."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import ConfigError
from ...generation.narrator import Narrator
from ...streams.world.events import WorldEvent, WorldEventKind
from ...streams.world.language import parse
from .matching import Score, compare

TOLERANCE_NS = 1_000_000_000
_KINDS = {"enter": WorldEventKind.ENTER, "exit": WorldEventKind.LEAVE, "leave": WorldEventKind.LEAVE}
_BORDERS_OF_TIME = ("start", "end")  # what is there when the clip begins or ends has not come or gone

Play = Callable[[Narrator, Path], Sequence[tuple[int, str]]]  # a clip to (t_ns, sentence), in order


def read_labels(path: Path) -> list[WorldEvent]:
    """The `enter` and `exit` events of a label file, in order of time. Raises ConfigError for one of another form."""
    try:
        objects = json.loads(path.read_text())["objects"]
        events = [
            WorldEvent(round(event["t_s"] * 1e9), 0, _KINDS[event["event"]], side=event["side"])
            for thing in objects
            for event in thing["events"]
            if event["event"] in _KINDS and event["side"] not in _BORDERS_OF_TIME
        ]
    except OSError as error:
        raise ConfigError(
            f"labels {path}: {error.strerror}; give the .json file that belongs to the clip"
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise ConfigError(
            f"labels {path}: not a label file ({reason}); it needs objects[].events[].t_s, event, side"
        ) from None
    return sorted(events, key=lambda e: e.t_ns)


def score_clip(narrator: Narrator, clip: Path, labels: Path, play: Play) -> dict[str, Any]:
    """F1 of `enter` and `leave` within 1 s; side, colour and kind of thing are not asked for."""
    happened = read_labels(labels)
    sentences = play(narrator, clip)
    events = [parse(text, t_ns) for t_ns, text in sentences]
    said = [e for e in events if e is not None and e.kind in (WorldEventKind.ENTER, WorldEventKind.LEAVE)]
    parts = {
        kind.value: compare(
            [e for e in said if e.kind is kind], [e for e in happened if e.kind is kind], _kind, TOLERANCE_NS
        )
        for kind in (WorldEventKind.ENTER, WorldEventKind.LEAVE)
    }
    total = sum(parts.values(), Score())
    return {
        "f1": round(total.f1, 4),
        "precision": round(total.precision, 4),
        "recall": round(total.recall, 4),
        "events": total.happened,
        "said": total.said,
        "kinds": {name: round(score.f1, 4) for name, score in parts.items()},
        "chance_f1": round(_chance_f1(said, happened), 4),
        "sentences": [{"t_s": round(t_ns / 1e9, 2), "text": text} for t_ns, text in sentences],
    }


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


def clips_in(folder: Path) -> list[tuple[Path, Path]]:
    """Pairs of clip and labels: `name.mp4` beside `name.json`."""
    return [
        (clip, clip.with_suffix(".json"))
        for clip in sorted(folder.glob("*.mp4"))
        if clip.with_suffix(".json").exists()
    ]


def _kind(event: WorldEvent) -> WorldEventKind:
    return event.kind
