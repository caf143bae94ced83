"""Sound to tokens: log-mel pictures of 80 ms, twelve and a half a second, silence left out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..streams.media import SAMPLE_RATE_HZ, AudioChunk

Floats = NDArray[np.float32]
NUM_MELS, HOPS = 40, 4
HOP = SAMPLE_RATE_HZ // 50  # 20 ms
TOKEN_SAMPLES = HOP * HOPS  # 80 ms
_FFT = 512
NUM_AUDIO_FEATURES = NUM_MELS * HOPS + 1
_MARGIN = 0.8  # natural log units above the noise floor from which sound is heard
_TAIL_TOKENS = 6  # the silence after a sound is part of it: a rhythm ends by what does not come


class AudioTokenizer:
    """Turns one source's chunks into tokens; keeps what is left over for the next call."""

    def __init__(self) -> None:
        self._rest = np.zeros(0, np.float32)
        self._before = np.zeros(_FFT - HOP, np.float32)
        self._floor: float | None = None
        self._tail = 0

    def tokens(self, chunks: Sequence[AudioChunk]) -> tuple[Floats, int]:
        """Features [N, 161] of the audible tokens, and how many there were with the silent ones."""
        samples = np.concatenate([self._rest, *(chunk.samples for chunk in chunks)])
        num = len(samples) // TOKEN_SAMPLES
        self._rest = samples[num * TOKEN_SAMPLES :]
        kept = [self._token(samples[n * TOKEN_SAMPLES : (n + 1) * TOKEN_SAMPLES]) for n in range(num)]
        audible = [token for token in kept if token is not None]
        return (np.stack(audible) if audible else np.zeros((0, NUM_AUDIO_FEATURES), np.float32)), num

    def _token(self, samples: Floats) -> Floats | None:
        mels = self._log_mels(samples)
        level = float(np.log(np.mean(samples**2) + 1e-9))
        if self._floor is None:
            self._floor = level
        loud = level > self._floor + _MARGIN
        # The floor falls at once and rises slowly, a little faster while nothing is heard.
        self._floor = min(level, self._floor + (0.002 if loud else 0.05))
        self._tail = _TAIL_TOKENS if loud else self._tail - 1
        return np.append(mels, np.float32(loud)).astype(np.float32) if loud or self._tail >= 0 else None

    def _log_mels(self, samples: Floats) -> Floats:
        """Four frames of 40 mel bands [160], natural log, scaled to about -1..1."""
        padded = np.concatenate([self._before, samples])
        self._before = padded[len(padded) - (_FFT - HOP) :]
        frames = np.stack([padded[n * HOP : n * HOP + _FFT] for n in range(HOPS)]) * np.hanning(_FFT)
        power = np.abs(np.fft.rfft(frames)) ** 2
        return np.asarray((np.log(power @ _mel_bank() + 1e-5) / 6).reshape(-1), np.float32)


@lru_cache(maxsize=1)
def _mel_bank() -> NDArray[np.float64]:
    """Triangles evenly spaced on the mel scale of O'Shaughnessy (1987), 60 Hz to 7.6 kHz: [257, 40]."""
    low, high = (2595 * np.log10(1 + hz / 700) for hz in (60, 7600))
    edges = 700 * (10 ** (np.linspace(low, high, NUM_MELS + 2) / 2595) - 1)
    bins = np.fft.rfftfreq(_FFT, 1 / SAMPLE_RATE_HZ)[:, None]
    rise = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    return np.asarray(np.clip(np.minimum(rise, fall), 0, None))
