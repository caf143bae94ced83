"""What every kind of world offers: pictures with masks, the truth behind them, the log, and what is to be heard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..media import VIEW_HEIGHT, VIEW_WIDTH
from .events import Thing, WorldEvent

NATIVE_ZOOM = 4  # a rendered camera's own resolution is this many times the view: 640 x 384


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a camera's view that a picture shows: a pixel is ((x, y) of the view - corner) * zoom."""

    x: float = 0.0  # upper left corner, in pixels of the view (160 x 96)
    y: float = 0.0
    zoom: float = 1.0
    width: int = VIEW_WIDTH  # of the picture, in its own pixels
    height: int = VIEW_HEIGHT


GLANCE = Window()
NATIVE = Window(zoom=NATIVE_ZOOM, width=VIEW_WIDTH * NATIVE_ZOOM, height=VIEW_HEIGHT * NATIVE_ZOOM)


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One rendered frame of one camera, with its truth."""

    pixels: NDArray[np.uint8]  # [H, W, 3] RGB
    identities: NDArray[np.uint8]  # [H, W]: `mark` of the thing seen at each pixel, 0 for background


def mark(identity: int) -> int:
    """How an identity stands in a mask of bytes: 1 to 255."""
    return (identity - 1) % 255 + 1


@dataclass(frozen=True, slots=True)
class Sighting:
    """One thing in one camera's view at one moment, whether or not something hides it."""

    identity: int  # as in the masks and in the log; the same in all cameras of a stage
    thing: Thing  # as a sentence would name it now; kind may be "hand", which no sentence names
    x: float  # middle of its outline, in pixels of the view
    y: float
    side: float  # square root of the area of its bounding box, in pixels of the view
    share: float  # of it that can be seen: inside the picture and not hidden, 0..1
    is_moving: bool


@dataclass(frozen=True, slots=True)
class SoundCue:
    """Something that makes a sound: an event or a thing on its way."""

    t_ns: int
    sound: str  # one of events.SOUNDS or events.AMBIENT
    duration_s: float = 0.0  # of what lasts, such as an engine; 0: as long as the sound is
    loudness: float = 1.0  # falls with the distance to the microphone
    is_told: bool = True  # whether the log has an event for it: noises of the background are not told


class Stage(Protocol):
    """A simulated scene seen by one to four cameras. Calls in any order give the same pictures."""

    events: tuple[WorldEvent, ...]  # what the cameras could see happen, in order of time; no sounds
    cues: tuple[SoundCue, ...]
    bit_rate: tuple[float, float]  # range for H.264 at 160 x 96, bits a second
    h264_share: float  # of streams that go through a real encoder

    def picture(self, camera: int, t_ns: int, window: Window = GLANCE) -> Picture:
        """What a camera (from 0) sees."""
        ...

    def sightings(self, camera: int, t_ns: int) -> list[Sighting]:
        """What is in a camera's view, by identity."""
        ...
