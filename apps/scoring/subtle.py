"""Subtle changes: from which step on a change of colour, place or size can be told, with and without pruning.

A thing rests; in one of two intervals it changes a little. Who guesses the interval in which the encoder's features
moved most is right half of the time where nothing can be seen (two-alternative forced choice). With pruning only the
tokens that the model reads after the change count. The idea is VLM-SubtleBench's (arXiv 2603.07888).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...generation.embedding import NS_PER_TICK
from ...generation.narrator import Narrator
from ...perception.blocks import CameraPlan, TokenKind
from ...perception.perception import Perception, encode_views
from ...streams.media import VIEW_HEIGHT, VIEW_WIDTH, Inputs, VideoFrame
from ...streams.world.events import SHAPES, Thing, nameable
from ...streams.world.flat import FlatStage
from ...streams.world.floor import Actor, nearest_colours
from ...streams.world.motion import Path
from ...streams.world.world import World
from .bootstrap import figure
from .examinees import NarratorExaminee

STEPS: dict[str, tuple[float, ...]] = {
    "colour": (0.05, 0.1, 0.2, 0.35, 0.6, 1.0),  # share of the way to another colour
    "shift": (0.25, 0.5, 1.0, 2.0, 4.0, 8.0),  # pixels of the view
    "size": (0.25, 0.5, 1.0, 2.0, 4.0, 8.0),
}
_BEFORE, _AFTER = 5, 3  # ticks
_CAMERA = "cam1"
_SECONDS = 4.0

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What one interval gave: the most that any token moved, and whether the model said anything."""

    whole: float  # of all patches
    kept: float  # of those that pruning lets through
    is_told: bool


@dataclass(frozen=True, slots=True)
class Trial:
    """One thing at rest: the interval without a change, and those with each step of each change."""

    same: Glimpse
    changed: dict[tuple[str, float], Glimpse]


@dataclass(frozen=True, slots=True, eq=False)
class _Scene:
    """A flat world with one thing at rest."""

    world: World
    actor: Actor
    other: Thing  # the colour that it may turn to
    way: tuple[float, float]  # in which it may move


def num_glimpses() -> int:
    """Intervals of one trial."""
    return 1 + sum(map(len, STEPS.values()))


def run_trial(narrator: Narrator, seed: int, count: Callable[[], None] = lambda: None) -> Trial:
    """All steps of all changes with one thing; `count` is called after each interval."""
    scene = _make_scene(seed)

    def look(kind: str, step: float) -> Glimpse:
        glimpse = _look(narrator, list(_pictures(scene, kind, step)))
        count()
        return glimpse

    same = look("shift", 0.0)
    return Trial(same, {(kind, step): look(kind, step) for kind, steps in STEPS.items() for step in steps})


def curves(trials: Sequence[Trial]) -> dict[str, Any]:
    """For each kind of change a row a step: share of right guesses from all patches and from the kept ones, told."""
    told = figure("told", [(float(t.same.is_told), 1.0) for t in trials])["told"]
    found: dict[str, Any] = {
        kind: [_row(trials, kind, step) for step in steps] for kind, steps in STEPS.items()
    }
    return found | {"told_without_change": told, "trials": len(trials)}


def _row(trials: Sequence[Trial], kind: str, step: float) -> dict[str, Any]:
    whole = [(_guess(t.changed[kind, step].whole, t.same.whole), 1.0) for t in trials]
    kept = [(_guess(t.changed[kind, step].kept, t.same.kept), 1.0) for t in trials]
    told = [(float(t.changed[kind, step].is_told), 1.0) for t in trials]
    return {
        "step": step,
        "whole": figure("accuracy", whole),
        "pruned": figure("accuracy", kept),
        "told": figure("share", told),
    }


def _guess(changed: float, same: float) -> float:
    return 0.5 if changed == same else float(changed > same)


def _make_scene(seed: int) -> _Scene:
    rng = np.random.default_rng([seed, 11])
    world = World(seed, 1, "easy", _SECONDS)
    colours = nearest_colours(float(world.picture(0, 0).pixels.mean()))
    things = nameable(SHAPES, colours)
    thing = things[int(rng.integers(len(things)))]
    others = [t for t in things if t.kind == thing.kind and t != thing]
    side = float(rng.uniform(0.12, 0.3))
    low, high = 0.3, np.array([VIEW_WIDTH / VIEW_HEIGHT, 1.0]) - 0.3
    at = np.repeat(rng.uniform(low, high)[None], round(_SECONDS * 25) + 1, axis=0)
    path = Path(at, np.zeros(len(at), bool), np.ones(len(at)))
    angle = rng.uniform(0, 2 * np.pi)
    return _Scene(
        world,
        Actor(1, thing, side, int(rng.integers(2**31)), 0.5, 0, path),
        others[int(rng.integers(len(others)))],
        (float(np.cos(angle)), float(np.sin(angle))),
    )


def _pictures(scene: _Scene, kind: str, step: float) -> Iterator[Pixels]:
    """The ticks of one interval; the change is in the first after `_BEFORE`."""
    for tick in range(1, _BEFORE + _AFTER + 1):
        if tick <= _BEFORE:
            yield _picture(scene, scene.actor, tick)
        elif kind == "colour":
            one = _picture(scene, scene.actor, tick).astype(np.float32)
            other = _picture(scene, replace(scene.actor, thing=scene.other), tick)
            yield np.asarray(np.rint(one + step * (other - one)), np.uint8)
        else:
            yield _picture(scene, _moved(scene, kind, step), tick)


def _moved(scene: _Scene, kind: str, step: float) -> Actor:
    actor, length = scene.actor, step / VIEW_HEIGHT
    if kind == "size":
        return replace(actor, side=actor.side + length)
    position = actor.path.position + length * np.array(scene.way)
    return replace(actor, path=Path(position, actor.path.is_moving, actor.path.scale))


def _picture(scene: _Scene, actor: Actor, tick: int) -> Pixels:
    stage = scene.world.stage
    assert isinstance(stage, FlatStage)
    stage.actors = [[actor] for _ in stage.actors]
    return scene.world.picture(0, tick * NS_PER_TICK).pixels


def _look(narrator: Narrator, pictures: Sequence[Pixels]) -> Glimpse:
    features = encode_views(narrator.encoder, pictures, [pictures[0], *pictures[:-1]])
    reference = features[_BEFORE - 1]
    whole = max(float(_moves(f, reference).max()) for f in features[_BEFORE:])
    perception, examinee = Perception(narrator.encoder, [_CAMERA]), NarratorExaminee(narrator)
    examinee.start([_CAMERA])
    kept, is_told = 0.0, False
    for tick, pixels in enumerate(pictures, start=1):
        t_ns = tick * NS_PER_TICK
        inputs = Inputs(t_ns, frames={_CAMERA: VideoFrame(_CAMERA, t_ns, pixels)})
        said = examinee.tick(inputs, ())
        seen = perception.read(inputs, {_CAMERA: CameraPlan()})
        if tick > _BEFORE:
            is_told |= bool(said)
            for block in seen.blocks:
                if block.kind is TokenKind.VIDEO and block.num_kept:
                    moved = _moves(block.features.numpy(), reference[block.places.numpy()])
                    kept = max(kept, float(moved.max()))
    return Glimpse(whole, kept, is_told)


def _moves(features: Floats, reference: Floats) -> Floats:
    """How far each token [N, F] is from what its place said before."""
    return np.asarray(np.linalg.norm(features - reference, axis=1), np.float32)
