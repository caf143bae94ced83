"""`agent train`: from nothing to a narrator, in stages, each of which can be interrupted and goes on where it was."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import torch
import typer

from ..errors import ConfigError
from ..generation.checkpoint import load_narrator, save_narrator
from .training.calibration import calibrate
from .training.checkpoints import shielded
from .training.encoder_stage import train_encoder
from .training.imitation_stage import check_imitation, imitate
from .training.language_stage import new_narrator, train_language
from .training.lock import sole_run
from .training.progress import RunLog
from .training.settings import SMOKE, TrainSettings, describe
from .training.settings_file import (
    keep_settings,
    kept_settings,
    parse_assignment,
    read_settings,
    show_settings,
)
from .training.start import blend_with
from .training.stream_stage import ready_streams

WEIGHTS = "nano.safetensors"
_SMOKE_OUT = Path("runs/smoke")


def train(settings: TrainSettings, force: bool = False) -> Path:
    """Run all stages that are not done yet; returns the file with the weights.

    Raises ConfigError where the run was begun with settings of another curve (unless forced) or goes on in another
    process, CheckpointError where a state is broken, of another size, or cannot be written.
    """
    _check_device(settings.device)
    with sole_run(settings.out):
        return _train(settings, force)


def _train(settings: TrainSettings, force: bool) -> Path:
    log, path = RunLog(settings.out, tensorboard=settings.tensorboard), settings.out / WEIGHTS
    keep_settings(settings, force)
    if path.exists() and not force:
        log.tell(f"{path} is there already; delete it, or choose another --out, to train again")
        return path
    # While the encoder learns, the other processes draw its pictures.
    torch.set_num_threads(max(1, settings.threads - (settings.workers - 1)))
    encoder = train_encoder(settings, log)
    torch.set_num_threads(settings.threads)
    narrator = new_narrator(settings, encoder.cpu())
    check_imitation(settings, narrator)  # before minutes of rendering
    streams = ready_streams(settings, encoder, log)
    if settings.imitation_steps:
        imitate(settings, narrator, streams, log)
    narrator = train_language(settings, narrator, streams, log)
    if settings.blend < 1 and settings.start:
        trained = load_narrator(Path(settings.start))
        blend_with(narrator.cpu(), trained, settings.blend, settings.fresh_mixers)
    calibrate(settings, narrator.cpu(), log)
    with shielded():
        save_narrator(narrator, path)
    log.tell(f"trained in {_duration(log.minutes)}")
    log.close()
    return path


def command(
    config: Annotated[
        Path | None,
        typer.Option(help="A TOML file of settings; what stands on the command line wins over it."),
    ] = None,
    show_config: Annotated[
        bool, typer.Option("--show-config", help="Print all settings as such a file, and do nothing.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for states, log and weights; an interrupted run goes on from it. [runs/nano]"
        ),
    ] = None,
    encoder_steps: Annotated[
        int | None,
        typer.Option(
            help="Batches of labelled pictures for the patch encoder; 0 takes that of `start`. [7500]"
        ),
    ] = None,
    streams: Annotated[
        int | None, typer.Option(help="Worlds to narrate, each read once through the encoder. [2400]")
    ] = None,
    language_steps: Annotated[
        int | None, typer.Option(help="Batches of token segments for the whole model. [3800]")
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="Any other setting, such as `--set language_lr=1e-3`; may be repeated."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of weights and order. [0]")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes. [all cores]")] = None,
    threads: Annotated[int | None, typer.Option(help="Threads of torch. [all cores]")] = None,
    device: Annotated[str | None, typer.Option(help="cpu, or cuda where there is one. [cpu]")] = None,
    compile_: Annotated[
        bool, typer.Option("--compile", help="Let torch compile the models; pays on a GPU.")
    ] = False,
    shards: Annotated[
        str | None,
        typer.Option(
            help="Folder of pictures rendered ahead; for a GPU that learns faster than the cores draw."
        ),
    ] = None,
    tensorboard: Annotated[
        bool,
        typer.Option("--tensorboard", help="Also write OUT/tensorboard (pip install 'millrace[train]')."),
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Go on with a run although its settings have changed.")
    ] = False,
    smoke: Annotated[
        bool,
        typer.Option("--smoke", help="A tiny run of a minute that shows that all stages work. [runs/smoke]"),
    ] = False,
) -> None:
    """Train nano from nothing on StreamWorld, in four stages, each of which goes on where it was.

    1. **encoder**: the patch encoder learns from rendered pictures with dense labels. All cores but one render.

    2. **streams**: worlds are rendered on all cores and read once through the encoder.

    3. **language**: the whole model learns to narrate, to answer and to alert; now and then it is rehearsed on worlds
    kept for that (F1 of narration, share of right answers). Mixers that begin anew in trained weights (another pattern,
    fresh_mixers) can learn before it, in imitation_steps, to write what those of start write at their places, and with
    `likeness` the whole is drawn to start while it learns.

    4. **calibrate**: the probability of speech from which the gate opens is chosen.

    Writes OUT/nano.safetensors; beside it log.csv (all curves), pictures/ (narrated moments of one world as the model
    learns), settings.toml, and the last two states of each stage. Ctrl-C is safe at any time: the same command goes on
    along the same curve.

    **Examples**

    - `agent train --smoke`: a minute, to see all stages work

    - `agent train --out runs/mine`: hours on two cores; the weights that ship are a chain of such runs

    - `agent train --show-config > mine.toml`, then `agent train --config mine.toml --out runs/mine`

    - `agent train --out runs/mamba --encoder-steps 0 --set start=nano.safetensors --set pattern=MMMMMMMM --set
    imitation_steps=500`: Mamba in the place of attention

    - `agent train --device cuda --shards /data/pictures --set encoder_batch=512 --set language_rows=64`
    """
    flags: dict[str, Any] = {
        "out": out,
        "encoder_steps": encoder_steps,
        "num_streams": streams,
        "language_steps": language_steps,
        "seed": seed,
        "workers": workers,
        "threads": threads,
        "device": device,
        "compile": compile_ or None,
        "shards": shards,
        "tensorboard": tensorboard or None,
    }
    given = {name: value for name, value in flags.items() if value is not None}
    given |= dict(parse_assignment(text) for text in set_ or ())
    settings = layered(given, read_settings(config) if config else {}, smoke)
    if show_config:
        typer.echo(show_settings(settings), nl=False)
        return
    path = train(settings, force)
    typer.echo(
        f"{path}: see it live with `agent run --cams 4 --model {path}`, measure it with `agent score --model {path}`"
    )


def layered(given: dict[str, Any], from_file: dict[str, Any], smoke: bool) -> TrainSettings:
    """The command line wins over the file, the file over what the run was begun with, that over the defaults."""
    base = {"out": _SMOKE_OUT, **SMOKE} if smoke else {}
    asked = {**base, **from_file, **given}
    out = Path(asked.get("out", TrainSettings().out))
    return TrainSettings(**{**base, **kept_settings(out), **from_file, **given})


def _check_device(device: str) -> None:
    if device == "cpu":
        return
    number = int(device.partition(":")[2] or 0)
    if number >= torch.cuda.device_count():
        raise ConfigError(
            f"device is {device!r}, and torch finds {torch.cuda.device_count()} such devices here; "
            f"give {describe('device')}"
        )


def _duration(minutes: float) -> str:
    return f"{minutes // 60:.0f} h {minutes % 60:.0f} min" if minutes >= 60 else f"{minutes:.1f} min"
