"""Weights prepared for inference: a norm's weight goes into the projection behind it."""

from __future__ import annotations

import torch
from torch import Tensor


def by_columns(weight: Tensor) -> Tensor:
    """A copy of `[O, I]` whose columns lie together: the product with one vector reads those fastest."""
    return weight.detach().t().contiguous().t()


def folded(weight: Tensor, norm_weight: Tensor) -> Tensor:
    """`[O, I]` behind a norm with weight `[I]`, as one matrix, by columns."""
    return by_columns(weight.detach() * norm_weight.detach())


def inverse_rms(x: Tensor, eps: float) -> float:
    """One over the root mean square of x `[D]`."""
    mean: float = torch.dot(x, x).item() / x.numel()
    return float((mean + eps) ** -0.5)
