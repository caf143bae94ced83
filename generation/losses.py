"""What the language stage minimises: the next word, where there is one to say."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from .words import SILENT

IGNORE = -100


def text_loss(
    logits: Tensor, targets: Tensor, silence_weight: float, emphasis: Tensor | None = None
) -> Tensor:
    """Cross entropy over positions with a target: logits [N, V], targets [N] (IGNORE where nothing is said).

    Silence is most of every stream, and counts only `silence_weight`, else it drowns the words; `emphasis` [N] is what a
    word counts beside others.
    """
    losses = F.cross_entropy(logits.float(), targets, ignore_index=IGNORE, reduction="none")
    weights = (targets != IGNORE).float() * (1 - (1 - silence_weight) * (targets == SILENT).float())
    weights = weights if emphasis is None else weights * emphasis
    return (losses * weights).sum() / weights.sum().clamp(min=1.0)


def confidence_loss(sure: Tensor, logits: Tensor, targets: Tensor) -> Tensor:
    """Binary cross entropy of `sure` [N] (a logit, from the detached trunk) against whether a word is right.

    Only where a word is to be said: whether to speak at all is the gate's business.
    """
    spoken = targets > SILENT
    if not spoken.any():
        return sure.sum() * 0
    is_right = (logits.detach()[spoken].argmax(-1) == targets[spoken]).float()
    return F.binary_cross_entropy_with_logits(sure[spoken].float(), is_right)
