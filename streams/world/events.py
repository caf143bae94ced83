"""What can happen in StreamWorld, and the exact log of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

SHAPES = ("disc", "square", "triangle", "star", "ring", "cross")
COLOURS = ("red", "green", "blue", "yellow", "purple", "cyan", "white", "black")
SIDES = ("left", "right", "top", "bottom")
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
)


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
    shape: str

    def __str__(self) -> str:
        return f"{self.colour} {self.shape}"


@dataclass(frozen=True, slots=True)
class WorldEvent:
    """One line of the event log, made by the simulation; also what a sentence parses to."""

    t_ns: int
    camera: int | None  # from 0; None for a sound
    kind: WorldEventKind
    thing: Thing | None = None  # None for a sound
    side: str | None = None  # of ENTER and LEAVE: one of SIDES
    direction: str | None = None  # of GO: one of DIRECTIONS
    other: Thing | None = None  # of COLLIDE: what it hit
    colour: str | None = None  # of COLOUR: the new one
    sound: str | None = None  # of SOUND: one of SOUNDS
