"""Root mean square normalisation (Zhang and Sennrich 2019, arXiv:1910.07467)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

_ROWS = 512  # worked on at once on a CPU, so that the float32 copies stay in a core's cache


class RMSNorm(nn.Module):
    """Divides by the root mean square of the last dimension (in `num_groups` equal parts) and scales."""

    def __init__(self, width: int, eps: float, num_groups: int = 1) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps
        self.num_groups = num_groups

    def forward(self, x: Tensor) -> Tensor:
        """x `[..., width]`, any float dtype; returns the same shape, in autocast's dtype where it is on."""
        device = x.device.type
        dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else x.dtype
        rows = x.reshape(-1, self.num_groups, x.shape[-1] // self.num_groups)
        y = _normalise(rows, self.weight.view(rows.shape[1:]), self.eps, dtype)
        return y.view(x.shape)


class _Normalise(torch.autograd.Function):
    """x `[N, G, P]`, weight `[G, P]`. By hand: autograd would walk over float32 copies many times."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, eps: float, dtype: torch.dtype) -> Tensor:
        y = torch.empty(x.shape, dtype=dtype, device=x.device)
        scales = torch.empty(*x.shape[:2], 1, dtype=torch.float32, device=x.device)
        for part in _parts(x):
            rows = x[part].float()
            scale = torch.linalg.vecdot(rows, rows).unsqueeze(-1).div_(x.shape[-1]).add_(eps).rsqrt_()
            scales[part] = scale
            y[part] = (rows * scale).mul_(weight)
        ctx.save_for_backward(x, weight, scales)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, scales = ctx.saved_tensors
        dx, dweight = torch.empty_like(x), torch.zeros_like(weight)
        for part in _parts(x):
            scale, dy_rows = scales[part], dy[part].float()
            unit = x[part] * scale
            both = unit * dy_rows
            dweight += both.sum(0)
            share = (both.mul_(weight)).mean(-1, keepdim=True)
            dx[part] = dy_rows.mul(weight).addcmul_(unit, share, value=-1).mul_(scale)
        return dx, dweight, None, None


def _normalise(x: Tensor, weight: Tensor, eps: float, dtype: torch.dtype) -> Tensor:
    y: Tensor = _Normalise.apply(x, weight, eps, dtype)  # type: ignore[no-untyped-call]
    return y


def _parts(x: Tensor) -> list[slice]:
    step = _ROWS if x.is_cpu else max(1, len(x))
    return [slice(start, start + step) for start in range(0, len(x), step)]
