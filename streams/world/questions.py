"""Questions about a world, with true answers, drawn so that guessing without looking is chance.

`live` questions are about this moment, `memory` ones about what is over (their delay is the age of the event that
decides), `identity` ones about a thing seen by two cameras, `sound` ones about what was heard.
The three tasks follow RIVER Bench (arXiv 2603.03985).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from .events import COLOURS, DOOR, KINDS, SIDES, SOUNDS, Thing
from .language import MAX_CAMERAS, THING_PATTERN, thing_of
from .language import REPLY as REPLY
from .phrases import Phrases

NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
PLACES = ("left", "middle", "right")
PLURALS = {kind: f"{kind}s" for kind in KINDS} | {
    "person": "people",
    "cross": "crosses",
    "box": "boxes",
}


class QuestionKind(StrEnum):
    """What can be asked."""

    PRESENT = "present"
    COLOUR = "colour"
    COUNT = "count"
    WHICH = "which"
    MOVING = "moving"
    WHERE = "where"
    LAST_IN = "last_in"
    LAST_OUT = "last_out"
    WAS = "was"
    WAY_OUT = "way_out"
    FORMER_COLOUR = "former_colour"
    WHICH_WAS = "which_was"
    FROM = "from"
    HEARD = "heard"
    BEFORE_SOUND = "before_sound"


K = QuestionKind
FAMILIES: dict[str, tuple[QuestionKind, ...]] = {
    "live": (K.PRESENT, K.COLOUR, K.COUNT, K.WHICH, K.MOVING, K.WHERE),
    "memory": (K.LAST_IN, K.LAST_OUT, K.WAS, K.WAY_OUT, K.FORMER_COLOUR, K.WHICH_WAS),
    "identity": (K.FROM,),
    "sound": (K.HEARD, K.BEFORE_SOUND),
}

_SLOTS = {
    "thing": THING_PATTERN,
    "camera": f"cam[1-{MAX_CAMERAS}]",
    "kind": "|".join(KINDS),
    "plural": "|".join(("things", *PLURALS.values())),
    "sound": "|".join(SOUNDS),
}


def _phrases(*templates: str) -> Phrases:
    return Phrases(templates, _SLOTS)


PHRASES: dict[QuestionKind, Phrases] = {
    K.PRESENT: _phrases(
        "is there a {thing} in {camera}",
        "can you see a {thing} in {camera}",
        "do you see a {thing} in {camera}",
    ),
    K.COLOUR: _phrases("what colour is the {kind} in {camera}", "which colour has the {kind} in {camera}"),
    K.COUNT: _phrases("how many {plural} are in {camera}", "how many {plural} can you see in {camera}"),
    K.WHICH: _phrases("which camera shows a {thing}", "where can you see a {thing}"),
    K.MOVING: _phrases("is the {thing} in {camera} moving", "does the {thing} in {camera} move"),
    K.WHERE: _phrases("where is the {thing} in {camera}", "at which place is the {thing} in {camera}"),
    K.LAST_IN: _phrases("what came into {camera} last", "what was the last thing to enter {camera}"),
    K.LAST_OUT: _phrases("what left {camera} last", "what was the last thing to leave {camera}"),
    K.WAS: _phrases("was there a {thing} in {camera}", "did you see a {thing} in {camera} before"),
    K.WAY_OUT: _phrases("where did the {thing} leave {camera}", "which way did the {thing} leave {camera}"),
    K.FORMER_COLOUR: _phrases(
        "what colour was the {kind} that left {camera}", "which colour had the {kind} that left {camera}"
    ),
    K.WHICH_WAS: _phrases("which camera saw a {thing}", "where did you see a {thing}"),
    K.FROM: _phrases(
        "where was the {thing} in {camera} before", "which camera saw the {thing} in {camera} before"
    ),
    K.HEARD: _phrases("what did you hear last", "what was the last sound"),
    K.BEFORE_SOUND: _phrases(
        "what came into {camera} before the last {sound}", "what entered {camera} before the last {sound}"
    ),
}


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked; only the fields that its kind needs are set."""

    kind: QuestionKind
    camera: int | None = None
    thing: Thing | None = None
    noun: str | None = None  # a kind, or in COUNT also None for all things
    sound: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A question at a tick, and its true answer; `about_ns` is the time of the event that decides it."""

    question: Question
    tick: int
    answer: str
    about_ns: int


def ask(question: Question, rng: np.random.Generator | None = None) -> str:
    """The question as a sentence; `rng` picks among the paraphrases."""
    values = {
        "thing": str(question.thing),
        "camera": f"cam{(question.camera or 0) + 1}",
        "kind": str(question.noun),
        "plural": PLURALS.get(question.noun or "", "things"),
        "sound": str(question.sound),
    }
    return PHRASES[question.kind].write(values, rng)


def read_question(sentence: str) -> Question | None:
    """The question that a sentence asks, or None where it is not of the grammar."""
    for kind, phrases in PHRASES.items():
        slots = phrases.read(sentence)
        if slots is not None:
            nouns = {plural: noun for noun, plural in PLURALS.items()}
            return Question(
                kind,
                camera=int(slots["camera"][3:]) - 1 if "camera" in slots else None,
                thing=thing_of(slots["thing"]) if "thing" in slots else None,
                noun=slots.get("kind") or nouns.get(slots.get("plural", "")),
                sound=slots.get("sound"),
            )
    return None


def question_words() -> set[str]:
    """Every word of questions and replies."""
    words = {
        REPLY,
        *NUMBERS,
        *PLACES,
        *SIDES,
        DOOR,
        "yes",
        "no",
        "things",
        *PLURALS.values(),
        *KINDS,
        *COLOURS,
    }
    words |= {f"cam{n + 1}" for n in range(MAX_CAMERAS)} | {w for s in SOUNDS for w in s.split()}
    return words.union(*(phrases.words() for phrases in PHRASES.values()))
