"""Ways over a plan as arrays by simulation step: along rounded lines, with rests, slowing down before each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..motion import STEP_HZ
from .types import POSTURES, Floats

_FINE_M = 0.05  # spacing of the dense line along which speeds are worked out
_SLOWEST = 0.12  # of the full speed: what starts and what stops does so from this
_TURN_STEPS = 9  # over which a heading is smoothed


@dataclass(frozen=True, slots=True)
class Rest:
    """A stay at a point of a way, never shorter than 0.8 s."""

    seconds: float
    posture: str = "stand"
    facing: float | None = None  # heading while resting; None: as it came


@dataclass(slots=True, eq=False)
class Track:
    """Where one body is over its life: `position` [S, 3], `heading` [S], `is_moving` [S], `posture` [S]."""

    position: Floats
    heading: Floats
    is_moving: NDArray[np.bool_]
    posture: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.position)

    def cut(self, start: int, end: int) -> Track:
        """The steps from `start` to `end`."""
        part = slice(max(start, 0), max(end, 0))
        return Track(self.position[part], self.heading[part], self.is_moving[part], self.posture[part])


def follow(
    points: Sequence[tuple[float, ...]] | Floats,
    speed: float,
    rests: dict[int, Rest] | None = None,
    *,
    gait: str = "walk",
    corner_m: float = 0.5,
    accel: float = 2.0,
    is_backwards: bool = False,
) -> Track:
    """A way through `points` [K, 2 or 3] at `speed` m/s, corners rounded over `corner_m`, with rests at some of them."""
    line, places = _rounded(_as_3d(points), corner_m)
    stops = sorted((place, rest) for index, rest in (rests or {}).items() for place in [int(places[index])])
    parts: list[Track] = []
    start, was_resting = 0, False
    for place, rest in [*stops, (len(line) - 1, None)]:
        if place > start:
            leg = _travel(line[start : place + 1], speed, accel, was_resting, rest is not None)
            parts.append(_moving(leg, gait, is_backwards))
        if rest is not None:
            parts.append(_resting(line[place], _facing(rest, parts, line, place), rest))
        start, was_resting = place, rest is not None
    return _smooth_headings(join(parts))


def stay(point: Sequence[float] | Floats, heading: float, seconds: float, posture: str = "stand") -> Track:
    """A body that does not move."""
    at = np.array([*point, 0.0][:3], float)
    return _resting(at, heading, Rest(seconds, posture))


def join(parts: Sequence[Track]) -> Track:
    """One way after another."""
    return Track(
        np.concatenate([p.position for p in parts]),
        np.concatenate([p.heading for p in parts]),
        np.concatenate([p.is_moving for p in parts]),
        np.concatenate([p.posture for p in parts]),
    )


def shifted(track: Track, heading: float | None = None, lift: float = 0.0) -> Track:
    """The same way with a heading of its own, or higher."""
    turned = track.heading if heading is None else np.full(len(track), heading)
    return Track(track.position + np.array([0, 0, lift]), turned, track.is_moving, track.posture)


def way_made(position: Floats) -> Floats:
    """Metres gone since the first step [S], for gaits and wheels."""
    steps = np.diff(position[:, :2], axis=0, prepend=position[:1, :2])
    return np.asarray(np.cumsum(np.hypot(steps[:, 0], steps[:, 1])))


def _as_3d(points: Sequence[tuple[float, ...]] | Floats) -> Floats:
    rows = np.asarray(points, float)
    if rows.shape[1] == 2:
        rows = np.concatenate([rows, np.zeros((len(rows), 1))], 1)
    return rows


def _rounded(points: Floats, corner_m: float) -> tuple[Floats, NDArray[np.intp]]:
    """A dense line through the points with soft corners, and where on it each point is."""
    lengths = np.linalg.norm(np.diff(points, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(lengths)])
    num = int(np.clip(along[-1] / _FINE_M, 16, 2000))
    dense = np.linspace(0.0, along[-1], num)
    line = np.stack([np.interp(dense, along, points[:, axis]) for axis in range(3)], 1)
    window = int(corner_m / max(along[-1] / num, 1e-6)) // 2 * 2 + 1
    if window >= 3 and len(points) > 2:
        window = min(window, num // 2 * 2 - 1)
        line = _averaged(line, window)
    return line, np.searchsorted(dense, along).clip(0, num - 1)


def _averaged(line: Floats, window: int) -> Floats:
    """Moving average with ends that stay where they are (mirrored about the end points)."""
    half = window // 2
    head = 2 * line[0] - line[half:0:-1]
    tail = 2 * line[-1] - line[-2 : -half - 2 : -1]
    total = np.cumsum(np.concatenate([np.zeros((1, 3)), head, line, tail]), axis=0)
    return np.asarray((total[window:] - total[:-window]) / window)


def _travel(line: Floats, speed: float, accel: float, from_rest: bool, to_rest: bool) -> Floats:
    """Positions by step along a line, gathering speed after a rest and losing it before the next."""
    gone = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    pace = np.full(len(gone), speed)
    if from_rest:
        pace = np.minimum(pace, np.sqrt(2 * accel * gone))
    if to_rest:
        pace = np.minimum(pace, np.sqrt(2 * accel * (gone[-1] - gone)))
    pace = np.maximum(pace, _SLOWEST * speed)
    times = np.concatenate([[0.0], np.cumsum(2 * np.diff(gone) / (pace[1:] + pace[:-1]))])
    num = max(2, round(times[-1] * STEP_HZ))
    at = np.interp(np.linspace(0, times[-1], num), times, gone)
    return np.stack([np.interp(at, gone, line[:, axis]) for axis in range(3)], 1)


def _moving(position: Floats, gait: str, is_backwards: bool) -> Track:
    way = np.gradient(position, axis=0)
    heading = np.unwrap(np.arctan2(way[:, 1], way[:, 0])) + (np.pi if is_backwards else 0.0)
    num = len(position)
    posture = np.full(num, POSTURES.index(gait), np.int8)
    return Track(position, heading, np.ones(num, bool), posture)


def _resting(at: Floats, heading: float, rest: Rest) -> Track:
    num = max(round(max(rest.seconds, 0.8) * STEP_HZ) + 1, 2)
    posture = np.full(num, POSTURES.index(rest.posture), np.int8)
    return Track(np.repeat(at[None], num, 0), np.full(num, heading), np.zeros(num, bool), posture)


def _facing(rest: Rest, parts: list[Track], line: Floats, place: int) -> float:
    if rest.facing is not None:
        return rest.facing
    if parts:
        return float(parts[-1].heading[-1])
    way = line[min(place + 1, len(line) - 1)] - line[place]
    return float(np.arctan2(way[1], way[0]))


def _smooth_headings(track: Track) -> Track:
    heading = np.unwrap(track.heading)
    if len(heading) > _TURN_STEPS:
        padded = np.pad(heading, _TURN_STEPS // 2, mode="edge")
        total = np.cumsum(np.concatenate([[0.0], padded]))
        heading = (total[_TURN_STEPS:] - total[:-_TURN_STEPS]) / _TURN_STEPS
    track.heading = heading
    return track
