"""Sounds come together: each at its place and level, and a told one only where it can be heard."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from ..media import SAMPLE_RATE_HZ
from .ambience import ambience
from .events import AMBIENT
from .noises import voice
from .room import Room, draw_room
from .signals import FRAME, Wave, faded, log_uniform, num_samples, powers
from .speech import Utterance
from .stage import SoundCue

SPACING_S = 1.0  # no two told sounds are named, and no two alike begin and end, closer than this
_AUDIBLE = 4.0  # a told sound's power over all else that is to be heard, at least: 6 dB
_FAINT = 0.5  # an untold sound's power under all else that is to be heard, at most
_FIRST_S = 0.5  # what is there from the start is nobody's event
_NOTHING = 1e-12  # power of digital silence
_LEVEL = 0.35  # of the loudest 80 ms of a sound of loudness 1, before the microphone's gain


@dataclass(frozen=True, slots=True)
class Told:
    """A sound that is on the soundtrack and in its log."""

    sound: str
    onset_s: float
    named_s: float  # onset and naming in seconds of the world
    end_s: float

    def leaves_room_for(self, other: Told) -> bool:
        if self.sound == other.sound:
            gap = max(self.onset_s - other.end_s, other.onset_s - self.end_s)
        else:
            gap = max(self.onset_s - other.named_s, other.onset_s - self.named_s, 0)
            gap = abs(self.named_s - other.named_s) if gap else 0
        return gap >= SPACING_S


@dataclass(slots=True, eq=False)
class Mix:
    """The samples of a world while sounds are added to them; the last ones added must be heard over all before."""

    samples: Wave
    room: Room
    gain: float  # of the microphone
    rng: np.random.Generator
    told: list[Told] = field(default_factory=list)

    @staticmethod
    def quiet(duration_s: float, hiss: tuple[float, float], rng: np.random.Generator) -> Mix:
        samples = rng.standard_normal(num_samples(duration_s), np.float32)
        samples *= np.float32(rng.uniform(*hiss))
        return Mix(samples, draw_room(rng), log_uniform(0.3, 0.8, rng), rng)

    def surround(self, cues: Iterable[SoundCue]) -> None:
        """Ambience; a cue without a duration lasts to the end of the world."""
        for cue in list(cues) or self._some_ambience():
            start = num_samples(cue.t_ns / 1e9)
            length = len(self.samples) - start
            if cue.duration_s:
                length = min(length, num_samples(cue.duration_s))
            wave = ambience(cue.sound, length, self.room, self.rng)
            wave *= np.float32(log_uniform(0.003, 0.02, self.rng) * cue.loudness)
            is_cut = start + length == len(self.samples)
            self._add(faded(wave, 1.5 if start else 0, 0 if is_cut else 1.5), start)

    def speak(self, utterance: Utterance) -> None:
        level = self.gain * self.rng.uniform(0.4, 1)
        self._add(self._placed(utterance.samples, level), num_samples(utterance.t_ns / 1e9))

    def murmur(self, cues: Iterable[SoundCue]) -> None:
        """Sounds that are not told: so faint that nobody could name them."""
        for cue in cues:
            start = num_samples(cue.t_ns / 1e9)
            wave = self._placed(voice(cue.sound, cue.duration_s, self.rng).samples, cue.loudness * self.gain)
            wave = wave[: max(0, len(self.samples) - start)]
            if len(wave):
                others = powers(self.samples[start : start + len(wave)])
                over = float((powers(wave) / (others + _NOTHING)).max())
                self._add(wave * np.float32(min(1.0, (_FAINT / max(over, _NOTHING)) ** 0.5)), start)

    def tell(self, cues: Iterable[SoundCue]) -> None:
        """Sounds for the log, the loudest first, each where it is audible and leaves the others their place."""
        drawn = [(cue, cue.loudness * self.gain * self.rng.uniform(0.4, 1)) for cue in cues]
        for cue, level in sorted(drawn, key=lambda pair: -pair[1]):
            start_s = cue.t_ns / 1e9
            rough = Told(cue.sound, start_s, start_s, start_s + cue.duration_s)
            alike = [told for told in self.told if told.sound == cue.sound]
            if all(told.leaves_room_for(rough) for told in alike):
                self._tell_one(cue, level)

    def _tell_one(self, cue: SoundCue, level: float) -> None:
        made, start_s = voice(cue.sound, cue.duration_s, self.rng), cue.t_ns / 1e9
        start = num_samples(start_s)
        wave = self._placed(made.samples, level)[: max(0, len(self.samples) - start)]
        onset_s = audible_from(wave, self.samples[start : start + len(wave)], made.named_s, made.is_lasting)
        if onset_s is None or start_s + onset_s < _FIRST_S:
            return
        onset_s += start_s
        end_s = start_s + len(made.samples) / SAMPLE_RATE_HZ
        told = Told(cue.sound, onset_s, onset_s + made.named_s, end_s)
        is_over = told.named_s <= len(self.samples) / SAMPLE_RATE_HZ
        if is_over and all(each.leaves_room_for(told) for each in self.told):
            self.told.append(told)
            self._add(wave, start)

    def _placed(self, wave: Wave, level: float) -> Wave:
        """The sound in the room; its loudest 80 ms have `level`."""
        heard = self.room.heard(wave)
        return heard * np.float32(_LEVEL * level / (powers(heard).max() ** 0.5 + 1e-9))

    def _add(self, wave: Wave, start: int) -> None:
        place = self.samples[start : start + len(wave)]
        place += wave[: len(place)]

    def _some_ambience(self) -> list[SoundCue]:
        has_any = self.rng.random() < 0.5
        return [SoundCue(0, str(self.rng.choice(AMBIENT)))] if has_any else []


def audible_from(wave: Wave, others: Wave, named_s: float, is_lasting: bool) -> float | None:
    """From which second on a sound [N] is audible over the others [N] for as long as naming it takes; or None.

    All stretches of 80 ms in that time that matter, those within 6 dB of its strongest, must stand out by 6 dB.
    """
    if not len(wave):
        return None
    power = powers(wave)
    stands_out = power > _AUDIBLE * powers(others)
    first = int(stands_out.argmax()) if is_lasting else 0
    needed = slice(first, first + max(1, round(named_s * SAMPLE_RATE_HZ / FRAME)))
    matters = power[needed] > power[needed].max() / 4
    is_whole = not is_lasting or first * FRAME + num_samples(named_s) <= len(wave)
    return first * FRAME / SAMPLE_RATE_HZ if is_whole and stands_out[needed][matters].all() else None
