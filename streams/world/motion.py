"""Paths of things over a floor, in picture heights and seconds, as arrays over simulation steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .recipes import Recipe

STEP_HZ = 25
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Floor:
    """The rectangle that cameras may see, in picture heights."""

    width: float
    height: float


@dataclass(slots=True)
class Path:
    """Where one thing is at each step of its life: `position` [S, 2], `is_moving` [S], `scale` [S]."""

    position: Floats
    is_moving: NDArray[np.bool_]
    scale: Floats


def make_path(motion: str, floor: Floor, side: float, recipe: Recipe, rng: np.random.Generator) -> Path:
    """A whole life: in over one border of the floor, something on the way, out over another."""
    speed = float(rng.uniform(*recipe.speed))
    start, inside, end = _outside(floor, side, rng), _inside(floor, side, rng), _outside(floor, side, rng)
    legs = [_line(start, inside, speed)]
    moving = [True]
    if motion == "cross":
        legs = [_line(start, _across(floor, start, side, rng), speed)]
    elif motion == "approach":
        legs.append(_line(inside, end, speed))
        moving.append(True)
    elif motion == "stop_and_go":
        for _ in range(int(rng.integers(1, 3))):
            legs.append(_wait(legs[-1][-1], float(rng.uniform(*recipe.rest_s))))
            target = _inside(floor, side, rng)
            legs.append(_line(legs[-1][-1], target, speed))
            moving += [False, True]
        legs.append(_line(legs[-1][-1], end, speed))
        moving.append(True)
    elif motion == "circle":
        legs.append(_arc(inside, floor, speed, rng))
        legs.append(_line(legs[-1][-1], end, speed))
        moving += [True, True]
    elif motion == "bounce":
        legs.append(_reflect(inside, floor, side, speed, float(rng.uniform(2.0, 6.0)), rng))
        legs.append(_line(legs[-1][-1], end, speed))
        moving += [True, True]
    position = np.concatenate(legs)
    is_moving = np.concatenate([np.full(len(leg), m) for leg, m in zip(legs, moving, strict=True)])
    return Path(position, is_moving, _scale(motion, len(position), rng))


def straight_out(position: Floats, velocity: Floats, floor: Floor, side: float) -> Path:
    """From `position` along `velocity` until the floor is left: what is left of a life after a collision."""
    speed = max(float(np.hypot(*velocity)), 0.15)
    heading = velocity / max(float(np.hypot(*velocity)), 1e-6)
    far = position + heading * (floor.width + floor.height + 2 * side)
    line = _line(position, far, speed)
    out = (
        np.abs(line - [floor.width / 2, floor.height / 2]) > [floor.width / 2 + side, floor.height / 2 + side]
    ).any(1)
    length = int(np.argmax(out)) + 1 if out.any() else len(line)
    return Path(line[:length], np.ones(length, bool), np.ones(length))


def _scale(motion: str, length: int, rng: np.random.Generator) -> Floats:
    if motion != "approach":
        return np.ones(length)
    ramp = np.linspace(0.55, 1.0, length)
    return ramp if rng.random() < 0.6 else ramp[::-1].copy()


def _outside(floor: Floor, side: float, rng: np.random.Generator) -> Floats:
    margin = side * 0.6 + 0.03
    x, y = rng.uniform(0.12, 0.88) * floor.width, rng.uniform(0.15, 0.85) * floor.height
    border = int(rng.integers(4))
    return np.array(
        [(-margin, y), (floor.width + margin, y), (x, -margin), (x, floor.height + margin)][border]
    )


def _across(floor: Floor, start: Floats, side: float, rng: np.random.Generator) -> Floats:
    """A point beyond a border that is not the one of `start`."""
    for _ in range(8):
        end = _outside(floor, side, rng)
        if np.abs(end - start).min() > 0.25 and np.hypot(*(end - start)) > 0.7:
            return end
    return np.array([floor.width, floor.height]) - start


def _inside(floor: Floor, side: float, rng: np.random.Generator) -> Floats:
    margin = min(side * 0.55, 0.4)
    return np.array([rng.uniform(margin, floor.width - margin), rng.uniform(margin, floor.height - margin)])


def _line(start: Floats, end: Floats, speed: float) -> Floats:
    num = max(2, round(float(np.hypot(*(end - start))) / speed * STEP_HZ))
    return start + (end - start) * np.linspace(0.0, 1.0, num)[:, None]


def _wait(at: Floats, seconds: float) -> Floats:
    return np.repeat(at[None], max(2, round(seconds * STEP_HZ)), axis=0)


def _arc(start: Floats, floor: Floor, speed: float, rng: np.random.Generator) -> Floats:
    middle = np.array([floor.width / 2, floor.height / 2])
    to_middle = middle - start
    radius = float(np.clip(np.hypot(*to_middle), 0.12, 0.35))
    centre = start + to_middle / max(float(np.hypot(*to_middle)), 1e-6) * radius
    phase = np.arctan2(*(start - centre)[::-1])
    num = round(rng.uniform(0.8, 2.0) * 2 * np.pi * radius / speed * STEP_HZ)
    angle = phase + rng.choice([-1, 1]) * np.arange(max(num, 2)) * speed / radius / STEP_HZ
    return np.asarray(centre + radius * np.stack([np.cos(angle), np.sin(angle)], 1))


def _reflect(
    start: Floats, floor: Floor, side: float, speed: float, seconds: float, rng: np.random.Generator
) -> Floats:
    """Free flight that bounces off the borders: a triangle wave in each coordinate."""
    angle = rng.uniform(0, 2 * np.pi)
    low = np.full(2, side / 2)
    span = np.maximum(np.array([floor.width, floor.height]) - 2 * low, 0.05)
    free = (start - low) + np.arange(round(seconds * STEP_HZ))[:, None] * speed / STEP_HZ * [
        np.cos(angle),
        np.sin(angle),
    ]
    return np.asarray(low + span - np.abs(free % (2 * span) - span))
