"""The grammar of narration: one table of templates both writes sentences and reads them back.

A sentence names its camera first: `cam2: a red disc enters from the left`. One that a standing instruction asked for
begins with `alert`: `alert cam2: a person in blue enters through the door`. Words are separated by single blanks.
A model writes that mark last: whether a sentence was asked for is easier to say once it stands there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import numpy as np

from .events import COLOURS, DIRECTIONS, DOOR, KINDS, SIDES, SOUNDS, Thing, WorldEvent, WorldEventKind

MAX_CAMERAS = 4
ALERT = "alert"
REPLY = "reply:"  # how the answer to a question begins

TEMPLATES: dict[WorldEventKind, tuple[str, ...]] = {
    WorldEventKind.ENTER: (
        "a {thing} enters {side_in}",
        "a {thing} comes in {side_in}",
        "a {thing} appears {side_out}",
    ),
    WorldEventKind.LEAVE: (
        "the {thing} leaves {side_out}",
        "the {thing} goes out {side_out}",
        "the {thing} is gone {side_out}",
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

_COLOUR = "|".join(COLOURS)
_NAMED = "|".join(kind for kind in KINDS if kind != "person")
THING_PATTERN = f"(?:(?:{_COLOUR}) (?:{_NAMED})|person in (?:{_COLOUR}))"
_SLOTS = {
    "thing": THING_PATTERN,
    "other": THING_PATTERN,
    "side_in": f"from the (?:{'|'.join(SIDES)})|through the {DOOR}",
    "side_out": f"on the (?:{'|'.join(SIDES)})|through the {DOOR}",
    "direction": "|".join(DIRECTIONS),
    "colour": _COLOUR,
    "sound": "|".join(SOUNDS),
}


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence that was read back: the event it states, and whether a standing instruction asked for it."""

    event: WorldEvent
    is_alert: bool = False


def narrate(event: WorldEvent, rng: np.random.Generator | None = None, is_alert: bool = False) -> str:
    """The sentence for an event; `rng` picks among the paraphrases, without it the first is taken."""
    templates = TEMPLATES[event.kind]
    template = templates[int(rng.integers(len(templates)))] if rng is not None else templates[0]
    sentence = f"{camera_name(event.camera)} {template.format(**_slots(event))}"
    return f"{ALERT} {sentence}" if is_alert else sentence


def mark_last(sentence: str) -> str:
    """A sentence in the order in which a model writes it: an alert's mark at the end."""
    body = sentence.removeprefix(f"{ALERT} ")
    return sentence if body == sentence else f"{body} {ALERT}"


def mark_first(sentence: str) -> str:
    """What a model wrote as it is told: an alert's mark in front. The inverse of `mark_last`."""
    body = sentence.removesuffix(f" {ALERT}")
    return sentence if body == sentence else f"{ALERT} {body}"


def read_statement(sentence: str, t_ns: int = 0) -> Statement | None:
    """What a sentence states, or None where it is not of the grammar."""
    is_alert = sentence.startswith(f"{ALERT} ")
    event = parse(sentence.removeprefix(f"{ALERT} "), t_ns)
    return Statement(event, is_alert) if event is not None else None


def parse(sentence: str, t_ns: int = 0) -> WorldEvent | None:
    """The event that a sentence states, whether or not as an alert; None where it is not of the grammar."""
    head, separator, body = sentence.strip().removeprefix(f"{ALERT} ").partition(": ")
    if not separator or (head != "mic" and not re.fullmatch(rf"cam[1-{MAX_CAMERAS}]", head)):
        return None
    for kind, pattern in _patterns():
        found = pattern.fullmatch(body)
        if found and (head == "mic") == (kind is WorldEventKind.SOUND):
            return _event(t_ns, None if head == "mic" else int(head[3:]) - 1, kind, found.groupdict())
    return None


def vocabulary() -> tuple[str, ...]:
    """Every word that narration can write, sorted."""
    words = {
        ALERT,
        "mic:",
        *(camera_name(n) for n in range(MAX_CAMERAS)),
        "person",
        "in",
        "from",
        "on",
        "the",
    }
    words |= {"through", DOOR}
    for options in (COLOURS, KINDS, SIDES, DIRECTIONS, *(s.split() for s in SOUNDS)):
        words.update(options)
    for templates in TEMPLATES.values():
        for template in templates:
            words.update(word for word in template.split() if not word.startswith("{"))
    return tuple(sorted(words))


def content_words() -> frozenset[str]:
    """The words that decide whether a sentence is right: who, what colour, what kind, what sound.

    How an event is told is a choice among paraphrases, and by which side or where to is a detail.
    """
    cameras = (camera_name(n) for n in (None, *range(MAX_CAMERAS)))
    return frozenset({*cameras, *COLOURS, *KINDS, *(word for sound in SOUNDS for word in sound.split())})


def camera_name(camera: int | None) -> str:
    """How a sentence begins: `cam2:` for camera 1 (from 0), `mic:` for sound."""
    return "mic:" if camera is None else f"cam{camera + 1}:"


def thing_of(phrase: str) -> Thing:
    """`red disc` or `person in red` to the thing that it names."""
    first, *_, last = phrase.split()
    return Thing(last, first) if first == "person" else Thing(first, last)


def _slots(event: WorldEvent) -> dict[str, str]:
    values = {name: str(getattr(event, name)) for name in ("thing", "other", "direction", "colour", "sound")}
    through = "through the door"
    values["side_in"] = through if event.side == DOOR else f"from the {event.side}"
    values["side_out"] = through if event.side == DOOR else f"on the {event.side}"
    return values


@cache
def _patterns() -> tuple[tuple[WorldEventKind, re.Pattern[str]], ...]:
    return tuple(
        (kind, re.compile(re.sub(r"\{(\w+)\}", lambda m: f"(?P<{m[1]}>{_SLOTS[m[1]]})", template)))
        for kind, templates in TEMPLATES.items()
        for template in templates
    )


def _event(t_ns: int, camera: int | None, kind: WorldEventKind, slots: dict[str, str]) -> WorldEvent:
    things = {name: thing_of(slots[name]) for name in ("thing", "other") if name in slots}
    side = slots.get("side_in") or slots.get("side_out")
    return WorldEvent(
        t_ns,
        camera,
        kind,
        thing=things.get("thing"),
        other=things.get("other"),
        side=side.split()[-1] if side else None,
        direction=slots.get("direction"),
        colour=slots.get("colour"),
        sound=slots.get("sound"),
    )
