"""Spoken words for worlds, by `espeak-ng` (https://github.com/espeak-ng/espeak-ng) where it is on the machine."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ...errors import MissingDependencyError
from ..media import SAMPLE_RATE_HZ
from .signals import Wave

_PROGRAM = "espeak-ng"
_ACCENTS = ("en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp")
_SPEAKERS = ("", *(f"+m{n}" for n in range(1, 8)), *(f"+f{n}" for n in range(1, 5)))
_TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True, eq=False)
class Utterance:
    """Words spoken in a world, made by `say`."""

    t_ns: int
    text: str
    samples: Wave  # [N] at 16 kHz
    answer: str | None = None  # of a question: what is true when its last word is spoken

    @property
    def end_ns(self) -> int:
        return self.t_ns + len(self.samples) * 1_000_000_000 // SAMPLE_RATE_HZ


def can_speak() -> bool:
    """Whether `say` can make words here."""
    return shutil.which(_PROGRAM) is not None


def need_speech() -> None:
    """For who was asked for speech: raises `MissingDependencyError` where it cannot be made."""
    if not can_speak():
        raise MissingDependencyError(
            f"{_PROGRAM} is missing, without which nothing speaks: apt install {_PROGRAM}"
        )


def say(text: str, voice_seed: int) -> Wave | None:
    """The text spoken in one of many voices: samples [N] float32 at 16 kHz, read-only; None without espeak-ng.

    The same arguments give the same samples, remembered for the newest 256. Raises `MissingDependencyError`
    where espeak-ng is there but fails.
    """
    return _spoken(text, voice_seed) if can_speak() else None


@lru_cache(maxsize=256)
def _spoken(text: str, voice_seed: int) -> Wave:
    try:
        done = subprocess.run(
            [_PROGRAM, *_voice(voice_seed), "--stdin", "--stdout"],
            input=text.encode(),
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", None) or str(error).encode()
        raise MissingDependencyError(
            f"{_PROGRAM} failed ({said.decode(errors='replace').strip().splitlines()[0]}): "
            f"apt install --reinstall {_PROGRAM}"
        ) from None
    samples = _samples(done.stdout)
    samples.flags.writeable = False
    return samples


def _voice(voice_seed: int) -> list[str]:
    rng = np.random.default_rng(voice_seed)
    name = str(rng.choice(_ACCENTS)) + str(rng.choice(_SPEAKERS))
    return ["-v", name, "-s", str(rng.integers(125, 195)), "-p", str(rng.integers(25, 76))]


def _samples(wav: bytes) -> Wave:
    """Mono 16-bit WAV as espeak-ng streams it, whose header does not know its length, at 16 kHz."""
    rate_hz = int.from_bytes(wav[24:28], "little")
    start = wav.index(b"data") + 8
    wave = np.frombuffer(wav[start : start + (len(wav) - start) // 2 * 2], "<i2") / 32768
    # The length is a multiple of what both rates share, so that no sample is stretched.
    step = rate_hz // np.gcd(rate_hz, SAMPLE_RATE_HZ)
    wave = np.pad(wave, (0, -len(wave) % step))
    length = len(wave) * SAMPLE_RATE_HZ // rate_hz
    spectrum = np.fft.rfft(wave)[: length // 2 + 1]
    return np.asarray(np.fft.irfft(spectrum, length) * length / max(len(wave), 1), np.float32)
