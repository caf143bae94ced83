"""The sound of a world and its part of the event log: what is told is there, and what is there is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..media import SAMPLE_RATE_HZ
from .events import AMBIENT, SOUNDS, WorldEvent, WorldEventKind
from .mixing import Mix
from .signals import Wave, num_samples
from .speech import Utterance
from .stage import SoundCue
from .voices import PLAIN_SOUNDS, plain_voice

HISS = (0.0005, 0.008)  # range of a microphone's own noise
_SPOKEN_LEVEL = (0.3, 0.9)  # of the voice as it is made, in flat worlds
OFF_SCREEN = 0.05  # sounds a second that no camera shows the reason of


class Noisy(Protocol):
    """What a soundtrack of a flat world is drawn from; a `Recipe` is one."""

    @property
    def sounds_per_s(self) -> float: ...
    @property
    def hiss(self) -> tuple[float, float]: ...


@dataclass(frozen=True, slots=True, eq=False)
class Soundtrack:
    """A whole world's sound: `samples` [N] float32 at 16 kHz, and the events in it."""

    samples: Wave
    events: tuple[WorldEvent, ...]


def make_soundtrack(
    recipe: Noisy, duration_s: float, rng: np.random.Generator, speech: Sequence[Utterance] = ()
) -> Soundtrack:
    """Plain sounds one after another with pauses; a third of the worlds have none but their hiss.

    A sound that somebody would speak over is left out of samples and log alike.
    """
    samples = rng.normal(0, rng.uniform(*recipe.hiss), num_samples(duration_s)).astype(np.float32)
    events: list[WorldEvent] = []
    silent = rng.random() < 0.3
    t_s = float(rng.exponential(0.5 / recipe.sounds_per_s))
    while t_s < duration_s - 2.5 and not silent:
        sound = str(rng.choice(PLAIN_SOUNDS))
        made = plain_voice(sound, rng)
        start = num_samples(t_s)
        wave = made.samples[: len(samples) - start] * np.float32(rng.uniform(0.08, 0.5))
        # Until it is named: the number of beeps is known only when no other follows.
        length = max(len(wave), num_samples(made.named_s))
        if not any(_overlaps(said, start, length) for said in speech):
            samples[start : start + len(wave)] += wave
            events.append(_event(t_s + made.named_s, sound))
        t_s += len(wave) / SAMPLE_RATE_HZ + 0.8 + float(rng.exponential(1 / recipe.sounds_per_s))
    for said in speech:
        start = num_samples(said.t_ns / 1e9)
        wave = said.samples[: len(samples) - start] * np.float32(rng.uniform(*_SPOKEN_LEVEL))
        samples[start : start + len(wave)] += wave
    return Soundtrack(np.clip(samples, -1, 1), tuple(events))


def soundtrack_of(
    cues: Sequence[SoundCue],
    duration_s: float,
    rng: np.random.Generator,
    hiss: tuple[float, float] = HISS,
    with_random: float = OFF_SCREEN,
    speech: Sequence[Utterance] = (),
) -> Soundtrack:
    """The sound of a stage's cues in one room, with a microphone's hiss, ambience, and speech.

    `hiss` is the range its level is drawn from, `with_random` the rate of told sounds from off screen, a second.
    Half of the worlds without a cue for ambience have some all the same. A told cue that would not be audible over
    everything else, or that comes too close to a louder one, is left out of samples and log alike.
    """
    mix = Mix.quiet(duration_s, hiss, rng)
    cues = [cue for cue in cues if 0 <= cue.t_ns < duration_s * 1e9]
    noises = [cue for cue in cues if cue.sound not in AMBIENT]
    mix.surround([cue for cue in cues if cue.sound in AMBIENT])
    for utterance in speech:
        mix.speak(utterance)
    mix.murmur([cue for cue in noises if not cue.is_told])
    mix.tell([cue for cue in noises if cue.is_told] + _off_screen(with_random, duration_s, rng))
    told = sorted(mix.told, key=lambda told: told.named_s)
    return Soundtrack(
        np.clip(mix.samples, -1, 1, out=mix.samples), tuple(_event(t.named_s, t.sound) for t in told)
    )


def _overlaps(said: Utterance, start: int, length: int) -> bool:
    first = num_samples(said.t_ns / 1e9)
    return first < start + length and start < first + len(said.samples)


def _off_screen(rate: float, duration_s: float, rng: np.random.Generator) -> list[SoundCue]:
    times = np.sort(rng.uniform(0, duration_s, rng.poisson(rate * duration_s)))
    return [
        SoundCue(round(t_s * 1e9), str(rng.choice(SOUNDS)), loudness=float(rng.uniform(0.15, 1)))
        for t_s in times
    ]


def _event(t_s: float, sound: str) -> WorldEvent:
    return WorldEvent(round(t_s * 1e9), None, WorldEventKind.SOUND, sound=sound)
