"""The grammar of narration: one table of templates both writes sentences and reads them back.

A sentence names its camera first: `cam2: a red disc enters from the left`. Words are separated by single blanks.
"""

from __future__ import annotations

import re
from functools import cache

import numpy as np

from .events import COLOURS, DIRECTIONS, SHAPES, SIDES, SOUNDS, Thing, WorldEvent, WorldEventKind

MAX_CAMERAS = 4

TEMPLATES: dict[WorldEventKind, tuple[str, ...]] = {
    WorldEventKind.ENTER: (
        "a {thing} enters from the {side}",
        "a {thing} comes in from the {side}",
        "a {thing} appears on the {side}",
    ),
    WorldEventKind.LEAVE: (
        "the {thing} leaves on the {side}",
        "the {thing} goes out on the {side}",
        "the {thing} is gone on the {side}",
    ),
    WorldEventKind.STOP: ("the {thing} stops", "the {thing} comes to rest", "the {thing} stands still"),
    WorldEventKind.GO: (
        "the {thing} starts moving {direction}",
        "the {thing} sets off {direction}",
        "the {thing} moves on {direction}",
    ),
    WorldEventKind.COLLIDE: ("the {thing} hits the {other}", "the {thing} bumps into the {other}"),
    WorldEventKind.COLOUR: ("the {thing} turns {colour}", "the {thing} changes to {colour}"),
    WorldEventKind.SOUND: ("i hear {sound}", "there is {sound}"),
}

_THING = f"(?:{'|'.join(COLOURS)}) (?:{'|'.join(SHAPES)})"
_SLOTS = {
    "thing": _THING,
    "other": _THING,
    "side": "|".join(SIDES),
    "direction": "|".join(DIRECTIONS),
    "colour": "|".join(COLOURS),
    "sound": "|".join(SOUNDS),
}


def narrate(event: WorldEvent, rng: np.random.Generator | None = None) -> str:
    """The sentence for an event; `rng` picks among the paraphrases, without it the first is taken."""
    templates = TEMPLATES[event.kind]
    template = templates[int(rng.integers(len(templates)))] if rng is not None else templates[0]
    place = "mic" if event.camera is None else f"cam{event.camera + 1}"
    slots = {name: getattr(event, name) for name in _SLOTS}
    return f"{place}: {template.format(**slots)}"


def parse(sentence: str, t_ns: int = 0) -> WorldEvent | None:
    """The event that a sentence states, or None where the sentence is not of the grammar."""
    head, separator, body = sentence.strip().partition(": ")
    if not separator or (head != "mic" and not re.fullmatch(rf"cam[1-{MAX_CAMERAS}]", head)):
        return None
    for kind, pattern in _patterns():
        found = pattern.fullmatch(body)
        if found and (head == "mic") == (kind is WorldEventKind.SOUND):
            return _event(t_ns, None if head == "mic" else int(head[3:]) - 1, kind, found.groupdict())
    return None


def vocabulary() -> tuple[str, ...]:
    """Every word that the grammar can write, sorted: the text head's words."""
    words = {"mic:", *(f"cam{n + 1}:" for n in range(MAX_CAMERAS))}
    for options in (COLOURS, SHAPES, SIDES, DIRECTIONS, *(s.split() for s in SOUNDS)):
        words.update(options)
    for templates in TEMPLATES.values():
        for template in templates:
            words.update(word for word in template.split() if not word.startswith("{"))
    return tuple(sorted(words))


@cache
def _patterns() -> tuple[tuple[WorldEventKind, re.Pattern[str]], ...]:
    return tuple(
        (kind, re.compile(re.sub(r"\{(\w+)\}", lambda m: f"(?P<{m[1]}>{_SLOTS[m[1]]})", template)))
        for kind, templates in TEMPLATES.items()
        for template in templates
    )


def _event(t_ns: int, camera: int | None, kind: WorldEventKind, slots: dict[str, str]) -> WorldEvent:
    things = {name: Thing(*slots[name].split()) for name in ("thing", "other") if name in slots}
    rest = {name: slots[name] for name in ("side", "direction", "colour", "sound") if name in slots}
    return WorldEvent(t_ns, camera, kind, thing=things.get("thing"), other=things.get("other"), **rest)
