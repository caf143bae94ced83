"""Things that are carried and put down: boxes before a chest, and what stands on tables and belts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..casting import Casting
from ..sites import (
    Draw,
)
from ..tracks import Track
from ..types import Look

_AHEAD_M, _HEIGHT_M = 0.42, 0.93  # of a box in two arms
_THINGS = ("bottle", "bottle", "cup", "cup", "box", "ball")
_SCALES = {"bottle": (0.85, 1.15), "cup": (0.9, 1.2), "box": (0.28, 0.5), "ball": (0.3, 0.6)}


def carry(draw: Draw, casting: Casting, carrier: tuple[int, Look], track: Track, step: int) -> None:
    """Put a box into the arms of someone who goes that way."""
    named = casting.name(("box",), step, draw.uniform(0.75, 1.1))
    if named is None:
        return
    ahead = _AHEAD_M * np.stack([np.cos(track.heading), np.sin(track.heading), np.zeros(len(track))], 1)
    height = np.array([0.0, 0.0, _HEIGHT_M * carrier[1].scale])
    way = Track(
        track.position + ahead + height, track.heading, track.is_moving, np.zeros(len(track), np.int8)
    )
    if casting.add(named, way, step) is not None:
        casting.carriers[named[0]] = carrier[0]


def small_thing(draw: Draw, casting: Casting, step: int) -> tuple[int, Look] | None:
    """A name for something that stands on tables and belts."""
    named = casting.name(_THINGS, step)
    if named is None:
        return None
    identity, look = named
    return identity, replace(look, scale=draw.uniform(*_SCALES[look.kind]))
