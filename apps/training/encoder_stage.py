"""Stage one: the patch encoder on dense labels."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from ...perception.encoder import PatchEncoder, PatchHeads
from .patches import PatchBatch


@dataclass(frozen=True, slots=True)
class EncoderLosses:
    """The parts of the encoder's loss, each a mean."""

    thing: Tensor
    colour: Tensor
    shape: Tensor
    motion: Tensor
    centre: Tensor
    side: Tensor

    @property
    def total(self) -> Tensor:
        return self.thing + 0.5 * self.colour + self.shape + 0.6 * self.motion + 0.4 * self.centre + 0.2 * self.side


def encoder_losses(heads: PatchHeads, batch: PatchBatch) -> EncoderLosses:
    """Segmentation on every patch; all else only where a thing is, colour only where channels are true."""
    on = batch.thing
    coloured = on & batch.has_colour[:, None]
    return EncoderLosses(
        thing=F.binary_cross_entropy_with_logits(heads.thing, on.float()) * 4,
        colour=_cross_entropy(heads.colour[coloured], batch.colour[coloured]),
        shape=_cross_entropy(heads.shape[on], batch.shape[on]),
        motion=_cross_entropy(heads.motion[on], batch.motion[on]),
        centre=_mean(F.smooth_l1_loss(heads.centre[on], batch.centre[on], reduction="none", beta=0.3)),
        side=_mean(F.smooth_l1_loss(heads.side[on], batch.side[on], reduction="none", beta=0.3)),
    )


@torch.inference_mode()
def encoder_scores(encoder: PatchEncoder, batch: PatchBatch) -> dict[str, float]:
    """Shares of patches on which each head is right."""
    with torch.autocast("cpu", torch.bfloat16):
        _, heads = encoder(batch.views, batch.before)
    on, said = batch.thing, heads.thing > 0
    true_colour = on & batch.has_colour[:, None]
    hits = (on & said).sum().item()
    return {
        "thing_precision": hits / max(said.sum().item(), 1),
        "thing_recall": hits / max(on.sum().item(), 1),
        "colour": (heads.colour.argmax(-1) == batch.colour)[true_colour].float().mean().item(),
        "shape": (heads.shape.argmax(-1) == batch.shape)[on].float().mean().item(),
        "motion": (heads.motion.argmax(-1) == batch.motion)[on].float().mean().item(),
        "centre_error": (heads.centre - batch.centre)[on].abs().mean().item(),
    }


def _cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    return F.cross_entropy(logits, targets) if len(targets) else logits.sum() * 0


def _mean(values: Tensor) -> Tensor:
    return values.mean() if values.numel() else values.sum() * 0
