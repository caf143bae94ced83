"""What a training run is asked to do."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Annotated, Any, get_type_hints

from pydantic import Field, TypeAdapter, ValidationError

from ...errors import ConfigError


def num_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


CORES = num_cores()


def _whole(low: int, meaning: str) -> Any:
    return Field(ge=low, description=f"a whole number from {low}: {meaning}")


def _rate(meaning: str) -> Any:
    return Field(gt=0, le=1, allow_inf_nan=False, description=f"a number above 0 and up to 1: {meaning}")


def _text(meaning: str, **limits: Any) -> Any:
    return Field(description=meaning, **limits)


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """One run, from nothing to weights. The weights that ship are a chain of such runs.

    A field's description says what may be given and what it means. Raises ConfigError.
    """

    out: Annotated[Path, _text("the folder of the run")] = Path("runs/nano")
    seed: Annotated[int, _whole(0, "decides the weights at the start and the order of the data")] = 0
    device: Annotated[str, _text("cpu, cuda, or cuda:1 and so on", pattern=r"^(cpu|cuda(:\d+)?)$")] = "cpu"
    compile: Annotated[bool, _text("true or false: let torch compile both models; pays on a GPU")] = False
    workers: Annotated[int, _whole(1, "processes, the one that learns among them; all cores if left out")] = (
        CORES
    )
    threads: Annotated[
        int, _whole(1, "threads of torch, fewer while pictures are drawn; all cores if left out")
    ] = CORES

    encoder_steps: Annotated[
        int, _whole(0, "batches that the encoder learns from; 0 takes that of start as it is")
    ] = 7_500
    encoder_batch: Annotated[int, _whole(1, "pictures in such a batch")] = 64
    encoder_lr: Annotated[float, _rate("the encoder's highest learning rate")] = 2e-3
    encoder_pool: Annotated[int, _whole(1, "batches drawn from one pool of rendered pictures")] = 768
    picture_uses: Annotated[
        int, _whole(1, "how often a picture is used, each time altered otherwise; 1 halves the speed")
    ] = 2
    shards: Annotated[
        str, _text("a folder of pictures rendered ahead, for a GPU that learns faster than cores draw, or ''")
    ] = ""
    num_shards: Annotated[
        int, _whole(1, "files in that folder, about 300 MB each; what is missing is drawn")
    ] = 48

    start: Annotated[
        str, _text("weights (.safetensors) that the whole model begins from; '' begins from nothing")
    ] = ""
    fresh_mixers: Annotated[
        str,
        _text(
            "letters of pattern, such as A: mixers of this kind begin anew although start has them, as a control "
            "for a run in which others stand in their place",
            pattern=r"^[MA]*$",
        ),
    ] = ""
    imitation_steps: Annotated[
        int,
        _whole(
            0,
            "batches in which mixers that begin anew first learn to write what those of start write at their places",
        ),
    ] = 0
    imitation_lr: Annotated[float, _rate("the highest learning rate of that")] = 2e-3
    likeness: Annotated[
        float,
        _text(
            "a number from 0: what it counts beside the text that the model is where start is after each layer, and "
            "as likely to say each word",
            ge=0,
            allow_inf_nan=False,
        ),
    ] = 0.0
    num_streams: Annotated[int, _whole(1, "worlds to narrate, each read once through the encoder")] = 2_400
    stream_s: Annotated[
        float, _text("seconds from 4 to 600: the length of a stream", ge=4, le=600, allow_inf_nan=False)
    ] = 24.0
    long_share: Annotated[
        float,
        _text(
            "a share from 0 to 1: streams that last three times as long, with one camera or two", ge=0, le=1
        ),
    ] = 0.2
    skip_streams: Annotated[
        int, _whole(0, "worlds left out before the first, such as those that the run of start has read")
    ] = 0

    language_steps: Annotated[int, _whole(1, "batches that the whole model learns from")] = 3_800
    shapes_first: Annotated[
        int, _whole(0, "so many of these batches begin only streams of shapes, then comes the full mix")
    ] = 0
    language_rows: Annotated[int, _whole(1, "streams read side by side in a batch")] = 8
    segment: Annotated[
        int, _whole(16, "tokens that a row reads at once; its state is carried to the next segment")
    ] = 512
    window: Annotated[int, _whole(16, "tokens that attention sees, those of segments before among them")] = (
        2048
    )
    language_lr: Annotated[float, _rate("the whole model's highest learning rate")] = 1.5e-3
    silence_weight: Annotated[float, _rate("what silence counts beside a word")] = 0.25
    scene_weight: Annotated[
        float,
        _text(
            "a number from 0: what telling the whole scene counts beside the text", ge=0, allow_inf_nan=False
        ),
    ] = 0.2
    d_model: Annotated[int, _whole(16, "width of the whole model, a multiple of 16")] = 192
    mlp_hidden: Annotated[int, _whole(1, "width inside the MLP of a layer")] = 384
    head_dim: Annotated[int, _whole(1, "width of each of the six heads of an attention mixer")] = 32
    pattern: Annotated[
        str, _text("a letter for each layer: M for Mamba-2, A for attention", pattern=r"^[MA]+$")
    ] = "MMMAMMMA"
    exits: Annotated[
        tuple[int, ...], _text("a list of depths below the last at which the text head is trained as well")
    ] = (4, 6)
    exit_weight: Annotated[
        float, _text("a number from 0: what an exit counts beside the end", ge=0, allow_inf_nan=False)
    ] = 0.15

    random_depth: Annotated[
        float,
        _text(
            "a share from 0 to 1: batches that the model reads and writes only as deep as an exit", ge=0, le=1
        ),
    ] = 0.1

    blend: Annotated[
        float,
        _text(
            "a share above 0 and up to 1: of what was learnt in the average with the weights of start",
            gt=0,
            le=1,
        ),
    ] = 1.0

    num_calibration: Annotated[int, _whole(1, "worlds on which the threshold of the gate is chosen")] = 24
    thresholds: Annotated[
        tuple[float, ...], _text("a list of probabilities of speech to choose from", min_length=1)
    ] = (0.5, 0.6, 0.7, 0.8, 0.9)

    log_every: Annotated[int, _whole(1, "batches from one line in log.csv to the next")] = 25
    save_every: Annotated[int, _whole(1, "batches from one saved state to the next")] = 100
    evaluate_every: Annotated[int, _whole(0, "batches from one rehearsal to the next; 0 for none")] = 500
    rehearsals: Annotated[int, _whole(1, "worlds that are narrated in a rehearsal")] = 6
    pictures_every: Annotated[int, _whole(0, "batches from one narrated picture to the next; 0 for none")] = (
        500
    )
    tensorboard: Annotated[bool, _text("true or false: also write events for TensorBoard")] = False

    def __post_init__(self) -> None:
        for name, value in parse({f.name: getattr(self, f.name) for f in fields(self)}).items():
            object.__setattr__(self, name, value)
        if not self.encoder_steps and not self.start:
            raise ConfigError(
                "encoder_steps is 0 and start is ''; name the weights whose encoder is to be taken"
            )
        for name in ("imitation_steps", "likeness"):
            if getattr(self, name) and not self.start:
                raise ConfigError(
                    f"{name} is {getattr(self, name)} and start is ''; name the weights to be imitated, or give 0"
                )
        if self.d_model % 16:
            raise ConfigError(f"d_model is {self.d_model}; give a multiple of 16")
        if not all(0 < depth < len(self.pattern) for depth in self.exits):
            raise ConfigError(
                f"exits is {list(self.exits)!r}; give depths from 1 to {len(self.pattern) - 1}, "
                f"below the {len(self.pattern)} layers of pattern"
            )
        if not all(0 < threshold < 1 for threshold in self.thresholds):
            raise ConfigError(f"thresholds is {list(self.thresholds)!r}; give numbers between 0 and 1")


# What may differ when a run goes on: none of it moves the curve of the loss (but for rounding in the last place).
FREE = frozenset(
    {
        *("out", "device", "compile", "workers", "threads"),
        *("blend", "num_calibration", "thresholds", "rehearsals"),
        *("log_every", "save_every", "evaluate_every", "pictures_every", "tensorboard"),
    }
)

SMOKE: dict[str, Any] = {
    "encoder_steps": 60,
    "encoder_batch": 16,
    "encoder_pool": 20,
    "num_streams": 4,
    "stream_s": 8.0,
    "language_steps": 12,
    "language_rows": 2,
    "segment": 256,
    "num_calibration": 1,
    "thresholds": (0.4, 0.6),
    "evaluate_every": 12,
    "rehearsals": 1,
    "pictures_every": 12,
    "workers": 1,
    "threads": 1,
}


def parse(values: dict[str, Any]) -> dict[str, Any]:
    """The values, each as its field's type. Raises ConfigError that names the first that is unknown or impossible."""
    return {name: _parse(name, value) for name, value in values.items()}


def describe(name: str) -> str:
    """What may be given for a setting, and what it means."""
    return str(_fields()[name].description)


def _parse(name: str, value: Any) -> Any:
    if name not in _fields():
        raise ConfigError(f"{name}: there is no such setting{_nearest(name)}")
    try:
        return _adapters()[name].validate_python(value)
    except ValidationError:
        raise ConfigError(f"{name} is {_shown(value)}; give {describe(name)}") from None


def _shown(value: Any) -> str:
    return repr(list(value) if isinstance(value, tuple) else str(value) if isinstance(value, Path) else value)


def _nearest(name: str) -> str:
    import difflib

    near = difflib.get_close_matches(name, _fields(), 1)
    return f"; did you mean {near[0]}?" if near else f"; choose from {', '.join(_fields())}"


@cache
def _fields() -> dict[str, Any]:
    hints = get_type_hints(TrainSettings, include_extras=True)
    return {f.name: hints[f.name].__metadata__[0] for f in fields(TrainSettings)}


@cache
def _adapters() -> dict[str, TypeAdapter[Any]]:
    hints = get_type_hints(TrainSettings, include_extras=True)
    return {f.name: TypeAdapter(hints[f.name]) for f in fields(TrainSettings)}
