"""Who sits the exam beside the model, as a small value that travels to every process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from torch import nn

from ...errors import ConfigError
from ...generation.backbone import Layer
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
    silences: tuple[tuple[int, ...], ...] = ()  # the model again, the mixers of these layers silent

    @property
    def names(self) -> list[str]:
        """Of all examinees; the model is the first."""
        again = [*map(_depth_name, self.depths), *map(_silence_name, self.silences)]
        return [MODEL, *self.baselines, *again, *(name for name, _ in self.beside)]

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
        silent = [
            NarratorExaminee(silenced(load_narrator(self.model), layers), _silence_name(layers))
            for layers in self.silences
        ]
        return [NarratorExaminee(narrator, MODEL), *baselines, *shallow, *silent, *others, *pruned]

    def _depths(self, narrator: Narrator) -> tuple[int, ...]:
        for depth in self.depths:
            if not 1 <= depth < narrator.depth:
                raise ConfigError(
                    f"--depth {depth}: give 1 to {narrator.depth - 1}, below the layers of this model"
                )
        return self.depths


def _depth_name(depth: int) -> str:
    return f"depth_{depth}"


def _silence_name(layers: Sequence[int]) -> str:
    return "_".join(["silent", *map(str, layers)])


def silenced(narrator: Narrator, layers: Sequence[int]) -> Narrator:
    """The narrator itself, changed: in these layers (from 1) its mixers add nothing. Raises ConfigError for others."""
    for number in layers:
        if not 1 <= number <= narrator.depth:
            raise ConfigError(
                f"--silence {number}: give layers from 1 to {narrator.depth}, those of this model"
            )
        nn.init.zeros_(cast(Layer, narrator.backbone.layers[number - 1]).mixer.out_proj.weight)
    return narrator


def parse_silence(texts: Sequence[str]) -> tuple[tuple[int, ...], ...]:
    """Each text, such as `4,8`, to its layers in order, each set once. Raises ConfigError."""
    found = []
    for text in texts:
        try:
            found.append(tuple(sorted({int(part) for part in text.split(",")})))
        except ValueError:
            raise ConfigError(f"--silence {text}: give layers, comma-separated, such as 4,8") from None
    return tuple(dict.fromkeys(found))


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
