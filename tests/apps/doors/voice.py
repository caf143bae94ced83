"""Synthetic speech: a throat with four vowels, which Silero VAD takes for a voice."""

import numpy as np

_VOWELS = np.array([(730, 1090, 2440), (270, 2290, 3010), (570, 840, 2410), (530, 1840, 2480)], float)
_STRENGTHS, _WIDTHS_HZ = (1.0, 0.5, 0.25), (60, 80, 110)


def vowels(seconds: float, rate_hz: int = 16_000, pitch_hz: float = 110.0) -> np.ndarray:
    """A voice that goes through vowels, float32 [N]."""
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    pitch = pitch_hz * (1 + 0.05 * np.sin(2 * np.pi * 3 * t) + 0.1 * np.sin(2 * np.pi * 0.7 * t))
    phase = 2 * np.pi * np.cumsum(pitch) / rate_hz
    formants = _VOWELS[(t / 0.22).astype(int) % len(_VOWELS)]
    smooth = rate_hz // 20
    formants = np.stack(
        [
            np.convolve(np.pad(f, smooth // 2, "edge"), np.ones(smooth) / smooth, "valid")[: len(t)]
            for f in formants.T
        ],
        1,
    )
    wave = np.zeros(len(t))
    for n in range(1, 45):
        gain = sum(
            s / (1 + ((n * pitch - formants[:, i]) / w) ** 2)
            for i, (s, w) in enumerate(zip(_STRENGTHS, _WIDTHS_HZ, strict=True))
        )
        wave += gain * np.sin(n * phase) * (n * pitch < 7500)
    wave *= 0.6 + 0.4 * np.abs(np.sin(2 * np.pi * 2.2 * t))
    return (0.4 * wave / np.abs(wave).max()).astype(np.float32)


def silence(seconds: float, rate_hz: int = 16_000) -> np.ndarray:
    """A quiet room, float32 [N]."""
    noise = np.random.default_rng(0).normal(0, 3e-4, round(seconds * rate_hz))
    return noise.astype(np.float32)
