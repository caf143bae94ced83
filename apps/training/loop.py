"""The loop of both learning stages: feed, learn, log, look, save; and go on where it was."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import torch
from torch import Tensor

from ...errors import CheckpointError
from .checkpoints import load_training, save_training, shielded
from .feeder import Feeder, pinned, to_device
from .meters import Gauge, Meter
from .progress import Bar, RunLog
from .settings import TrainSettings

B = TypeVar("B")
B_in = TypeVar("B_in", contravariant=True)
Position = Mapping[str, Any]
_NOTE_EVERY = 5


class Trainer(Protocol[B_in]):
    """Weights and optimiser as one state."""

    step: int

    def state(self) -> dict[str, Any]: ...

    def restore(self, state: dict[str, Any]) -> None: ...

    def learn(self, batch: B_in) -> Mapping[str, float | Tensor]:
        """One step on a batch; returns figures to be averaged, `loss` among them."""
        ...


@dataclass(frozen=True, slots=True)
class Portion(Generic[B]):
    """A batch, and where its data goes on behind it (None where that follows from the step)."""

    batch: B
    num_items: int
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """Something done now and then with what has been learned: scores to be logged, or None."""

    every: int  # steps; 0 for never
    run: Callable[[int], Mapping[str, float] | None]


@dataclass(frozen=True, slots=True)
class Stage(Generic[B]):
    """One learning stage. `data` gives portions from a step and a position on (None: not ready yet)."""

    name: str
    total: int
    items: str  # what is counted: pictures, tokens
    trainer: Trainer[B]
    data: Callable[[int, Position | None], Generator[Portion[B] | None, None, None]]
    looks: Sequence[Look] = ()


def run_stage(stage: Stage[B], settings: TrainSettings, log: RunLog) -> None:
    """Learn until `total`; goes on from `NAME.pt` where one lies. Ctrl-C saves first. Raises CheckpointError."""
    path, trainer = settings.out / f"{stage.name}.pt", stage.trainer
    position, meter = _resume(path, stage, log)
    if trainer.step >= stage.total:
        return
    keeper = _Keeper(path, trainer, meter, position)
    prepare = _pinned_portion if settings.device != "cpu" else _as_it_is
    feeder = Feeder(stage.data(trainer.step, position), prepare=prepare)
    with log.bar(stage.name, stage.total, trainer.step) as bar, feeder:
        bar.advance("waits for the first batch", 0)
        try:
            _learn(stage, settings, log, bar, feeder, keeper)
        except KeyboardInterrupt:
            keeper.save()
            log.tell(f"{stage.name}: saved at step {trainer.step}; the same command goes on from there")
            raise


def _learn(
    stage: Stage[B],
    settings: TrainSettings,
    log: RunLog,
    bar: Bar,
    feeder: Feeder[Portion[B]],
    keeper: _Keeper,
) -> None:
    trainer, gauge = stage.trainer, Gauge(stage.items)
    for portion in feeder:
        with shielded():
            # Whatever is left to chance within a step is a function of the step, so that a run can go on.
            torch.manual_seed(settings.seed * 1_000_003 + trainer.step)
            keeper.meter.add(trainer.learn(to_device(portion.batch, settings.device)))
            keeper.position = portion.position
            gauge.add(portion.num_items)
            _write_down(stage, settings, log, bar, gauge.figures(feeder), keeper)
            if trainer.step % settings.log_every == 0:
                gauge.renew(feeder)
        _look(stage, log)
        if trainer.step >= stage.total:
            return
        gauge.skip()


def _write_down(
    stage: Stage[B],
    settings: TrainSettings,
    log: RunLog,
    bar: Bar,
    speed: Mapping[str, float],
    keeper: _Keeper,
) -> None:
    step, meter = stage.trainer.step, keeper.meter
    is_done = step >= stage.total
    rate, wait = speed.values()
    note = f"loss {meter.mean('loss'):.3f}  {rate:,.0f} {stage.items}/s  data wait {wait:.0%}"
    bar.advance(note if step % _NOTE_EVERY == 0 or is_done else None)
    if step % settings.log_every == 0 or is_done:
        log.record(stage.name, step, {**meter.take(), **speed})
    if step % settings.save_every == 0 or is_done:
        keeper.save()


def _look(stage: Stage[B], log: RunLog) -> None:
    step = stage.trainer.step
    for look in stage.looks:
        if look.every and (step % look.every == 0 or step >= stage.total):
            scores = look.run(step)
            if scores is not None:
                log.record(stage.name, step, scores)
                shown = "  ".join(f"{name} {value:.3f}" for name, value in scores.items())
                log.tell(f"{stage.name} {step}/{stage.total}: {shown}")


def _resume(path: Path, stage: Stage[B], log: RunLog) -> tuple[Position | None, Meter]:
    meter = Meter()
    if (state := load_training(path, log.tell)) is None:
        return None, meter
    try:
        stage.trainer.restore(state)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[-1].strip()
        raise CheckpointError(
            f"{path} belongs to a model of another size ({reason}): choose another --out, or delete it "
            "to start the stage anew"
        ) from None
    meter.restore(state.get("meter", {}))
    log.rewind(stage.name, stage.trainer.step)
    return state.get("position"), meter


@dataclass(slots=True)
class _Keeper:
    """All that a stage needs to go on."""

    path: Path
    trainer: Trainer[Any]
    meter: Meter
    position: Position | None

    def save(self) -> None:
        extra = {"position": self.position, "meter": self.meter.state()}
        save_training(self.path, {**self.trainer.state(), **extra})


def _as_it_is(portion: Portion[B]) -> Portion[B]:
    return portion


def _pinned_portion(portion: Portion[B]) -> Portion[B]:
    return Portion(pinned(portion.batch), portion.num_items, portion.position)
