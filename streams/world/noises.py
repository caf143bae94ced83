"""Sounds that things make: footsteps, an engine, a bell, a crash, barking. No two of them are alike."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..media import SAMPLE_RATE_HZ
from .signals import (
    Floats,
    Wave,
    band_noise,
    drift,
    faded,
    filtered,
    harmonics,
    log_uniform,
    num_samples,
    seconds_of,
)
from .voices import PLAIN_SOUNDS, Voice, plain_voice

_NAMED_AFTER_STEPS = 4  # fewer steps might be knocks
_HARMONICS = 64  # of an engine's slowest cycle


def voice(sound: str, duration_s: float, rng: np.random.Generator) -> Voice:
    """One of `SOUNDS`; what lasts (footsteps, engine, barking) lasts `duration_s`, or as it likes where that is 0."""
    if sound in PLAIN_SOUNDS:
        return plain_voice(sound, rng)
    return _NOISES[sound](duration_s, rng)


def _footsteps(duration_s: float, rng: np.random.Generator) -> Voice:
    """Thuds with grit; shoes and ground are drawn once, the left foot differs a little from the right."""
    period_s = 1 / rng.uniform(2, 4)
    num_steps = max(_NAMED_AFTER_STEPS + 1, round((duration_s or rng.uniform(2, 4.5)) / period_s))
    thud_hz, grit, click = rng.uniform(65, 120), log_uniform(0.05, 0.5, rng), rng.uniform(0, 0.25)
    grit_band = rng.uniform(300, 900), rng.uniform(1500, 4500)
    at = (np.arange(num_steps) + rng.uniform(-0.06, 0.06, num_steps)) * period_s + 0.03
    wave = np.zeros(num_samples(at[-1] + 0.3), np.float32)
    feet = rng.uniform(0.85, 1.15, 2)
    for n, start_s in enumerate(at):
        step = _step(thud_hz * feet[n % 2], grit, click, grit_band, rng) * rng.uniform(0.7, 1)
        start = num_samples(start_s)
        wave[start : start + len(step)] += step
    return Voice(wave, float(at[_NAMED_AFTER_STEPS - 1]) + 0.1, is_lasting=True)


def _step(
    thud_hz: float, grit: float, click: float, grit_band: tuple[float, float], rng: np.random.Generator
) -> Wave:
    """A heel that thuds and clicks, then a sole that grinds."""
    t = seconds_of(num_samples(0.22))
    thud = np.sin(2 * np.pi * thud_hz * t * (1 - 0.8 * t)) * np.exp(-t / rng.uniform(0.02, 0.045))
    tick = band_noise(len(t), 1500, 3500, rng) * np.exp(-t / 0.004)
    late = np.clip(t - rng.uniform(0.02, 0.08), 0, None)
    sole = band_noise(len(t), *grit_band, rng) * late * np.exp(-late / rng.uniform(0.015, 0.035)) * 60
    return faded(thud + click * tick + grit * sole, 0.002, 0.03)


def _engine(duration_s: float, rng: np.random.Generator) -> Voice:
    """A vehicle that passes, swells and falls in pitch, or one that starts and idles."""
    length = num_samples(max(1.6, duration_s or rng.uniform(2.5, 6)))
    t = seconds_of(length)
    if rng.random() < 0.6 and t[-1] < 15:
        middle, width = t[-1] * rng.uniform(0.4, 0.6), t[-1] * rng.uniform(0.1, 0.22)
        level = 1 / (1 + ((t - middle) / width) ** 2)
        pitch = rng.uniform(35, 110) * (1 - rng.uniform(0.02, 0.08) * np.tanh((t - middle) / width))
        road = rng.uniform(0.15, 0.6)
    else:
        level = np.ones(length)
        pitch = rng.uniform(22, 60) * (1 + rng.uniform(0, 0.5) * np.exp(-t / rng.uniform(0.3, 0.8)))
        road = rng.uniform(0.03, 0.2)
    cycles = np.cumsum(pitch * (1 + 0.02 * drift(length, 0.3, rng))) / SAMPLE_RATE_HZ
    wave = harmonics(cycles / 4, _cylinders(rng), rng) * (1 + 0.15 * drift(length, 0.03, rng))
    wave = wave / (np.std(wave) + 1e-9) + road * band_noise(length, 150, rng.uniform(900, 2500), rng)
    return Voice(faded(wave * level, rng.uniform(0.1, 0.4), 0.4), 0.8, is_lasting=True)


def _cylinders(rng: np.random.Generator) -> Floats:
    """Loudness of the overtones of a cycle of four strokes: every fourth is a firing, the rest is unevenness."""
    number = np.arange(1, _HARMONICS + 1)
    uneven = np.where(number % 4 == 0, 1.0, rng.uniform(0.05, 0.4))
    body = 1 + 2 * np.exp(-(((number - rng.uniform(6, 30)) / rng.uniform(3, 10)) ** 2))
    slope = (number / 4.0) ** -rng.uniform(0.5, 1.2)
    return np.asarray(uneven * body * slope * rng.lognormal(0, 0.4, _HARMONICS))


def _bell(duration_s: float, rng: np.random.Generator) -> Voice:
    """One stroke, ding-dong, or a hammer that keeps striking."""
    hz, decay_s = log_uniform(550, 2300, rng), rng.uniform(0.25, 0.8)
    partials = np.array([1, rng.uniform(2.1, 2.9), rng.uniform(4.2, 5.6)])
    if hz * partials[2] > 7500:
        partials = partials[:2]
    kind = rng.choice(["stroke", "ding-dong", "hammer"])
    if kind == "stroke":
        return Voice(_stroke(hz, partials, decay_s, rng), 0.5)
    if kind == "ding-dong":
        gap_s = rng.uniform(0.3, 0.6)
        second = _stroke(hz * rng.uniform(0.74, 0.86), partials, decay_s, rng)
        return Voice(_struck([_stroke(hz, partials, decay_s, rng), second], gap_s), gap_s + 0.3)
    gap_s = 1 / rng.uniform(11, 20)
    strokes = [_stroke(hz, partials, 0.15, rng)] * max(10, int((duration_s or rng.uniform(0.8, 2)) / gap_s))
    return Voice(_struck(strokes, gap_s), 0.5)


def _stroke(hz: float, partials: Floats, decay_s: float, rng: np.random.Generator) -> Wave:
    t = seconds_of(num_samples(min(4 * decay_s, 2.0)))
    wave = np.zeros(len(t))
    for n, ratio in enumerate(partials):
        beat = 1 + 0.2 * np.sin(2 * np.pi * rng.uniform(1, 7) * t + rng.uniform(0, 6.28))
        shade = np.sin(2 * np.pi * hz * ratio * t) * np.exp(-t / (decay_s * 0.6**n)) * beat
        wave += shade * (1.0 if n == 0 else rng.uniform(0.2, 0.7) / n)
    return faded(wave, 0.002, 0.05)


def _struck(strokes: list[Wave], gap_s: float) -> Wave:
    wave = np.zeros(num_samples(gap_s * (len(strokes) - 1)) + len(strokes[-1]) + len(strokes[0]), np.float32)
    for n, stroke in enumerate(strokes):
        start = num_samples(n * gap_s)
        wave[start : start + len(stroke)] += stroke
    return wave


def _crash(duration_s: float, rng: np.random.Generator) -> Voice:
    """A burst, what it set ringing, and what falls down after it."""
    t = seconds_of(num_samples(rng.uniform(0.8, 1.6)))
    wave = band_noise(len(t), rng.uniform(60, 250), rng.uniform(2500, 6500), rng)
    wave *= np.exp(-t / log_uniform(0.05, 0.2, rng))
    for _ in range(int(rng.integers(4, 9))):
        ring = np.sin(2 * np.pi * log_uniform(130, 3500, rng) * t + rng.uniform(0, 6.28))
        wave += rng.uniform(0.2, 0.8) * ring * np.exp(-t / log_uniform(0.04, 0.25, rng))
    for start_s in rng.uniform(0.12, 0.7, int(rng.integers(2, 9))):
        late = np.clip(t - start_s, 0, None)
        shard = band_noise(len(t), rng.uniform(500, 2000), 6500, rng) * (late > 0)
        wave += rng.uniform(0.1, 0.5) * shard * np.exp(-late / rng.uniform(0.01, 0.04))
    return Voice(faded(wave, 0.001, 0.05), 0.4)


def _barking(duration_s: float, rng: np.random.Generator) -> Voice:
    """Yelps of one dog: the smaller it is, the higher its pitch and its formants."""
    hz, gap_s = log_uniform(260, 900, rng), rng.uniform(0.12, 0.4)
    size = (500 / hz) ** 0.3
    formants = rng.uniform(550, 1000) / size, rng.uniform(1500, 2500) / size
    yelp_s = rng.uniform(0.1, 0.2)
    num = int(rng.integers(2, 6)) if not duration_s else max(2, round(duration_s / (yelp_s + gap_s)))
    parts: list[Wave] = []
    for _ in range(num):
        yelp = _yelp(hz * rng.uniform(0.92, 1.08), yelp_s * rng.uniform(0.85, 1.15), formants, rng)
        parts += [yelp, np.zeros(num_samples(gap_s * rng.uniform(0.8, 1.25)), np.float32)]
    return Voice(np.concatenate(parts), sum(map(len, parts[:3])) / SAMPLE_RATE_HZ + 0.1, is_lasting=True)


def _yelp(hz: float, seconds: float, formants: tuple[float, float], rng: np.random.Generator) -> Wave:
    length = num_samples(seconds)
    share = np.arange(length) / length
    pitch = hz * (0.6 + 0.4 * np.sin(np.pi * share**0.6))
    number = np.arange(1.0, 2 + 6500 // hz)
    wave = harmonics(np.cumsum(pitch) / SAMPLE_RATE_HZ, number**-0.4, rng)
    wave += rng.uniform(0.1, 0.4) * band_noise(length, 400, 5000, rng)

    def mouth(hz: Floats) -> Floats:
        first, second = (np.exp(-(((hz - f) / (0.25 * f)) ** 2)) for f in formants)
        return np.asarray(0.03 + first + second / 2)

    return faded(filtered(wave, mouth) * np.sqrt(np.sin(np.pi * share**0.5)), 0.008, 0.04)


_NOISES: dict[str, Callable[[float, np.random.Generator], Voice]] = {
    "footsteps": _footsteps,
    "engine": _engine,
    "bell": _bell,
    "crash": _crash,
    "barking": _barking,
}
