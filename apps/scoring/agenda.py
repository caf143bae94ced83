"""Which parts of the exam are held, with how many worlds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from ...errors import ConfigError
from . import seeds
from .papers import PAPERS, Setting

SUBTLE, CLIPS = "subtle", "clips"
PARTS: dict[str, tuple[str, ...]] = {  # what may stand behind --only, and its papers
    "narration": ("shapes", "things"),
    "shapes": ("shapes",),
    "things": ("things",),
    "easy": ("easy",),
    "unseen": ("unseen",),
    "recipes": ("recipes",),
    "textures": ("textures",),
    "live": ("live",),
    "memory": ("quiet", "long"),
    SUBTLE: (SUBTLE,),
    CLIPS: (CLIPS,),
}
_DEFAULT = ("narration", "unseen", "recipes", "textures", "live", "memory", SUBTLE, CLIPS)
_NUM_SUBTLE = 20
_QUICK = 10  # a tenth

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Agenda:
    """What is to be done."""

    settings: tuple[Setting, ...]
    subtle_seeds: tuple[int, ...]
    has_clips: bool


def make_agenda(only: str | None = None, is_quick: bool = False) -> Agenda:
    """All parts, or those of a comma-separated list. Raises ConfigError for an unknown part."""
    parts = _DEFAULT if only is None else [part.strip() for part in only.split(",")]
    for part in parts:
        if part not in PARTS:
            raise ConfigError(f"--only {part}: no such part; choose from {', '.join(PARTS)}")
    wanted = {paper for part in parts for paper in PARTS[part]}
    settings = [s for paper in PAPERS if paper in wanted for s in _some(PAPERS[paper], is_quick)]
    trials = seeds.SUBTLE[:_NUM_SUBTLE] if SUBTLE in wanted else ()
    return Agenda(tuple(settings), tuple(_some(trials, is_quick)), CLIPS in wanted)


def _some(many: Sequence[T], is_quick: bool) -> Sequence[T]:
    """All, or a tenth of them from end to end: shapes come first, things last."""
    num = max(1, round(len(many) / _QUICK))
    if not is_quick or num >= len(many):
        return many
    return [many[n * (len(many) - 1) // max(num - 1, 1)] for n in range(num)]
