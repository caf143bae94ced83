"""The sound of a world: tones, counted beeps, knocks, noise, over a hiss; with its part of the event log."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..media import SAMPLE_RATE_HZ
from .events import SOUNDS, WorldEvent, WorldEventKind
from .recipes import Recipe

_COUNTS = {"two beeps": 2, "three beeps": 3, "four beeps": 4}
_PITCH_HZ = {"low tone": (200, 300), "middle tone": (520, 720), "high tone": (1300, 1800)}
_SETTLE_S = 0.3  # a group of beeps is over when its rhythm has stayed away this long


@dataclass(frozen=True, slots=True)
class Soundtrack:
    """A whole world's sound: `samples` [N] float32 at 16 kHz, and the events in it."""

    samples: NDArray[np.float32]
    events: tuple[WorldEvent, ...]


def make_soundtrack(recipe: Recipe, duration_s: float, rng: np.random.Generator) -> Soundtrack:
    """Sounds one after another with pauses; a third of the worlds have none but their hiss."""
    samples = rng.normal(0, rng.uniform(*recipe.hiss), round(duration_s * SAMPLE_RATE_HZ)).astype(np.float32)
    events: list[WorldEvent] = []
    silent = rng.random() < 0.3
    t_s = float(rng.exponential(0.5 / recipe.sounds_per_s))
    while t_s < duration_s - 2.5 and not silent:
        sound = str(rng.choice(SOUNDS))
        wave, heard_s = _wave(sound, rng)
        start = round(t_s * SAMPLE_RATE_HZ)
        wave = wave[: len(samples) - start] * np.float32(rng.uniform(0.08, 0.5))
        samples[start : start + len(wave)] += wave
        events.append(WorldEvent(round((t_s + heard_s) * 1e9), None, WorldEventKind.SOUND, sound=sound))
        t_s += len(wave) / SAMPLE_RATE_HZ + 0.8 + float(rng.exponential(1 / recipe.sounds_per_s))
    return Soundtrack(np.clip(samples, -1, 1), tuple(events))


def _wave(sound: str, rng: np.random.Generator) -> tuple[NDArray[np.float32], float]:
    """Samples of one sound, and after how many seconds a listener can name it."""
    if sound in _PITCH_HZ:
        return _tone(rng.uniform(*_PITCH_HZ[sound]), rng.uniform(0.5, 1.2), rng), 0.2
    if sound in _COUNTS:
        return _group([_tone(rng.uniform(900, 1100), 0.11, rng)] * _COUNTS[sound], rng.uniform(0.12, 0.2))
    if sound == "knocking":
        return _group([_knock(rng) for _ in range(int(rng.integers(2, 5)))], rng.uniform(0.12, 0.25))
    length = round(rng.uniform(0.6, 1.4) * SAMPLE_RATE_HZ)
    return _fade(rng.normal(0, 0.4, length)), 0.2


def _group(parts: list[NDArray[np.float32]], gap_s: float) -> tuple[NDArray[np.float32], float]:
    gap = np.zeros(round(gap_s * SAMPLE_RATE_HZ), np.float32)
    wave = np.concatenate([piece for part in parts for piece in (part, gap)])
    return wave, len(wave) / SAMPLE_RATE_HZ - gap_s + _SETTLE_S


def _tone(hz: float, seconds: float, rng: np.random.Generator) -> NDArray[np.float32]:
    t = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    overtones = rng.uniform(0, 0.25, 3)
    wave = np.sin(2 * np.pi * hz * t) + sum(
        a * np.sin(2 * np.pi * hz * (n + 2) * t) for n, a in enumerate(overtones)
    )
    return _fade(wave * 0.7)


def _knock(rng: np.random.Generator) -> NDArray[np.float32]:
    t = np.arange(round(0.08 * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    thump = np.sin(2 * np.pi * rng.uniform(90, 180) * t) + 0.3 * rng.normal(0, 1, len(t))
    return np.asarray(thump * np.exp(-t / 0.018), np.float32)


def _fade(wave: NDArray[np.float64]) -> NDArray[np.float32]:
    edge = min(len(wave) // 2, 160)
    ramp = np.ones(len(wave))
    ramp[:edge] = np.linspace(0, 1, edge)
    ramp[-edge:] = np.linspace(1, 0, edge)
    return np.asarray(wave * ramp, np.float32)
