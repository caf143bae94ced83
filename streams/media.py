"""The media that travel from sources to the model: small frozen values, time in integer nanoseconds.

`t_ns` is always on the session clock: the capture time where the source knows it, else the arrival.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE_HZ = 16_000
VIEW_WIDTH, VIEW_HEIGHT = 160, 96  # the whole view that perception reads, in pixels
MIN_NATIVE_ZOOM = 1.5  # a picture with fewer pixels than this times the view, either way, has no more to show


class NativePicture(Protocol):
    """A camera's picture in its own pixels, converted only where somebody looks."""

    @property
    def max_zoom(self) -> float:
        """Times the view that its own pixels are, the lesser of both ways; at least `MIN_NATIVE_ZOOM`."""
        ...

    def crop(self, x: float, y: float, zoom: float) -> NDArray[np.uint8]:
        """A part of the picture, scaled to the size of the view, RGB [VIEW_HEIGHT, VIEW_WIDTH, 3].

        (x, y) is its upper left corner in pixels of the view, and it is a `zoom`th of the view's width and height;
        what lies outside the picture is moved in.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class VideoFrame:
    """One picture of one camera, made by a source."""

    source: str
    t_ns: int
    pixels: NDArray[np.uint8]  # [H, W, 3] RGB, scaled by the source to the view it was asked for
    change: float | None = None  # novelty hint from packet sizes, 0..1; None where the source has no packets
    index: int = 0  # running number of the decoded frame at its source, from 0
    native: NativePicture | None = None  # None where the source has hardly more pixels than the view


@dataclass(frozen=True, slots=True, eq=False)
class AudioChunk:
    """Consecutive mono samples at 16 kHz, made by a source; `t_ns` is the time of the first sample."""

    source: str
    t_ns: int
    samples: NDArray[np.float32]  # [N] in -1..1


@dataclass(frozen=True, slots=True)
class TextInput:
    """A line that a person or a program typed, made by a door."""

    source: str
    t_ns: int
    text: str


class EventKind(StrEnum):
    """What can happen to a source while it runs."""

    OPENED = "opened"
    ENDED = "ended"
    BROKEN = "broken"
    SILENT = "silent"
    RESUMED = "resumed"
    RESIZED = "resized"
    RATE_CHANGED = "rate_changed"


@dataclass(frozen=True, slots=True)
class SourceEvent:
    """Something happened to a source; `detail` is one line for a person."""

    source: str
    t_ns: int
    kind: EventKind
    detail: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Inputs:
    """All that one tick looks at, made by the inbox: newest frame per camera, all audio and text since the last tick."""

    t_ns: int  # the time of the tick
    frames: Mapping[str, VideoFrame] = field(
        default_factory=dict
    )  # by camera; a camera without news is absent
    audio: Mapping[str, Sequence[AudioChunk]] = field(default_factory=dict)  # by source, in order
    texts: Sequence[TextInput] = ()
    events: Sequence[SourceEvent] = ()
