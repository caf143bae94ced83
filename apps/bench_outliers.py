"""`agent bench outliers`: how friendly a model is to quantisation, by its activations and by what rounding costs."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

from ..generation.backbone import Layer
from ..generation.checkpoint import load_narrator
from ..generation.narrator import Narrator
from .report_file import check_writable, write_json
from .scoring.examinees import NarratorExaminee
from .scoring.matching import Score, compare
from .scoring.narration import told
from .scoring.papers import PAPERS, Setting, Sheet
from .scoring.sitting import sit
from .training.sequences import build_sequence, gather
from .training.talk import TalkRates
from .training.tickstreams import read_stream

PLACES = (
    "stream",
    "mixer.in",
    "mixer.out",
    "mlp.in",
    "mlp.out",
)  # behind a layer, and before its four products
_PRODUCTS = {
    "mixer.in": ("mixer.in_proj", "mixer.qkv_proj"),
    "mixer.out": ("mixer.out_proj",),
    "mlp.in": ("mlp.gate_up",),
    "mlp.out": ("mlp.down",),
}


@dataclass(frozen=True, slots=True)
class Spread:
    """Activations at one place: a normal distribution has kurtosis 3; one far value among small ones drives both up."""

    kurtosis: float
    max_to_median: float  # of magnitudes


@dataclass(frozen=True, slots=True)
class LayerSpread:
    """One layer, from 1: `kind` is M for Mamba-2, A for attention."""

    number: int
    kind: str
    places: dict[str, Spread]


@dataclass(frozen=True, slots=True)
class Rounded:
    """What is said with all matrices rounded to so many bits; `bits` 32 is the model as it is."""

    bits: int
    f1: float
    agreement: float  # F1 of what it states against what the model as it is states


@dataclass(frozen=True, slots=True)
class OutlierBench:
    """The result over some held-out worlds."""

    version: int
    num_worlds: int
    num_tokens: int
    layers: tuple[LayerSpread, ...]
    rounded: tuple[Rounded, ...]


def bench_outliers(narrator: Narrator, settings: Sequence[Setting], bits: Sequence[int]) -> OutlierBench:
    """Activations on the tokens of these worlds, and the narration of the same worlds at each number of bits."""
    inputs = [tokens_of(narrator, setting) for setting in settings]
    return OutlierBench(
        version=1,
        num_worlds=len(settings),
        num_tokens=sum(x.shape[1] for x in inputs),
        layers=spreads(narrator, inputs),
        rounded=narrations(narrator, settings, bits),
    )


@torch.inference_mode()
def tokens_of(narrator: Narrator, setting: Setting) -> Tensor:
    """What the backbone reads of a world, its true sentences among it: [1, T, D]."""
    stream, rng = read_stream(narrator.encoder, setting.world()), np.random.default_rng(setting.seed)
    sequence = build_sequence(stream, narrator.vocabulary, rng, TalkRates(instructed=0.0, slipped=0.0))
    batch = gather([(sequence, 0)], len(sequence.kind))
    return batch.embed(narrator.embedding, narrator.config.backbone.d_model)


@torch.inference_mode()
def spreads(narrator: Narrator, inputs: Sequence[Tensor]) -> tuple[LayerSpread, ...]:
    """How the activations of every layer are spread over all inputs [1, T, D]."""
    layers = [layer for layer in narrator.backbone.layers if isinstance(layer, Layer)]
    found: list[dict[str, list[Tensor]]] = [{place: [] for place in PLACES} for _ in layers]
    hooks = [hook for layer, kept in zip(layers, found, strict=True) for hook in _watch(layer, kept)]
    for x in inputs:
        narrator.backbone(x)
    for hook in hooks:
        hook.remove()
    return tuple(
        LayerSpread(
            n,
            kind,
            {place: spread(torch.cat([part.flatten() for part in parts])) for place, parts in kept.items()},
        )
        for n, (kind, kept) in enumerate(zip(narrator.config.backbone.pattern, found, strict=True), start=1)
    )


def spread(values: Tensor) -> Spread:
    """Of values of any shape."""
    x = values.flatten().double()
    x_0 = x - x.mean()
    kurtosis = x_0.pow(4).mean() / x_0.square().mean().square().clamp(min=1e-30)
    ratio = x.abs().max() / x.abs().median().clamp(min=1e-30)
    return Spread(round(kurtosis.item(), 2), round(ratio.item(), 1))


def rounded(narrator: Narrator, bits: int) -> Narrator:
    """A copy whose matrices hold only 2^bits - 1 values a row: each row (an output) by its own largest weight.

    Products, convolutions and tables of vectors are rounded, encoder and heads among them; norms and biases are not.
    """
    made, most = copy.deepcopy(narrator).eval(), 2 ** (bits - 1) - 1
    with torch.no_grad():
        for module in made.modules():
            if isinstance(module, (nn.Linear, nn.Conv2d, nn.Embedding)):
                rows = module.weight.flatten(1)
                step = rows.abs().amax(1, keepdim=True).clamp(min=1e-12) / most
                module.weight.copy_((rows / step).round().mul(step).view_as(module.weight))
    return made


def narrations(narrator: Narrator, settings: Sequence[Setting], bits: Sequence[int]) -> tuple[Rounded, ...]:
    """F1 of the model as it is and rounded, before the same worlds."""
    models = {32: narrator} | {n: rounded(narrator, n) for n in bits}
    examinees = [NarratorExaminee(model, str(n)) for n, model in models.items()]
    scores, agreed = dict.fromkeys(models, Score()), dict.fromkeys(models, Score())
    for setting in settings:
        sitting = sit(examinees, Sheet(setting))
        read = {n: told(sitting, str(n)) for n in models}
        for n in models:
            scores[n] += read[n].score
            agreed[n] += compare(read[n].said, read[32].said)
    return tuple(Rounded(n, round(scores[n].f1, 4), round(agreed[n].f1, 4)) for n in models)


def _watch(layer: Layer, kept: dict[str, list[Tensor]]) -> list[torch.utils.hooks.RemovableHandle]:
    hooks = [layer.register_forward_hook(lambda _, __, out: kept["stream"].append(out[0]))]
    for place, names in _PRODUCTS.items():
        for name, module in layer.named_modules():
            if name in names:
                keep = kept[place].append
                hooks.append(module.register_forward_pre_hook(lambda _, args, keep=keep: keep(args[0])))
    return hooks


def command(
    model: Annotated[str, typer.Option(help="`nano`, or the file of a trained model.")] = "nano",
    worlds: Annotated[
        int, typer.Option(help="Held-out worlds, shapes and things in turn.", min=2, max=64, metavar="N")
    ] = 8,
    bits: Annotated[
        list[int] | None,
        typer.Option(help="Round to so many bits; may be repeated. [8, 6, 4]", min=2, max=16),
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write a report; `-` prints it.", metavar="FILE")
    ] = None,
) -> None:
    """Measure outliers: how the activations of every layer are spread, and what rounding all weights costs."""
    if json_file is not None:
        check_writable(json_file)
    torch.set_num_threads(1)
    half = [PAPERS[paper][: (worlds + 1) // 2] for paper in ("shapes", "things")]
    settings = [setting for pair in zip(*half, strict=True) for setting in pair][:worlds]
    result = bench_outliers(
        load_narrator(None if model == "nano" else Path(model)), settings, bits or (8, 6, 4)
    )
    if json_file is not None:
        write_json(json_file, asdict(result))
    if str(json_file) != "-":
        print_outliers(Console(), result)


def print_outliers(console: Console, result: OutlierBench) -> None:
    """Two tables for a person."""
    about = f"{result.num_worlds} worlds, {result.num_tokens:,} tokens"
    table = Table(title=f"Kurtosis (largest to median): {about}", title_justify="left")
    for name in ("layer", *PLACES):
        table.add_column(name.replace(".", " "), justify="right")
    for layer in result.layers:
        cells = [f"{s.kurtosis:.1f} ({s.max_to_median:.0f})" for s in layer.places.values()]
        table.add_row(f"{layer.number} {layer.kind}", *cells)
    console.print(table)
    table = Table(title="All weights rounded, each row by its largest", title_justify="left")
    for name in ("bits", "narration F1", "agreement"):
        table.add_column(name, justify="right")
    for row in result.rounded:
        table.add_row(str(row.bits), f"{row.f1:.3f}", f"{row.agreement:.3f}")
    console.print(table)
