"""What is always to be heard at a place and never told: the hum of machines, rain, a street far off."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .room import Room
from .signals import Floats, Wave, band_noise, drift, filtered, log_uniform

_LOOP = 1 << 17  # samples: 8.192 s
_SWELL = {"hum": 0.03, "rain": 0.08, "street": 0.25}  # spread of the level in natural log units


def ambience(sound: str, length: int, room: Room, rng: np.random.Generator) -> Wave:
    """One of `AMBIENT` for N samples, of unit level: some seconds that repeat, under a slow swell that does not."""
    loop = _LOOPS[sound](rng)
    spectrum = np.fft.rfft(loop) * np.fft.rfft(room.response, _LOOP)
    loop = np.fft.irfft(spectrum, _LOOP)
    wave = np.resize((loop / np.std(loop)).astype(np.float32), length)
    swell = drift(length, rng.uniform(2, 5), rng)
    swell *= np.float32(_SWELL[sound])
    wave *= np.exp(swell, out=swell)
    return wave


def _hum(rng: np.random.Generator) -> Floats:
    turns = np.arange(_LOOP) * (rng.choice([409, 492]) / _LOOP)  # whole ones, of mains at 50 or at 60 Hz
    wave = rng.uniform(0.02, 0.3) * band_noise(_LOOP, 80, rng.uniform(300, 1500), rng)
    for number in (1, 2, 3, 4, 6, 8, 12):
        wave += rng.uniform(0, 1) / number * np.sin(2 * np.pi * turns * number + rng.uniform(0, 6.28))
    return wave


def _rain(rng: np.random.Generator) -> Floats:
    """A patter without rhythm and the drops close by."""
    drops = np.zeros(_LOOP)
    at = rng.integers(0, _LOOP, int(_LOOP * rng.uniform(0.002, 0.02)))
    np.add.at(drops, at, rng.exponential(1, len(at)) * rng.choice([-1, 1], len(at)))
    splash = filtered(drops, lambda hz: np.exp(-(((hz - 3000) / 2000) ** 2)))
    patter = band_noise(_LOOP, rng.uniform(300, 1200), rng.uniform(4000, 9000), rng)
    return np.asarray(patter + rng.uniform(0, 0.7) * splash / np.std(splash))


def _street(rng: np.random.Generator) -> Floats:
    rumble = band_noise(_LOOP, 40, log_uniform(120, 300, rng), rng)
    return rumble + rng.uniform(0.05, 0.3) * band_noise(_LOOP, 200, rng.uniform(800, 2000), rng)


_LOOPS: dict[str, Callable[[np.random.Generator], Floats]] = {"hum": _hum, "rain": _rain, "street": _street}
