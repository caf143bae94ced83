"""`agent bench engine`: this backbone beside `transformers`' Bamba of the same shape and weights, in one run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Annotated, Any

import torch
import typer
from torch import Tensor

from ..errors import ConfigError
from ..generation.backbone import Hybrid
from ..generation.bamba import bamba_twin
from ..generation.config import HybridConfig
from ..memory.state import SessionState
from ..streams.clock import NS_PER_MS, perf_ns
from .report_file import check_writable, write_json

_MOST_DIFFERENCE = (
    1e-3  # of the hidden vectors; beyond it the two are not the same model and no time is shown
)
_WARM_UPS = 2


@dataclass(frozen=True, slots=True)
class Side:
    """Median times of one of the two."""

    read_ms: float  # all tokens of the read
    write_ms_per_token: float


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times faster this engine was, over all repetitions; each ratio is of neighbours in time."""

    median: float
    lower_quartile: float
    upper_quartile: float


@dataclass(frozen=True, slots=True)
class EngineBench:
    """The result; embeddings and output heads are left out on both sides, and both run in float32."""

    version: int
    num_parameters: int
    num_layers: int
    num_threads: int
    num_read: int
    num_written: int
    num_repeats: int
    largest_difference: float  # of the two sides' hidden vectors, reading and writing
    engine: Side
    transformers: Side
    read_ratio: Ratio
    write_ratio: Ratio
    notes: str


_NOTES = (
    "Bamba's rotary embedding is replaced by one that turns by nothing, for this backbone has no positions; "
    "Bamba runs its torch path with its default attention and a cache, in inference mode."
)


def bench_engine(
    config: HybridConfig | None = None, *, num_read: int = 128, num_written: int = 64, num_repeats: int = 15
) -> EngineBench:
    """Reads `num_read` tokens into an empty state and writes `num_written`, both sides in turns.

    Uses as many threads as torch is set to. Raises `ConfigError` when the two do not agree or nothing is to be
    measured, and `MissingDependencyError` without transformers.
    """
    if min(num_read, num_written) < 1 or num_repeats < 2:
        raise ConfigError(
            f"{num_read} read, {num_written} written, {num_repeats} repeats: give 1, 1 and 2 at least"
        )
    generator = torch.Generator().manual_seed(0)
    model = Hybrid(config or HybridConfig()).eval()
    x = torch.randn(num_read + num_written, model.config.d_model, generator=generator)
    ours, theirs = _Ours(model, num_read), _Theirs(model, num_read)
    difference = _largest_difference(ours, theirs, x)
    runs = [_measure(ours, theirs, x) for _ in range(_WARM_UPS + num_repeats)][_WARM_UPS:]
    return EngineBench(
        version=1,
        num_parameters=sum(weight.numel() for weight in model.parameters()),
        num_layers=model.config.num_layers,
        num_threads=torch.get_num_threads(),
        num_read=num_read,
        num_written=num_written,
        num_repeats=num_repeats,
        largest_difference=difference,
        engine=_side([run[0] for run in runs], num_written),
        transformers=_side([run[1] for run in runs], num_written),
        read_ratio=_ratio([theirs.read_ns / ours.read_ns for ours, theirs in runs]),
        write_ratio=_ratio([theirs.write_ns / ours.write_ns for ours, theirs in runs]),
        notes=_NOTES,
    )


@dataclass(frozen=True, slots=True)
class _Times:
    read_ns: int
    write_ns: int


class _Ours:
    def __init__(self, model: Hybrid, num_read: int) -> None:
        self.model, self.num_read = model, num_read
        self.state = SessionState.allocate(model.config.state_spec())

    def read(self, x: Tensor) -> Tensor:
        self.state.reset()
        return self.model.read(x[: self.num_read], self.state)

    def write(self, x: Tensor) -> list[Tensor]:
        return [self.model.step(token, self.state) for token in x[self.num_read :]]


class _Theirs:
    def __init__(self, model: Hybrid, num_read: int) -> None:
        self.model, self.num_read = bamba_twin(model), num_read
        self.cache: Any = None

    @torch.inference_mode()
    def read(self, x: Tensor) -> Tensor:
        out = self.model(inputs_embeds=x[None, : self.num_read], use_cache=True)
        self.cache = out.past_key_values
        hidden: Tensor = out.last_hidden_state[0]
        return hidden

    @torch.inference_mode()
    def write(self, x: Tensor) -> list[Tensor]:
        return [self._step(token) for token in x[self.num_read :]]

    def _step(self, token: Tensor) -> Tensor:
        out = self.model(inputs_embeds=token[None, None], past_key_values=self.cache, use_cache=True)
        hidden: Tensor = out.last_hidden_state[0, 0]
        return hidden


def _largest_difference(ours: _Ours, theirs: _Theirs, x: Tensor) -> float:
    pairs = [(ours.read(x), theirs.read(x)), (torch.stack(ours.write(x)), torch.stack(theirs.write(x)))]
    difference = max((a - b).abs().max().item() for a, b in pairs)
    if not difference < _MOST_DIFFERENCE:
        raise ConfigError(
            f"the two models differ by {difference:.2g}: they have to agree before they are timed"
        )
    return difference


def _measure(ours: _Ours, theirs: _Theirs, x: Tensor) -> tuple[_Times, _Times]:
    """One repetition: the two sides in turns, so that a busy moment of the machine hits both."""
    read = _timed(lambda: ours.read(x)), _timed(lambda: theirs.read(x))
    write = _timed(lambda: ours.write(x)), _timed(lambda: theirs.write(x))
    return _Times(read[0], write[0]), _Times(read[1], write[1])


def _timed(work: Callable[[], object]) -> int:
    started_ns = perf_ns()
    work()
    return perf_ns() - started_ns


def _side(times: list[_Times], num_written: int) -> Side:
    return Side(
        read_ms=median(time.read_ns for time in times) / NS_PER_MS,
        write_ms_per_token=median(time.write_ns for time in times) / num_written / NS_PER_MS,
    )


def _ratio(ratios: list[float]) -> Ratio:
    lower, middle, upper = quantiles(ratios, n=4, method="inclusive")
    return Ratio(middle, lower, upper)


def command(
    repeats: Annotated[int, typer.Option(help="How often each side is measured.", min=2, metavar="N")] = 15,
    threads: Annotated[int, typer.Option(help="Threads that both sides may use.", min=1, metavar="N")] = 1,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write a report; `-` prints it.", metavar="FILE")
    ] = None,
) -> None:
    """Measure this backbone beside transformers' Bamba of the same shape and weights: reading and writing."""
    if json_file is not None:
        check_writable(json_file)
    torch.set_num_threads(threads)
    result = bench_engine(num_repeats=repeats)
    if json_file is not None:
        write_json(json_file, asdict(result))
    if str(json_file) != "-":
        typer.echo("\n".join(describe(result)))


def describe(result: EngineBench) -> list[str]:
    """The result as lines for a person."""
    about = f"{result.num_parameters / 1e6:.1f} M parameters, {result.num_layers} layers, float32"
    lines = [
        f"{about}, {result.num_threads} threads, {result.num_repeats} repetitions",
        f"the two differ by at most {result.largest_difference:.1e}",
    ]
    rows = (
        (f"read {result.num_read} tokens", "read_ms", result.read_ratio),
        (f"write a token, of {result.num_written}", "write_ms_per_token", result.write_ratio),
    )
    for name, field, ratio in rows:
        ours, theirs = getattr(result.engine, field), getattr(result.transformers, field)
        spread = f"{ratio.lower_quartile:.2f} to {ratio.upper_quartile:.2f}"
        times = f"{ours:8.2f} ms, transformers {theirs:8.2f} ms"
        lines.append(f"{name:24} {times}: {ratio.median:.2f} times as fast ({spread})")
    return [*lines, result.notes]
