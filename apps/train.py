"""`agent train`: from nothing to a narrator, in stages, each of which can be interrupted and goes on where it was."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import torch
import typer

from ..errors import ConfigError
from ..generation.checkpoint import save_narrator
from .training.calibration import calibrate
from .training.encoder_stage import train_encoder
from .training.language_stage import new_narrator, train_language
from .training.progress import RunLog
from .training.settings import SMOKE, TrainSettings
from .training.stream_stage import make_streams, read_shards

_DEFAULT = TrainSettings()


def train(settings: TrainSettings) -> Path:
    """Run all stages that are not done yet; returns the file with the weights."""
    torch.set_num_threads(settings.threads)
    log, path = RunLog(settings.out), settings.out / "nano.safetensors"
    if path.exists():
        log.console.print(f"{path} is there already; delete it, or choose another --out, to train again")
        return path
    encoder = train_encoder(settings, log)
    streams = read_shards(make_streams(settings, encoder.cpu(), log))
    narrator = train_language(settings, new_narrator(settings, encoder), streams, log)
    save_narrator(calibrate(settings, narrator.cpu(), log), path)
    return path


def command(
    out: Annotated[
        Path, typer.Option(help="Folder for states, log and weights; an interrupted run goes on from it.")
    ] = _DEFAULT.out,
    encoder_steps: Annotated[
        int, typer.Option(help="Batches of labelled pictures for the patch encoder.")
    ] = _DEFAULT.encoder_steps,
    streams: Annotated[
        int, typer.Option(help="Worlds to narrate, each read once through the encoder.")
    ] = _DEFAULT.num_streams,
    language_steps: Annotated[
        int, typer.Option(help="Batches of token segments for the whole model.")
    ] = _DEFAULT.language_steps,
    threads: Annotated[int, typer.Option(help="Torch threads.")] = _DEFAULT.threads,
    workers: Annotated[int, typer.Option(help="Processes that render.")] = _DEFAULT.workers,
    device: Annotated[str, typer.Option(help="cpu, or cuda where there is one.")] = _DEFAULT.device,
    seed: Annotated[int, typer.Option(help="Seed of weights and order.")] = _DEFAULT.seed,
    smoke: Annotated[
        bool, typer.Option("--smoke", help="A tiny run of a minute that shows that all stages work.")
    ] = False,
) -> None:
    """Train nano from nothing on StreamWorld: patch encoder on dense labels, then the whole model on narrated streams.

    Writes OUT/nano.safetensors (use it with `agent run --model OUT/nano.safetensors`), OUT/log.csv, and a state of
    each stage. Ctrl-C is safe at any time: the same command goes on from the last state.
    """
    if device != "cpu" and not (device.startswith("cuda") and torch.cuda.is_available()):
        raise ConfigError(f"--device {device}: torch has no such device here; use cpu")
    values: dict[str, Any] = {
        "out": out,
        "encoder_steps": encoder_steps,
        "num_streams": streams,
        "language_steps": language_steps,
        "threads": threads,
        "workers": workers,
        "device": device,
        "seed": seed,
    }
    path = train(TrainSettings(**{**values, **(SMOKE if smoke else {})}))
    typer.echo(
        f"{path}: trained; `agent run --model {path}` uses it, `agent score --model {path}` measures it"
    )
