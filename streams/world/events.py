"""What can happen in StreamWorld, and the exact log of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

SHAPES = ("disc", "square", "triangle", "star", "ring", "cross")
THINGS = ("person", "car", "van", "bicycle", "dog", "cat", "box", "bottle", "ball", "cup")
KINDS = SHAPES + THINGS  # what a sentence can name
HAND = "hand"  # what carries things into view: seen, never named
LABELS = (*KINDS, HAND)  # what the encoder tells apart
COLOURS = (
    "red",
    "green",
    "blue",
    "yellow",
    "purple",
    "cyan",
    "white",
    "black",
    "grey",
    "orange",
    "brown",
)
SHAPE_COLOURS = COLOURS[:8]  # the ones of flat shapes: they stand out from any room
SIDES = ("left", "right", "top", "bottom")
DOOR = "door"
WAYS = (*SIDES, DOOR)  # how a thing comes into view and goes out of it
DIRECTIONS = ("left", "right", "up", "down")
SOUNDS = (
    "low tone",
    "middle tone",
    "high tone",
    "two beeps",
    "three beeps",
    "four beeps",
    "knocking",
    "noise",
    "footsteps",
    "engine",
    "bell",
    "crash",
    "barking",
)
AMBIENT = ("hum", "rain", "street")  # heard, never told


class WorldEventKind(StrEnum):
    """The kinds of event in the log."""

    ENTER = "enter"
    LEAVE = "leave"
    STOP = "stop"
    GO = "go"
    COLLIDE = "collide"
    COLOUR = "colour"
    SOUND = "sound"


@dataclass(frozen=True, slots=True)
class Thing:
    """An object as a sentence names it."""

    colour: str
    kind: str

    def __str__(self) -> str:
        return f"{self.kind} in {self.colour}" if self.kind == "person" else f"{self.colour} {self.kind}"


@dataclass(frozen=True, slots=True)
class WorldEvent:
    """One line of the event log, made by the simulation; also what a sentence parses to."""

    t_ns: int
    camera: int | None  # from 0; None for a sound
    kind: WorldEventKind
    thing: Thing | None = None  # None for a sound
    side: str | None = None  # of ENTER and LEAVE: one of WAYS
    direction: str | None = None  # of GO: one of DIRECTIONS
    other: Thing | None = None  # of COLLIDE: what it hit
    colour: str | None = None  # of COLOUR: the new one
    sound: str | None = None  # of SOUND: one of SOUNDS
    identity: int | None = None  # of the thing, the same in all cameras; None where a sentence was parsed

    def at(self, camera: int | None) -> WorldEvent:
        """The same event, seen by another camera."""
        return replace(self, camera=camera)


_UNSEEN_THINGS = (
    ("cyan", "person"),
    ("purple", "car"),
    ("orange", "van"),
    ("brown", "bicycle"),
    ("white", "dog"),
    ("orange", "cat"),
    ("purple", "box"),
    ("red", "bottle"),
    ("cyan", "ball"),
    ("green", "cup"),
)
# Pairs of kind and colour that no training world contains: one of each thing, one or two of each shape.
UNSEEN = frozenset(
    {Thing(colour, SHAPES[n % len(SHAPES)]) for n, colour in enumerate(SHAPE_COLOURS)}
    | {Thing(*pair) for pair in _UNSEEN_THINGS}
)


def nameable(kinds: tuple[str, ...], colours: tuple[str, ...], unseen: bool = False) -> tuple[Thing, ...]:
    """All pairs of these kinds and colours: those that training may contain, or those that it never does."""
    pairs = (Thing(colour, kind) for kind in kinds for colour in colours)
    return tuple(thing for thing in pairs if (thing in UNSEEN) == unseen)
