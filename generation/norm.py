"""Root mean square normalisation (Zhang and Sennrich 2019, arXiv:1910.07467)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class RMSNorm(nn.Module):
    """Divides by the root mean square of the last dimension (in `num_groups` equal parts) and scales."""

    def __init__(self, width: int, eps: float, num_groups: int = 1) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps
        self.num_groups = num_groups

    def forward(self, x: Tensor) -> Tensor:
        """x `[..., width]`, any float dtype; returns the same shape and dtype."""
        # A float32 weight beside a bfloat16 input would leave the fused path under autocast.
        grouped = x.unflatten(-1, (self.num_groups, -1))
        return F.rms_norm(grouped, grouped.shape[-1:], None, self.eps).flatten(-2) * self.weight.to(x.dtype)
