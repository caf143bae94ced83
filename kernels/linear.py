"""A matrix product for inference in float32 on a CPU."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_ROWS = 8  # row counts are rounded up to a multiple of this


class Linear(nn.Linear):
    """`nn.Linear` that takes `linear` where neither a gradient nor another precision is asked for."""

    def forward(self, x: Tensor) -> Tensor:
        """x `[..., I]`; returns `[..., O]`."""
        if torch.is_grad_enabled() or torch.is_autocast_enabled(x.device.type):
            return super().forward(x)
        return linear(x.reshape(-1, self.in_features), self.weight, self.bias).view(*x.shape[:-1], -1)


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """`x @ weight.T + bias`: x `[N, I]`, weight `[O, I]`, bias `[O]`; returns `[N, O]`. No gradient.

    On CPUs other than Intel's, oneDNN is about twice as fast as the BLAS that `F.linear` calls; both are
    exact to float32 rounding.
    """
    if _ONEDNN is None or x.dtype != torch.float32 or not x.is_cpu or not _is_dense(x, weight):
        return F.linear(x, weight, bias)
    num_rows = len(x)
    # oneDNN keeps a program and buffers for every number of rows it has met, megabytes for each.
    padded = F.pad(x, (0, 0, 0, -num_rows % _ROWS))
    return _ONEDNN(padded, weight, bias, "none", [], "")[:num_rows]


def _is_dense(x: Tensor, weight: Tensor) -> bool:
    """A slice of a wider matrix sends oneDNN to its reference loops, a hundred times slower."""
    return x.is_contiguous() and (weight.is_contiguous() or weight.t().is_contiguous())


def _find_onednn() -> Callable[..., Tensor] | None:
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return None
    try:
        operator: Callable[..., Tensor] = torch.ops.mkldnn._linear_pointwise.default
        return operator
    except (AttributeError, RuntimeError):
        return None


_ONEDNN = _find_onednn()
