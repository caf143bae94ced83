"""Automatic exposure: the gain swings when something bright or dark fills a part of the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...media import VIEW_HEIGHT, VIEW_WIDTH
from ..events import COLOURS, HAND
from .sight import Sight
from .types import Floats

_EVERY = 5  # steps between two measurements
_BRIGHTNESS = dict(zip(COLOURS, (0.4, 0.4, 0.35, 0.75, 0.35, 0.6, 1.0, 0.05, 0.5, 0.6, 0.3), strict=True))
_SCENE = 0.45  # brightness to which exposure settles


@dataclass(frozen=True, slots=True)
class Meter:
    """How a camera's exposure answers: how much, and how slowly."""

    strength: float
    delay_s: float


def draw_meter(rng: np.random.Generator) -> Meter:
    """Most cameras answer a little, some a lot."""
    return Meter(
        float(rng.choice([0.2, 0.7, 1.6], p=[0.35, 0.4, 0.25]) * rng.uniform(0.6, 1.3)),
        float(rng.uniform(0.3, 1.6)),
    )


def gain_of(sights: Sequence[Sight], meter: Meter, num_steps: int, step_hz: int) -> Floats:
    """Gain of the picture by step [num_steps + 1], 1 where nothing is in view."""
    moments = np.arange(0, num_steps + _EVERY, _EVERY)
    offset = np.zeros(len(moments))
    for sight in sights:
        first, last = -(-sight.start // _EVERY), -(-sight.end // _EVERY)
        local = moments[first:last] - sight.start
        area = np.clip(sight.side[local], 0, 120) ** 2 * sight.seen[local] / (VIEW_WIDTH * VIEW_HEIGHT)
        colour = "grey" if sight.cast.look.kind == HAND else sight.cast.look.colour
        offset[first:last] += 0.7 * area * (_BRIGHTNESS[colour] - _SCENE)
    keep = float(np.exp(-_EVERY / step_hz / meter.delay_s))
    slow, level = np.empty(len(offset)), float(offset[0])
    for k, value in enumerate(offset):
        level = keep * level + (1 - keep) * float(value)
        slow[k] = level
    gain = np.exp(-2.2 * meter.strength * np.clip(slow, -0.4, 0.4))
    return np.asarray(np.interp(np.arange(num_steps + 1), moments, gain))
