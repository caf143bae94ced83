"""The narrator alone in one world, for quick checks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...generation.narrator import Narrator
from ...perception.blocks import CameraPlan
from ...perception.pruning import Pruner
from ...streams.world.events import WorldEvent
from . import seeds
from .examinee import Examinee
from .examinees import Blind, NarratorExaminee
from .narration import told
from .papers import NARRATION_S, Setting, Sheet
from .sitting import sit

WORLD_S = NARRATION_S
WorldSpec = tuple[int, int, str]  # seed, cameras, scene

HELD_OUT_EASY: tuple[WorldSpec, ...] = tuple((seed, 1 + n % 4, "easy") for n, seed in enumerate(seeds.EASY))


@dataclass(frozen=True, slots=True)
class Narration:
    """What was said of one world, and what happened in it."""

    spec: WorldSpec
    scene: str
    said: tuple[WorldEvent, ...]
    happened: tuple[WorldEvent, ...]
    num_unreadable: int  # sentences that the grammar does not read
    tokens_offered: int
    tokens_kept: int


def narrate_world(
    narrator: Narrator,
    spec: WorldSpec,
    blind: bool = False,
    make_pruner: Callable[[], Pruner] | None = None,
    max_tokens: int = CameraPlan().max_tokens,
    duration_s: float = WORLD_S,
) -> Narration:
    """Run a model over one world. Blind: pictures and sound are zero, all else is the same."""
    seed, num_cameras, scene = spec
    sighted = NarratorExaminee(narrator, make_pruner=make_pruner, max_tokens=max_tokens)
    examinee: Examinee = Blind(sighted) if blind else sighted
    sitting = sit([examinee], Sheet(Setting("alone", seed, num_cameras, scene, duration_s)))
    read = told(sitting, examinee.name)
    return Narration(
        spec,
        sitting.scene,
        read.said,
        read.happened,
        read.num_unreadable,
        sighted.num_offered,
        sighted.num_kept,
    )
