"""Who sits the exam beside the model, as a small value that travels to every process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import ConfigError
from ...generation.checkpoint import load_narrator
from .examinee import Examinee
from .examinees import Blind, LastFrame, NarratorExaminee

MODEL, BLIND, LAST_FRAME, CLASSICAL = "model", "blind", "last_frame", "classical"
BASELINES = (LAST_FRAME, CLASSICAL)


@dataclass(frozen=True, slots=True)
class Roster:
    """The model's file (None: the one that ships), which baselines, and files of other models by name."""

    model: Path | None = None
    baselines: tuple[str, ...] = (BLIND,)
    beside: tuple[tuple[str, Path], ...] = ()

    @property
    def names(self) -> list[str]:
        """Of all examinees; the model is the first."""
        return [MODEL, *self.baselines, *(name for name, _ in self.beside)]

    def examinees(self) -> list[Examinee]:
        """Load all of them. Raises CheckpointError."""
        narrator = load_narrator(self.model)
        makers: dict[str, Callable[[], Examinee]] = {
            BLIND: lambda: Blind(NarratorExaminee(narrator)),
            LAST_FRAME: lambda: LastFrame(NarratorExaminee(narrator)),
            CLASSICAL: _classical,
        }
        others = [NarratorExaminee(load_narrator(path), name) for name, path in self.beside]
        return [NarratorExaminee(narrator, MODEL), *(makers[name]() for name in self.baselines), *others]


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


def _classical() -> Examinee:
    from .classical import Classical

    return Classical()
