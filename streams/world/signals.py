"""What all synthesised sounds are built from: filtered noise, harmonics along a pitch, fades, levels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..media import SAMPLE_RATE_HZ

Wave = NDArray[np.float32]
Floats = NDArray[np.float64]
FRAME = SAMPLE_RATE_HZ * 80 // 1000  # levels are measured over 80 ms, as long as a token of sound
_TABLE = 4096


def num_samples(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE_HZ)


def seconds_of(length: int) -> Floats:
    """The time of each of `length` samples, in seconds."""
    return np.arange(length) / SAMPLE_RATE_HZ


def log_uniform(low: float, high: float, rng: np.random.Generator) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def filtered(wave: Floats, gain: Callable[[Floats], Floats]) -> Floats:
    """The wave [N] with each frequency in Hz weighted; a wave of a length 2^n goes round without a seam."""
    length = len(wave)
    grain = 1 << max(0, (length - 1).bit_length() - 4)  # lengths of many small factors transform fast
    size = -(-length // grain) * grain
    hz = np.asarray(np.fft.rfftfreq(size, 1 / SAMPLE_RATE_HZ), np.float64)
    spectrum = np.fft.rfft(wave, size) * gain(hz)
    return np.asarray(np.fft.irfft(spectrum, size)[:length])


def band_noise(length: int, low_hz: float, high_hz: float, rng: np.random.Generator) -> Floats:
    """Noise [N] of unit level between two frequencies, with slopes of 12 dB an octave."""

    def band(hz: Floats) -> Floats:
        low = (np.maximum(hz, 1.0) / low_hz) ** 4
        return np.asarray(np.sqrt(low / (1 + low) / (1 + (hz / high_hz) ** 4)))

    noise = filtered(rng.standard_normal(length), band)
    return np.asarray(noise / (np.std(noise) + 1e-9))


def drift(length: int, every_s: float, rng: np.random.Generator) -> Wave:
    """A slow random curve [N] of unit spread: straight lines between points `every_s` apart."""
    step = num_samples(every_s)
    points = rng.standard_normal(length // step + 2).astype(np.float32)
    ramp = np.arange(step, dtype=np.float32) / step
    return np.asarray((points[:-1, None] + np.diff(points)[:, None] * ramp).ravel()[:length])


def harmonics(cycles: Floats, amplitudes: Floats, rng: np.random.Generator) -> Floats:
    """Overtones with random phases along a running number of cycles [N], looked up in one period's table."""
    spectrum = np.zeros(_TABLE // 2 + 1, complex)
    spectrum[1 : len(amplitudes) + 1] = amplitudes * np.exp(2j * np.pi * rng.random(len(amplitudes)))
    table = np.fft.irfft(spectrum, _TABLE) * (_TABLE / 2)
    return np.asarray(table[(cycles * _TABLE).astype(np.int64) % _TABLE])


def faded(wave: NDArray[np.floating], in_s: float = 0.01, out_s: float = 0.01) -> Wave:
    """The same with soft ends; neither fade is longer than half of it."""
    ramp = np.ones(len(wave), wave.dtype)
    rise, fall = (min(len(wave) // 2, num_samples(s)) for s in (in_s, out_s))
    ramp[:rise] = np.linspace(0, 1, rise)
    ramp[len(wave) - fall :] = np.linspace(1, 0, fall)
    return np.asarray(wave * ramp, np.float32)


def powers(wave: Wave) -> Floats:
    """Mean square of each 80 ms [N / 1280]; the last stretch may be shorter."""
    padded = np.pad(wave, (0, -len(wave) % FRAME)).reshape(-1, FRAME)
    return np.asarray(np.mean(padded.astype(np.float64) ** 2, axis=1))
