"""The controlled half of what can be heard: tones, counted beeps, knocks, noise; each is drawn afresh."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..media import SAMPLE_RATE_HZ
from .events import SOUNDS
from .signals import Floats, Wave, faded, num_samples, seconds_of

PLAIN_SOUNDS = SOUNDS[:8]  # all that flat worlds have
_COUNTS = {"two beeps": 2, "three beeps": 3, "four beeps": 4}
_PITCH_HZ = {"low tone": (200, 300), "middle tone": (520, 720), "high tone": (1300, 1800)}
_SETTLE_S = 0.3  # a group of beeps is over when its rhythm has stayed away this long


@dataclass(frozen=True, slots=True, eq=False)
class Voice:
    """One sound by itself, made for one place on a soundtrack."""

    samples: Wave  # [N]
    named_s: float  # after how many seconds of it a listener can name it
    is_lasting: bool = False  # can be named from any stretch of that length, not only from its beginning


def plain_voice(sound: str, rng: np.random.Generator) -> Voice:
    """One of `PLAIN_SOUNDS`."""
    if sound in _PITCH_HZ:
        return Voice(_tone(rng.uniform(*_PITCH_HZ[sound]), rng.uniform(0.5, 1.2), rng), 0.2)
    if sound in _COUNTS:
        return _group([_tone(rng.uniform(900, 1100), 0.11, rng)] * _COUNTS[sound], rng.uniform(0.12, 0.2))
    if sound == "knocking":
        return _group([_knock(rng) for _ in range(int(rng.integers(2, 5)))], rng.uniform(0.12, 0.25))
    return Voice(faded(rng.normal(0, 0.4, num_samples(rng.uniform(0.6, 1.4)))), 0.2)


def _group(parts: list[Wave], gap_s: float) -> Voice:
    gap = np.zeros(num_samples(gap_s), np.float32)
    wave = np.concatenate([piece for part in parts for piece in (part, gap)])
    return Voice(wave, len(wave) / SAMPLE_RATE_HZ - gap_s + _SETTLE_S)


def _tone(hz: float, seconds: float, rng: np.random.Generator) -> Wave:
    t = seconds_of(num_samples(seconds))
    overtones = rng.uniform(0, 0.25, 3)
    wave: Floats = np.sin(2 * np.pi * hz * t) + sum(
        a * np.sin(2 * np.pi * hz * (n + 2) * t) for n, a in enumerate(overtones)
    )
    return faded(wave * 0.7)


def _knock(rng: np.random.Generator) -> Wave:
    t = seconds_of(num_samples(0.08))
    thump = np.sin(2 * np.pi * rng.uniform(90, 180) * t) + 0.3 * rng.normal(0, 1, len(t))
    return np.asarray(thump * np.exp(-t / 0.018), np.float32)
