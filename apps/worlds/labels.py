"""The log of one rendered camera in the form of a label file for clips, and the truth behind its frames."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ...streams.world.events import HAND, WorldEvent, WorldEventKind
from ...streams.world.record import VISIBLE
from ...streams.world.speech import Utterance
from ...streams.world.stage import Sighting, mark
from ...streams.world.world import World
from .shots import NS_PER_S, Format, num_frames

_BORDERS = (WorldEventKind.ENTER, WorldEventKind.LEAVE)


def labels_of(world: World, camera: int, clip: str, form: Format) -> dict[str, Any]:
    """What happens before a camera (from 0), by thing, and what is heard.

    `agent score --clip FILE --labels FILE.json` reads it. A thing has one id in all cameras of a world. What is in
    view when the clip begins or ends has an `enter` from the side `start`, or an `exit` to the side `end`. Where
    somebody speaks there is `speech`: what is said from when to when, and of a question the answer that is true then.
    """
    last_ns = (num_frames(world.duration_s, form.fps) - 1) * NS_PER_S // form.fps
    labels = {
        "clip": clip,
        "duration_s": world.duration_s,
        "fps": form.fps,
        "width": form.width,
        "height": form.height,
        "world": {
            "seed": world.seed,
            "scene": world.scene,
            "camera": camera + 1,
            "cameras": world.num_cameras,
        },
        "objects": _objects(world, camera, last_ns),
        "sounds": [{"t_s": event.t_ns / 1e9, "sound": event.sound} for event in world.events if event.sound],
        "count_per_s": [len(_in_view(world, camera, s * NS_PER_S)) for s in range(last_ns // NS_PER_S + 1)],
    }
    return labels | ({"speech": [_speech(said) for said in world.speech]} if world.speech else {})


def _speech(said: Utterance) -> dict[str, Any]:
    answer = {} if said.answer is None else {"answer": said.answer}
    return {"t_s": said.t_ns / 1e9, "end_s": said.end_ns / 1e9, "text": said.text, **answer}


def _objects(world: World, camera: int, last_ns: int) -> list[dict[str, Any]]:
    lives: dict[int, list[WorldEvent]] = {}
    for event in world.events:
        if event.camera == camera and event.identity is not None and not _is_hand(event):
            lives.setdefault(event.identity, []).append(event)
    first, last = (_in_view(world, camera, t_ns) for t_ns in (0, last_ns))
    seen = sorted(lives.keys() | first.keys() | last.keys())
    return [
        _object(identity, lives.get(identity, []), first.get(identity), last.get(identity), last_ns)
        for identity in seen
    ]


def _object(
    identity: int, events: list[WorldEvent], first: Sighting | None, last: Sighting | None, last_ns: int
) -> dict[str, Any]:
    """One thing: its name when it was first seen, and all that it did."""
    names = [event.thing for event in events] + [seen.thing for seen in (first, last) if seen is not None]
    thing = next(name for name in names if name is not None)
    told = [_label(event) for event in events]
    crossings = [event.kind for event in events if event.kind in _BORDERS]
    if first is not None and crossings[:1] != [WorldEventKind.ENTER]:
        told.insert(0, {"t_s": 0.0, "event": "enter", "side": "start"})
    if last is not None and crossings[-1:] != [WorldEventKind.LEAVE]:
        told.append({"t_s": last_ns / 1e9, "event": "exit", "side": "end"})
    return {"id": identity, "kind": thing.kind, "colour": thing.colour, "events": told}


def _label(event: WorldEvent) -> dict[str, Any]:
    kind = "exit" if event.kind is WorldEventKind.LEAVE else event.kind.value
    extra = {"side": event.side, "direction": event.direction, "new_colour": event.colour}
    other = {"other": str(event.other)} if event.other else {}
    return {"t_s": event.t_ns / 1e9, "event": kind, **{k: v for k, v in extra.items() if v}, **other}


def _in_view(world: World, camera: int, t_ns: int) -> dict[int, Sighting]:
    """What can be seen well enough to be asked about, by id; no hands."""
    found = world.sightings(camera, t_ns)
    return {s.identity: s for s in found if s.share >= VISIBLE and s.thing.kind != HAND}


def _is_hand(event: WorldEvent) -> bool:
    return event.thing is not None and event.thing.kind == HAND


def name_of(sighting: Sighting) -> str:
    """What a thing is called in masks and on sheets; a hand has no colour that anybody would name."""
    return HAND if sighting.thing.kind == HAND else str(sighting.thing)


def to_text(labels: Mapping[str, Any]) -> str:
    """JSON that a person can read as well: an item of a list, such as an object with its events, is one line."""
    lines = [f"  {json.dumps(key)}: {_value(value)}" for key, value in labels.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _value(value: Any) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n" + ",\n".join(f"    {_line(item)}" for item in value) + "\n  ]"
    return _line(value)


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def marks_of(sightings: Iterable[Sighting]) -> dict[str, str]:
    """What the numbers in a mask stand for."""
    return {str(mark(s.identity)): name_of(s) for s in sightings}
