"""Stage one: the patch encoder on dense labels."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import DataLoader

from ...perception.encoder import PatchEncoder, PatchHeads
from .patches import PatchBatch, PatchStream
from .progress import RunLog, load_training, save_training
from .settings import TrainSettings

_EVALUATION_SEEDS = 500_000
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
        label=_cross_entropy(heads.label[on], batch.label[on]),
        motion=_cross_entropy(heads.motion[on], batch.motion[on]),
        centre=_mean(F.smooth_l1_loss(heads.centre[on], batch.centre[on], reduction="none", beta=0.3)),
        side=_mean(F.smooth_l1_loss(heads.side[on], batch.side[on], reduction="none", beta=0.3)),
    )


@torch.inference_mode()
def encoder_scores(encoder: PatchEncoder, batch: PatchBatch) -> dict[str, float]:
    """Shares of patches on which each head is right."""
    with torch.autocast(batch.views.device.type, torch.bfloat16):
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
        self.average: PatchEncoder = copy.deepcopy(self.encoder)
        self.optimizer = torch.optim.AdamW(
            self.encoder.parameters(), settings.encoder_lr, weight_decay=0.02, betas=(0.9, 0.98)
        )
        self.step = 0

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

    def learn(self, batch: PatchBatch) -> float:
        """One step on a batch; returns the loss."""
        for group in self.optimizer.param_groups:
            group["lr"] = cosine(self.settings.encoder_lr, self.step, self.settings.encoder_steps, 300)
        with torch.autocast(torch.device(self.settings.device).type, torch.bfloat16):
            _, heads = self.encoder(batch.views, batch.before)
        loss = encoder_losses(heads, batch).total
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.encoder.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.step += 1
        self._average()
        return float(loss.detach())

    def finished(self) -> PatchEncoder:
        """The running average: better than the weights of any one step."""
        self.average.eval()
        return self.average

    @torch.no_grad()
    def _average(self) -> None:
        share = 1 - min(_EMA, self.step / (self.step + 9))
        torch._foreach_lerp_(list(self.average.parameters()), list(self.encoder.parameters()), share)


def train_encoder(settings: TrainSettings, log: RunLog) -> PatchEncoder:
    """The averaged encoder after all steps; goes on from `encoder.pt` where one lies."""
    path, trainer = settings.out / "encoder.pt", EncoderTrainer(settings)
    if (state := load_training(path)) is not None:
        trainer.restore(state)
    if trainer.step >= settings.encoder_steps:
        return trainer.finished()
    data = PatchStream(settings.encoder_batch, first_batch=trainer.step)
    held_out = _held_out(settings)
    with log.bar("encoder", settings.encoder_steps, trainer.step) as bar:
        # One process renders while this one learns.
        for batch in DataLoader(data, batch_size=None, num_workers=1, prefetch_factor=8):
            loss = trainer.learn(to_device(batch, settings.device))
            bar.advance(f"loss {loss:.2f}" if trainer.step % 10 == 0 else None)
            if trainer.step % 250 == 0 or trainer.step >= settings.encoder_steps:
                scores = _evaluate(trainer.average, held_out)
                log.record("encoder", trainer.step, {"loss": loss, **scores})
                save_training(path, trainer.state())
            if trainer.step >= settings.encoder_steps:
                break
    return trainer.finished()


def to_device(batch: PatchBatch, device: str) -> PatchBatch:
    """The same batch on another device."""
    return PatchBatch(*(getattr(batch, f.name).to(device, non_blocking=True) for f in fields(batch)))


def cosine(peak: float, step: int, total: int, warmup: int) -> float:
    """Learning rate: linear up over `warmup` steps, then half a cosine down to a hundredth."""
    warm = min(1.0, (step + 1) / min(warmup, max(total // 5, 1)))
    return peak * warm * (0.01 + 0.99 * (0.5 + 0.5 * math.cos(math.pi * min(step / total, 1.0))))


def _held_out(settings: TrainSettings) -> list[PatchBatch]:
    stream = iter(PatchStream(min(256, settings.encoder_batch * 4), seeds=_EVALUATION_SEEDS))
    return [to_device(next(stream), settings.device) for _ in range(2)]


def _evaluate(encoder: PatchEncoder, batches: Sequence[PatchBatch]) -> dict[str, float]:
    scores = [encoder_scores(encoder, batch) for batch in batches]
    return {name: sum(s[name] for s in scores) / len(scores) for name in scores[0]}


def _cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    return F.cross_entropy(logits, targets) if len(targets) else logits.sum() * 0


def _mean(values: Tensor) -> Tensor:
    return values.mean() if values.numel() else values.sum() * 0
