"""What the language stage minimises: the next word, where there is one to say."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from .words import SILENT

IGNORE = -100


def text_loss(logits: Tensor, targets: Tensor, silence_weight: float) -> Tensor:
    """Cross entropy over positions with a target: logits [N, V], targets [N] (IGNORE where nothing is said).

    Silence is most of every stream, and counts only `silence_weight`, else it drowns the words.
    """
    losses = F.cross_entropy(logits.float(), targets, ignore_index=IGNORE, reduction="none")
    weights = (targets != IGNORE).float() * (1 - (1 - silence_weight) * (targets == SILENT).float())
    return (losses * weights).sum() / weights.sum().clamp(min=1.0)
