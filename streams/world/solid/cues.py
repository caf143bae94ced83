"""What is to be heard in a solid world: steps, engines, doors, collisions, barking, and the noise of the place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..events import SOUNDS
from ..motion import STEP_HZ
from ..stage import SoundCue
from .casting import Casting
from .sight import Sight

_APART_S = 2.4  # told sounds are at least this far from each other
_SHARES = {"person": 0.35, "car": 0.6, "van": 0.7, "dog": 0.45}
_OFF_SCREEN_PER_S = 0.025
_QUICK = ("bell", "crash")


def cues_of(
    castings: Sequence[Casting],
    sights: Sequence[Sight],
    is_outdoors: bool,
    num_steps: int,
    rng: np.random.Generator,
) -> tuple[SoundCue, ...]:
    """All sounds of a stage in order of time; told ones never crowd."""
    found = [SoundCue(_ns(step), "bell") for c in castings for step in c.bells if rng.random() < 0.5]
    found += [SoundCue(_ns(hit.step), "crash") for c in castings for hit in c.collisions]
    heard: set[tuple[int, int]] = set()
    for sight in sights:
        key = sight.cast.identity, sight.cast.first_step
        if key not in heard and rng.random() < _SHARES.get(sight.cast.look.kind, 0.0):
            heard.add(key)
            cue = _of_body(sight, rng)
            found += [cue] if cue else []
    found += _off_screen(num_steps, rng)
    return (*_ambient(is_outdoors, num_steps, rng), *_thinned(found, num_steps))


def _of_body(sight: Sight, rng: np.random.Generator) -> SoundCue | None:
    """What a body makes heard while it moves in view."""
    cast, kind = sight.cast, sight.cast.look.kind
    moving = cast.is_moving[sight.start - cast.first_step :][: len(sight.frame)]
    audible = np.flatnonzero((sight.seen > 0.4) & (moving | (kind == "dog")))
    if len(audible) < STEP_HZ:
        return None
    near = float(np.clip(sight.side[audible].max() / 45, 0.25, 1.0)) * rng.uniform(0.7, 1.0)
    first = int(audible[int(rng.integers(0, max(1, len(audible) // 3)))])
    seconds = len(audible) / STEP_HZ
    start_ns = _ns(sight.start + first)
    if kind == "dog":
        return SoundCue(start_ns, "barking", 0.0, near)
    if kind == "person":
        return SoundCue(start_ns, "footsteps", float(min(seconds, rng.uniform(1.5, 4.0))), near)
    return SoundCue(start_ns, "engine", float(min(seconds, 8.0)), near)


def _off_screen(num_steps: int, rng: np.random.Generator) -> list[SoundCue]:
    """Sounds that nothing in view explains."""
    num = int(rng.poisson(_OFF_SCREEN_PER_S * num_steps / STEP_HZ))
    return [SoundCue(_ns(int(s)), str(rng.choice(SOUNDS))) for s in rng.integers(0, num_steps, num)]


def _ambient(is_outdoors: bool, num_steps: int, rng: np.random.Generator) -> list[SoundCue]:
    if rng.random() < 0.25:
        return []
    sound = str(rng.choice(["street", "rain"], p=[0.7, 0.3])) if is_outdoors else "hum"
    return [SoundCue(0, sound, num_steps / STEP_HZ, float(rng.uniform(0.3, 1.0)), is_told=False)]


def _thinned(cues: list[SoundCue], num_steps: int) -> list[SoundCue]:
    """In order of time; of cues that crowd the lasting and later ones give way."""
    kept: list[SoundCue] = []
    quiet_ns = -(10**12)
    for cue in sorted(cues, key=lambda c: (c.t_ns, c.sound not in _QUICK)):
        if cue.t_ns - quiet_ns >= _APART_S * 1e9 and cue.t_ns < _ns(num_steps):
            kept.append(cue)
            quiet_ns = cue.t_ns
        elif cue.sound == "crash" and kept and cue.t_ns - quiet_ns > 0.4e9:
            # What is seen to collide is heard: it takes the place of what came just before.
            kept[-1] = cue
            quiet_ns = cue.t_ns
    return kept


def _ns(step: int) -> int:
    return round(step * 1e9 / STEP_HZ)
