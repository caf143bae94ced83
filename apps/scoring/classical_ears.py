"""Sounds by rule: frames of log energy bands over their noise floor, bursts counted, and a discriminant for the name.

A group of bursts ends by silence or when it is long enough to be named; its coefficients were fitted on training
worlds by `classical_fit`. The time of its event counts from its onset or its end, as its kind has it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ...streams.media import SAMPLE_RATE_HZ, AudioChunk
from ...streams.world.events import SOUNDS, WorldEvent, WorldEventKind
from .classical_table import SOUND_TABLE
from .classical_witness import Belief

Floats = NDArray[np.float64]

NOTHING = "nothing"
NAMES = (*SOUNDS, NOTHING)
_HOP, _FFT = SAMPLE_RATE_HZ // 100, 512
_HOP_NS = 10_000_000
_NUM_BANDS = 20
_OVER = (
    1.3  # natural log units over the floor, in the mean of the loudest bands, from which something is heard
)
_LOUDEST = 4  # bands
_SILENCE = 42  # frames that end a group
_LONGEST = 170  # frames after which a group is named while it goes on
_SHORTEST = 3  # active frames in a group that is anything

_AFTER_ONSET_S = {
    "low tone": 0.2,
    "middle tone": 0.2,
    "high tone": 0.2,
    "noise": 0.2,
    "bell": 0.55,
    "crash": 0.4,
    "engine": 0.9,
    "barking": 0.72,
    "footsteps": 1.15,
}
_AFTER_END_S = 0.29  # beeps and knocks: when no more has come


@dataclass(slots=True, eq=False)
class Group:
    """Frames from the first that is heard to the silence after the last."""

    first: int  # frame
    over: list[Floats] = field(default_factory=list)  # [bands] over the floor, of each frame
    power: list[Floats] = field(default_factory=list)  # [bins] of each frame
    heard: list[bool] = field(default_factory=list)

    @property
    def silence(self) -> int:
        """Frames since the last that was heard."""
        return next((n for n, is_heard in enumerate(reversed(self.heard)) if is_heard), len(self.heard))

    def bursts(self) -> list[tuple[int, int]]:
        """First and last frame (not in it) of each run of heard frames; gaps of 30 ms do not part a run."""
        found: list[tuple[int, int]] = []
        for n in np.flatnonzero(self.heard).tolist():
            if found and n - found[-1][1] < 3:
                found[-1] = (found[-1][0], n + 1)
            else:
                found.append((n, n + 1))
        return found


class Ears:
    """One microphone."""

    def __init__(self) -> None:
        self._rest = np.zeros(0, np.float32)
        self._floor: Floats | None = None
        self._frame = 0
        self._group: Group | None = None
        self._is_named = False  # the group that goes on has its name

    def listen(self, chunk: AudioChunk) -> list[Belief]:
        """What was heard in the next samples."""
        end_ns = chunk.t_ns + len(chunk.samples) * 1_000_000_000 // SAMPLE_RATE_HZ
        groups = self.groups(chunk.samples)
        # Frames are counted from the first sample, which need not be at time 0.
        begun_ns = end_ns - self._frame * _HOP_NS - len(self._rest) * 1_000_000_000 // SAMPLE_RATE_HZ
        return [belief for group in groups if (belief := _named(group, begun_ns))]

    def groups(self, samples: NDArray[np.float32]) -> list[Group]:
        """The groups that can be named now."""
        samples = np.concatenate([self._rest, samples])
        num = max(0, (len(samples) - _FFT) // _HOP + 1)
        self._rest = samples[num * _HOP :]
        if not num:
            return []
        frames = np.lib.stride_tricks.sliding_window_view(samples, _FFT)[::_HOP][:num]
        powers = np.abs(np.fft.rfft(frames * np.hanning(_FFT))) ** 2
        bands = np.log(powers @ _bands() + 1e-4)
        done = [
            group for power, band in zip(powers, bands, strict=True) if (group := self._take(power, band))
        ]
        return [group for group in done if sum(group.heard) >= _SHORTEST]

    def _take(self, power: Floats, band: Floats) -> Group | None:
        """One frame; a group that can now be named."""
        if self._floor is None:
            self._floor = band.copy()
        over = band - self._floor
        is_heard = float(np.sort(over)[-_LOUDEST:].mean()) > _OVER
        rise = np.float64(0.004 if is_heard else 0.03)
        self._floor = np.where(over < 0, self._floor + 0.15 * over, self._floor + np.minimum(over, rise))
        self._frame += 1
        if self._group is None and not is_heard:
            return None
        group = self._group = self._group or Group(self._frame - 1)
        group.over.append(over)
        group.power.append(power)
        group.heard.append(is_heard)
        is_over, is_long = group.silence >= _SILENCE, len(group.heard) == _LONGEST
        if is_over:
            self._group = None
        was_named, self._is_named = self._is_named, not is_over and (self._is_named or is_long)
        return group if (is_over or is_long) and not was_named else None


def sound_features(group: Group) -> Floats:
    """Measures of a group: its rhythm, its bands, how tonal it is and where."""
    heard = np.array(group.heard)
    over = np.maximum(np.array(group.over)[heard], 0)
    power = np.array(group.power)[heard]
    bursts = group.bursts()
    lengths = np.array([end - start for start, end in bursts]) / 100
    gaps = np.array([b[0] - a[0] for a, b in pairwise(bursts)]) / 100
    profile = over.mean(0) / (over.mean() + 0.1)
    tonal = power[:, 3:]
    peaks = np.log2((tonal.argmax(1) + 3) * (SAMPLE_RATE_HZ / _FFT))
    loud = power.sum(1)
    weight = loud / loud.sum()
    peak = float(weight @ peaks)
    return np.concatenate(
        [
            [float(len(bursts) == n) for n in (1, 2, 3, 4)],
            [min(len(bursts), 8) / 4, np.log(lengths.mean() + 0.02), np.log(lengths.max() + 0.02)],
            [lengths.std(), gaps.mean() if len(gaps) else 0.0, gaps.std() if len(gaps) else 0.0],
            [np.log(len(heard) / 100 + 0.05), heard.mean()],
            profile,
            [float(weight @ (tonal.max(1) / (tonal.sum(1) + 1e-9))), float(_flatness(tonal, weight))],
            [peak, float(weight @ np.abs(peaks - peak))],
            *([float(np.exp(-(((peak - at) / 0.25) ** 2)))] for at in (8, 9.3, 10, 10.6)),
            [float(weight @ np.linspace(0, 1, len(weight))), float(loud.max() / (loud.mean() + 1e-9)) / 5],
            [float(over.max()) / 5],
        ]
    )


def _flatness(power: Floats, weight: Floats) -> float:
    return float(weight @ (np.log(power + 1e-6).mean(1) - np.log(power.mean(1) + 1e-6)))


def _named(group: Group, begun_ns: int) -> Belief | None:
    odds = SOUND_TABLE[:, :-1] @ sound_features(group) + SOUND_TABLE[:, -1]
    shares = np.exp(odds - odds.max())
    shares /= shares.sum()
    name = NAMES[int(np.argmax(shares))]
    if name == NOTHING:
        return None
    onset, end = group.first, group.first + group.bursts()[-1][1]
    frame = onset + 100 * _AFTER_ONSET_S[name] if name in _AFTER_ONSET_S else end + 100 * _AFTER_END_S
    event = WorldEvent(begun_ns + round(frame * _HOP_NS), None, WorldEventKind.SOUND, sound=name)
    return Belief(event, float(shares.max()))


@lru_cache(maxsize=1)
def _bands() -> Floats:
    """Triangles evenly spaced in mel from 60 Hz to 7.6 kHz [257, bands]."""
    low, high = (2595 * np.log10(1 + hz / 700) for hz in (60, 7600))
    edges = 700 * (10 ** (np.linspace(low, high, _NUM_BANDS + 2) / 2595) - 1)
    bins = np.fft.rfftfreq(_FFT, 1 / SAMPLE_RATE_HZ)[:, None]
    rise = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    return np.asarray(np.clip(np.minimum(rise, fall), 0, None))
