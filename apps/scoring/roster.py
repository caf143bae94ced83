"""Who sits the exam beside the model, as a small value that travels to every process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import ConfigError
from ...generation.checkpoint import load_narrator
from ...generation.narrator import Narrator
from ...perception.encoder import EncoderConfig
from ...perception.pruning import ChangePruner, Pruner, RandomPruner, StridePruner
from .examinee import Examinee
from .examinees import Blind, LastFrame, NarratorExaminee

MODEL, BLIND = "model", "blind"
LAST_FRAME, NO_FOVEA, CLASSICAL = "last_frame", "no_fovea", "classical"
BASELINES = (LAST_FRAME, NO_FOVEA, CLASSICAL)
PRUNERS = ("change", "random", "stride")


@dataclass(frozen=True, slots=True)
class Roster:
    """The model's file (None: the one that ships), which baselines, and files of other models by name."""

    model: Path | None = None
    baselines: tuple[str, ...] = (BLIND,)
    beside: tuple[tuple[str, Path], ...] = ()
    prunings: tuple[tuple[str, int], ...] = ()  # the model again with another pruner and budget of tokens
    depths: tuple[int, ...] = ()  # the model again with so many of its layers

    @property
    def names(self) -> list[str]:
        """Of all examinees; the model is the first."""
        return [MODEL, *self.baselines, *map(_depth_name, self.depths), *(name for name, _ in self.beside)]

    @property
    def pruned_names(self) -> list[str]:
        """Of the model again, with each pruning."""
        return [f"{pruner} {budget}" for pruner, budget in self.prunings]

    def examinees(self) -> list[Examinee]:
        """Load all of them. Raises CheckpointError."""
        narrator = load_narrator(self.model)
        makers: dict[str, Callable[[], Examinee]] = {
            BLIND: lambda: Blind(NarratorExaminee(narrator)),
            LAST_FRAME: lambda: LastFrame(NarratorExaminee(narrator)),
            NO_FOVEA: lambda: NarratorExaminee(narrator, NO_FOVEA, fovea=False),
            CLASSICAL: _classical,
        }
        others = [NarratorExaminee(load_narrator(path), name) for name, path in self.beside]
        pruned = [
            NarratorExaminee(narrator, name, pruner_factory(pruner, narrator.encoder.config), budget)
            for name, (pruner, budget) in zip(self.pruned_names, self.prunings, strict=True)
        ]
        baselines = [makers[name]() for name in self.baselines]
        shallow = [
            NarratorExaminee(narrator, _depth_name(depth), depth=depth) for depth in self._depths(narrator)
        ]
        return [NarratorExaminee(narrator, MODEL), *baselines, *shallow, *others, *pruned]

    def _depths(self, narrator: Narrator) -> tuple[int, ...]:
        for depth in self.depths:
            if not 1 <= depth < narrator.depth:
                raise ConfigError(
                    f"--depth {depth}: give 1 to {narrator.depth - 1}, below the layers of this model"
                )
        return self.depths


def _depth_name(depth: int) -> str:
    return f"depth_{depth}"


def parse_beside(texts: Sequence[str]) -> tuple[tuple[str, Path], ...]:
    """`no-attention=FILE` to a name in the report (`no_attention`) and its file. Raises ConfigError."""
    found = []
    for text in texts:
        name, separator, path = text.partition("=")
        name = name.replace("-", "_")
        if not separator or not name.isidentifier() or name in (MODEL, BLIND, *BASELINES):
            raise ConfigError(
                f"--beside {text}: give a name and a file, such as no-attention=FILE.safetensors"
            )
        found.append((name, Path(path)))
    return tuple(found)


def pruner_factory(name: str, encoder: EncoderConfig) -> Callable[[], Pruner]:
    """How to make a pruner by its name, one of PRUNERS."""
    makers: dict[str, Callable[[], Pruner]] = {
        "change": lambda: ChangePruner(encoder),
        "random": RandomPruner,
        "stride": StridePruner,
    }
    return makers[name]


def _classical() -> Examinee:
    from .classical import Classical

    return Classical()
