"""The way from a sound to the samples: the echo of a room and the band that a microphone passes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..media import SAMPLE_RATE_HZ
from .signals import Floats, Wave, log_uniform, num_samples, seconds_of

_FFT = 1 << 15


@dataclass(frozen=True, slots=True, eq=False)
class Room:
    """One room with one microphone in it, for a whole world."""

    response: Wave  # [N] what becomes of a single click

    def heard(self, wave: Wave) -> Wave:
        """A sound [M] as the microphone gives it [M + N - 1], by overlapping blocks (any length, linear memory)."""
        block = _FFT - len(self.response) + 1
        spectrum = np.fft.rfft(self.response, _FFT)
        out = np.zeros(len(wave) + _FFT, np.float32)
        for start in range(0, len(wave), block):
            piece = np.fft.rfft(wave[start : start + block], _FFT)
            out[start : start + _FFT] += np.fft.irfft(piece * spectrum, _FFT)
        return out[: len(wave) + len(self.response) - 1]


def draw_room(rng: np.random.Generator) -> Room:
    """From open air to a bare hall (60 dB in 0.1 to 0.7 s), from a cheap microphone's band to a good one's."""
    echo_s = log_uniform(0.1, 0.7, rng)
    t = seconds_of(num_samples(0.6 * echo_s))
    echo = rng.standard_normal(len(t)) * np.exp(-6.9 * t / echo_s)
    echo *= log_uniform(0.03, 0.5, rng) / np.sqrt(np.sum(echo**2))
    echo[0] += 1.0
    return Room(_through_band(echo, rng.uniform(15, 70), rng.uniform(3500, 9000)))


def _through_band(click: Floats, low_hz: float, high_hz: float) -> Wave:
    """A response [N] behind one pole at the low end and two at the high end."""
    delay = np.exp(-2j * np.pi * np.fft.rfftfreq(len(click)))
    low, high = (np.exp(-2 * np.pi * hz / SAMPLE_RATE_HZ) for hz in (low_hz, high_hz))
    band = (1 + low) / 2 * (1 - delay) / (1 - low * delay) * ((1 - high) / (1 - high * delay)) ** 2
    return np.asarray(np.fft.irfft(np.fft.rfft(click) * band, len(click)), np.float32)
