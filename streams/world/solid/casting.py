"""Who appears: names that stay unambiguous, identities, people who come back, and room enough between bodies."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..events import COLOURS, HAND, UNSEEN, Thing, nameable
from ..motion import STEP_HZ
from .sizes import RADIANS_PER_M, SIZES, VEHICLES
from .tracks import Track, way_made
from .types import Cast, Floats, Look

Steps = NDArray[np.signedinteger]

_APART_STEPS = 20 * STEP_HZ  # between two things of one name
_FOREVER = 10**9
_COMES_BACK = 0.18  # share of persons and vehicles that were here before
_UNSEEN_SHARE = 0.85  # of the names drawn where a world is about unseen pairs
_PAINT = dict(zip(COLOURS, (1.4, 0.8, 1.4, 0.8, 0.6, 0.7, 1.8, 1.8, 1.8, 0.8, 0.8), strict=True))
_FUR = dict(zip(COLOURS, (0.5, 0.4, 0.4, 0.8, 0.4, 0.4, 2.0, 2.0, 1.5, 1.2, 2.0), strict=True))
_HABITS: dict[str, dict[str, float]] = {
    **dict.fromkeys(VEHICLES, _PAINT),
    **dict.fromkeys(("dog", "cat"), _FUR),
    "box": dict.fromkeys(COLOURS, 1.0) | {"brown": 2.5},
    "bottle": dict.fromkeys(COLOURS, 1.0) | {"blue": 1.6, "green": 1.5, "white": 1.3},
}
_REPEATED = ("box", "bottle", "cup", "ball")  # kinds of which a counting world holds several alike


@dataclass(frozen=True, slots=True)
class Collision:
    """Two bodies touched at a step of the world."""

    step: int
    first: int  # identities
    second: int


@dataclass(slots=True)
class _Claim:
    """A name in use, by whom and until when."""

    thing: Thing
    end_step: int
    look: Look
    identity: int


@dataclass(slots=True)
class Casting:
    """Collects the bodies of one plan in order of time. `next_identity` is shared by the plans of a stage."""

    rng: np.random.Generator
    num_steps: int
    next_identity: list[int]
    is_unseen: bool = False
    is_counting: bool = False
    max_at_once: int = 5
    casts: list[Cast] = field(default_factory=list)
    collisions: list[Collision] = field(default_factory=list)
    bells: list[int] = field(default_factory=list)  # steps at which a door opens
    carriers: dict[int, int] = field(default_factory=dict)  # identity of what is carried: of who carries it
    _claims: list[_Claim] = field(default_factory=list)
    _live: list[Cast] = field(default_factory=list)
    _hand: tuple[int, Look] | None = None

    def name(self, kinds: tuple[str, ...], step: int, scale: float = 1.0) -> tuple[int, Look] | None:
        """Identity and look of something of these kinds that may come at a step; None if all names are taken.

        `Track`s are handed in later with `add`; a name that is never added stays free.
        """
        self._claims = [c for c in self._claims if c.end_step + 4 * _APART_STEPS > step or c.identity < 0]
        kind = str(self.rng.choice(kinds))
        if self.rng.random() < _COMES_BACK and kind in ("person", *VEHICLES):
            back = [c for c in self._free_again(step) if c.look.kind == kind]
            if back:
                claim = back[int(self.rng.integers(len(back)))]
                return claim.identity, claim.look
        thing = self._pick(kind, kinds, step)
        if thing is None:
            return None
        identity = self.next_identity[0]
        self.next_identity[0] += 1
        return identity, Look(thing.kind, thing.colour, int(self.rng.integers(2**31)), scale)

    def hand(self) -> tuple[int, Look]:
        """The one pair of hands at a table."""
        if self._hand is None:
            self._hand = self.next_identity[0], Look(HAND, self._sleeve(), int(self.rng.integers(2**31)))
            self.next_identity[0] += 1
        return self._hand

    def add(
        self,
        named: tuple[int, Look],
        track: Track,
        first_step: int,
        is_open: bool = False,
        lights: bool = False,
    ) -> Cast | None:
        """A body's life, cut to the time of the world; None if nothing of it is left.

        With `is_open` its name stays taken until `release`.
        """
        identity, look = named
        end = first_step + len(track)
        track = track.cut(max(0, -first_step), min(len(track), self.num_steps - first_step))
        if len(track) < 2:
            return None
        first_step = max(first_step, 0)
        cast = Cast(
            identity, look, first_step, track.position, track.heading, track.is_moving, track.posture,
            phase=_phase(look, track), lights=lights,
        )  # fmt: skip
        self.casts.append(cast)
        self._live.append(cast)
        if look.kind != HAND:
            thing = Thing(look.colour, look.kind)
            self._claims = [c for c in self._claims if c.identity != identity]
            self._claims.append(_Claim(thing, _FOREVER if is_open else end, look, identity))
        return cast

    def reserve(self, named: tuple[int, Look], step: int) -> None:
        """Take a name for a life whose end is not known yet; `add` frees it."""
        identity, look = named
        self._claims.append(_Claim(Thing(look.colour, look.kind), _FOREVER, look, identity))

    def is_full(self, step: int) -> bool:
        """Whether as many bodies are about as one view should hold."""
        self._live = [c for c in self._live if c.first_step + len(c.position) > step]
        return sum(c.look.kind != HAND for c in self._live) >= self.max_at_once

    def is_clear(self, look: Look, track: Track, first_step: int, ignore: tuple[int, ...] = ()) -> bool:
        """Whether a body could go this way without running through another."""
        for cast in self._live:
            start = max(first_step, cast.first_step)
            end = min(first_step + len(track), cast.first_step + len(cast.position))
            if start >= end or cast.look.kind == HAND or cast.identity in ignore:
                continue
            steps = np.arange(start, end, 4)
            if _touch(look, track, steps - first_step, cast, steps - cast.first_step):
                return False
        return True

    def _pick(self, kind: str, kinds: tuple[str, ...], step: int) -> Thing | None:
        taken = {c.thing for c in self._claims if c.end_step + _APART_STEPS > step}
        if self.is_unseen and self.rng.random() < _UNSEEN_SHARE:
            rare = [t for t in nameable((kind,), COLOURS, True) if t not in taken]
            rare = rare or [t for t in nameable(kinds, COLOURS, True) if t not in taken]
            if rare:
                return rare[int(self.rng.integers(len(rare)))]
        if self.is_counting and kind in _REPEATED and self.rng.random() < 0.7:
            alike = [c.thing for c in self._claims if c.thing.kind == kind and c.thing not in UNSEEN]
            if alike:
                return alike[int(self.rng.integers(len(alike)))]
        free = [t for t in nameable((kind,), COLOURS) if t not in taken]
        if not free:
            return None
        habits = _HABITS.get(kind, {})
        weights = np.array([habits.get(t.colour, 1.0) for t in free])
        return free[int(self.rng.choice(len(free), p=weights / weights.sum()))]

    def _free_again(self, step: int) -> list[_Claim]:
        # Another of the same name may have come since; it would make the old one ambiguous.
        busy = {c.thing for c in self._claims if c.end_step + _APART_STEPS > step}
        return [c for c in self._claims if c.thing not in busy]

    def _sleeve(self) -> str:
        return str(self.rng.choice(COLOURS))


def _phase(look: Look, track: Track) -> Floats:
    """Gait and wheels turn with the way made; who rests stands on both feet."""
    phase = way_made(track.position) * RADIANS_PER_M.get(look.kind, 0.0) / look.scale
    return np.where(track.is_moving, phase, 0.0) if look.kind == "person" else phase


def _touch(look: Look, track: Track, local: Steps, cast: Cast, other: Steps) -> bool:
    """Whether two bodies' rectangles overlap at any of the paired steps (b as its box in the frame of a)."""
    away = cast.position[other, :2] - track.position[local, :2]
    angle = track.heading[local]
    ahead = np.abs(away[:, 0] * np.cos(angle) + away[:, 1] * np.sin(angle))
    aside = np.abs(-away[:, 0] * np.sin(angle) + away[:, 1] * np.cos(angle))
    turned = cast.heading[other] - angle
    la, wa = (v * look.scale for v in SIZES[look.kind][:2])
    lb, wb = (v * cast.look.scale for v in SIZES[cast.look.kind][:2])
    reach = np.abs(np.cos(turned)) * lb + np.abs(np.sin(turned)) * wb
    spread = np.abs(np.sin(turned)) * lb + np.abs(np.cos(turned)) * wb
    gap = 0.12 + 0.1 * max(la, lb)
    return bool(((ahead < (la + reach) / 2 + gap) & (aside < (wa + spread) / 2 + gap / 2)).any())
