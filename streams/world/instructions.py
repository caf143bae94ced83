"""Standing instructions: `tell me when a person in blue enters cam3`. What they ask for is told as an alert."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from .events import COLOURS, KINDS, SOUNDS, Thing, WorldEvent, WorldEventKind
from .language import MAX_CAMERAS, THING_PATTERN, thing_of
from .phrases import Phrases

E = WorldEventKind
_VERBS = {E.ENTER: ("enters", "comes into"), E.LEAVE: ("leaves", "goes out of"), E.STOP: ("stops in",)}
_STARTS = ("tell me when", "alert me when", "let me know when")
_ANY = "any camera"
_SLOTS = {
    "what": f"a {THING_PATTERN}|a (?:{'|'.join(KINDS)})|something (?:{'|'.join(COLOURS)})|anything",
    "where": f"cam[1-{MAX_CAMERAS}]|{_ANY}",
    "sound": "|".join(SOUNDS),
}
_SIGHT = {
    kind: Phrases(tuple(f"{s} {{what}} {v} {{where}}" for s in _STARTS for v in verbs), _SLOTS)
    for kind, verbs in _VERBS.items()
}
_SOUND = Phrases(tuple(f"{start} you hear {{sound}}" for start in _STARTS), _SLOTS)


@dataclass(frozen=True, slots=True)
class Instruction:
    """What to be told of; what is None may be anything."""

    kind: WorldEventKind  # ENTER, LEAVE, STOP or SOUND
    camera: int | None = None
    noun: str | None = None
    colour: str | None = None
    sound: str | None = None

    def wants(self, event: WorldEvent) -> bool:
        """Whether an event is what was asked for."""
        if event.kind is not self.kind:
            return False
        if self.kind is E.SOUND:
            return event.sound == self.sound
        thing = event.thing
        return (
            thing is not None
            and self.camera in (None, event.camera)
            and self.noun in (None, thing.kind)
            and self.colour in (None, thing.colour)
        )


def instruct(instruction: Instruction, rng: np.random.Generator | None = None) -> str:
    """The instruction as a sentence; `rng` picks among the paraphrases."""
    if instruction.kind is E.SOUND:
        return _SOUND.write({"sound": str(instruction.sound)}, rng)
    where = _ANY if instruction.camera is None else f"cam{instruction.camera + 1}"
    return _SIGHT[instruction.kind].write({"what": _what(instruction), "where": where}, rng)


def read_instruction(sentence: str) -> Instruction | None:
    """The instruction that a sentence gives, or None where it is not of the grammar."""
    if slots := _SOUND.read(sentence):
        return Instruction(E.SOUND, sound=slots["sound"])
    for kind, phrases in _SIGHT.items():
        if slots := phrases.read(sentence):
            camera = None if slots["where"] == _ANY else int(slots["where"][3:]) - 1
            colour, noun = _colour_and_noun(slots["what"])
            return Instruction(kind, camera, noun, colour)
    return None


# How people put it, and how the grammar does; applied in turn.
_WORDINGS = tuple(
    (re.compile(pattern), plain)
    for pattern, plain in (
        (r"[\s.,;:!?]+", " "),
        (r"^ ?(?:please )?(.*?) ?$", r"\1"),
        (r"\bcam(?:era)? ?([1-9])\b", r"cam\1"),
        (r"\b(?:someone|somebody|anyone|anybody)\b", "a person"),
        (r"\b(?:man|woman|boy|girl|child|human)\b", "person"),
        (r"\bbike\b", "bicycle"),
        (r"\b(?:the|an|any|some)\b (?!camera)", "a "),
        (rf"\ba ({'|'.join(COLOURS)}) person\b", r"a person in \1"),
        (
            r"\b(?:comes|walks|drives|runs|gets) in(?:to)?\b|\bappears(?: in| on)?\b|\bshows up(?: in| on)?\b",
            "enters",
        ),
        (r"\b(?:goes|walks|drives|runs|gets) out(?: of)?\b|\bexits\b|\bdisappears(?: from)?\b", "leaves"),
        (r"\bstops(?: in| on| at)?\b", "stops in"),
        (r"\b(enters|leaves|stops in)$", rf"\1 {_ANY}"),
        (r"\byou hear an? ", "you hear "),
    )
)


def understand(text: str) -> Instruction | None:
    """The instruction that a person typed, in the grammar or near it; None for what it has no words for."""
    text = text.lower()
    for pattern, plain in _WORDINGS:
        text = pattern.sub(plain, text)
    return read_instruction(text)


def instruction_words() -> set[str]:
    """Every word of standing instructions."""
    words = {*KINDS, *COLOURS, "a", "something", "anything", "in", *_ANY.split()}
    words |= {f"cam{n + 1}" for n in range(MAX_CAMERAS)} | {w for s in SOUNDS for w in s.split()}
    return words.union(_SOUND.words(), *(phrases.words() for phrases in _SIGHT.values()))


def _what(instruction: Instruction) -> str:
    if instruction.noun and instruction.colour:
        return f"a {Thing(instruction.colour, instruction.noun)}"
    if instruction.noun:
        return f"a {instruction.noun}"
    return f"something {instruction.colour}" if instruction.colour else "anything"


def _colour_and_noun(what: str) -> tuple[str | None, str | None]:
    if what == "anything":
        return None, None
    first, rest = what.split(" ", 1)
    if first == "something":
        return rest, None
    if " " not in rest:
        return None, rest
    thing = thing_of(rest)
    return thing.colour, thing.kind
