"""Stage one: the patch encoder on dense labels."""

from __future__ import annotations

import copy
import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from ...generation.checkpoint import load_narrator
from ...perception.encoder import PatchEncoder, PatchHeads
from .feeder import to_device
from .loop import Look, Portion, Position, Stage, run_stage
from .patches import PatchBatch
from .precision import mixed_precision
from .progress import RunLog
from .rounds import held_out, rendered
from .settings import TrainSettings
from .shards import from_shards, make_shards
from .start import grow_from

_EVALUATE_EVERY = 250
_EMA = 0.998


@dataclass(frozen=True, slots=True)
class EncoderLosses:
    """The parts of the encoder's loss, each a mean."""

    thing: Tensor
    colour: Tensor
    label: Tensor
    motion: Tensor
    centre: Tensor
    side: Tensor

    @property
    def total(self) -> Tensor:
        return (
            self.thing
            + 0.5 * self.colour
            + self.label
            + 0.6 * self.motion
            + 0.4 * self.centre
            + 0.2 * self.side
        )


def encoder_losses(heads: PatchHeads, batch: PatchBatch) -> EncoderLosses:
    """Segmentation on every patch; all else only where a thing is, colour only where channels are true."""
    on = batch.thing
    coloured = on & batch.has_colour[:, None] & (batch.colour >= 0)
    return EncoderLosses(
        thing=F.binary_cross_entropy_with_logits(heads.thing, on.float()) * 4,
        colour=_cross_entropy(heads.colour[coloured], batch.colour[coloured]),
        label=_cross_entropy(
            heads.label[on], batch.label[on], _rarity(batch.label[on], heads.label.shape[-1])
        ),
        motion=_cross_entropy(heads.motion[on], batch.motion[on]),
        centre=_mean(F.smooth_l1_loss(heads.centre[on], batch.centre[on], reduction="none", beta=0.3)),
        side=_mean(F.smooth_l1_loss(heads.side[on], batch.side[on], reduction="none", beta=0.3)),
    )


@torch.inference_mode()
def encoder_scores(encoder: PatchEncoder, batch: PatchBatch) -> dict[str, float]:
    """Shares of patches on which each head is right."""
    with mixed_precision(batch.views.device.type):
        _, heads = encoder(batch.views, batch.before)
    on, said = batch.thing, heads.thing > 0
    true_colour = on & batch.has_colour[:, None] & (batch.colour >= 0)
    hits = (on & said).sum().item()
    return {
        "thing_precision": hits / max(said.sum().item(), 1),
        "thing_recall": hits / max(on.sum().item(), 1),
        "colour": (heads.colour.argmax(-1) == batch.colour)[true_colour].float().mean().item(),
        "label": (heads.label.argmax(-1) == batch.label)[on].float().mean().item(),
        "motion": (heads.motion.argmax(-1) == batch.motion)[on].float().mean().item(),
        "centre_error": (heads.centre - batch.centre)[on].abs().mean().item(),
    }


class EncoderTrainer:
    """Weights, their running average, and the optimiser, as one state that can be saved."""

    def __init__(self, settings: TrainSettings) -> None:
        self.settings = settings
        torch.manual_seed(settings.seed)
        self.encoder: PatchEncoder = PatchEncoder().to(settings.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        if settings.start:
            grow_from(self.encoder, load_narrator(Path(settings.start)).encoder)
        self.average: PatchEncoder = copy.deepcopy(self.encoder)
        self.optimizer = torch.optim.AdamW(
            self.encoder.parameters(), settings.encoder_lr, weight_decay=0.02, betas=(0.9, 0.98)
        )
        self.step = 0
        self._read = torch.compile(self.encoder) if settings.compile else self.encoder

    def state(self) -> dict[str, Any]:
        return {
            "encoder": self.encoder.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.encoder.load_state_dict(state["encoder"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step = state["step"]

    def learn(self, batch: PatchBatch) -> dict[str, float | Tensor]:
        """One step on a batch; returns the loss, the norm of its gradient and the learning rate."""
        rate = cosine(self.settings.encoder_lr, self.step, self.settings.encoder_steps, 300)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        with mixed_precision(self.settings.device):
            _, heads = self._read(batch.views, batch.before)
        loss = encoder_losses(heads, batch).total
        loss.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(self.encoder.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.step += 1
        self._average()
        return {"loss": loss.detach(), "grad_norm": norm, "lr": rate}

    def finished(self) -> PatchEncoder:
        """The running average: better than the weights of any one step."""
        self.average.eval()
        return self.average

    @torch.no_grad()
    def _average(self) -> None:
        share = 1 - min(_EMA, self.step / (self.step + 9))
        torch._foreach_lerp_(list(self.average.parameters()), list(self.encoder.parameters()), share)


def train_encoder(settings: TrainSettings, log: RunLog) -> PatchEncoder:
    """The averaged encoder after all steps; goes on from `encoder.pt` where one lies. With no steps, that of `start`."""
    if not settings.encoder_steps:
        return load_narrator(Path(settings.start)).encoder.to(settings.device).eval()
    trainer = EncoderTrainer(settings)
    paths = make_shards(settings, log) if settings.shards else []
    batches: list[PatchBatch] = []

    def data(step: int, position: Position | None) -> Generator[Portion[PatchBatch] | None, None, None]:
        return from_shards(settings, paths, step) if paths else rendered(settings, step)

    def evaluate(step: int) -> dict[str, float]:
        if not batches:
            batches.extend(to_device(batch, settings.device) for batch in held_out(settings))
        return _evaluate(trainer.average, batches)

    looks = [Look(_EVALUATE_EVERY if settings.evaluate_every else 0, evaluate)]
    run_stage(Stage("encoder", settings.encoder_steps, "pictures", trainer, data, looks), settings, log)
    return trainer.finished()


def cosine(peak: float, step: int, total: int, warmup: int) -> float:
    """Learning rate: linear up over `warmup` steps, then half a cosine down to a hundredth."""
    warm = min(1.0, (step + 1) / min(warmup, max(total // 5, 1)))
    return peak * warm * (0.01 + 0.99 * (0.5 + 0.5 * math.cos(math.pi * min(step / total, 1.0))))


def _evaluate(encoder: PatchEncoder, batches: Sequence[PatchBatch]) -> dict[str, float]:
    scores = [encoder_scores(encoder, batch) for batch in batches]
    return {name: sum(s[name] for s in scores) / len(scores) for name in scores[0]}


def _cross_entropy(logits: Tensor, targets: Tensor, weight: Tensor | None = None) -> Tensor:
    return F.cross_entropy(logits, targets, weight) if len(targets) else logits.sum() * 0


def _rarity(targets: Tensor, num: int) -> Tensor:
    """Weights of classes [num]: what is rare in the batch counts more, by the root of how rare it is."""
    counts = torch.bincount(targets, minlength=num).float()
    return ((len(targets) / num + 1) / (counts + 1)).sqrt().clamp(0.5, 3.0)


def _mean(values: Tensor) -> Tensor:
    return values.mean() if values.numel() else values.sum() * 0
