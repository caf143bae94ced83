"""The short causal depthwise convolution of Mamba layers with its SiLU, and its gradient."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

_ROWS = 128  # tokens worked on at once, so that the float32 copies stay in a core's cache


def causal_conv_ref(x: Tensor, weight: Tensor, bias: Tensor, before: Tensor) -> Tensor:
    """`silu(bias + sum_k weight[:, k] * x[t - K + 1 + k])`.

    x `[B, T, N]`, weight `[N, K]`, bias `[N]`, before `[B, K-1, N]` (the inputs ahead of x).
    Returns `[B, T, N]`.
    """
    padded = torch.cat([before.to(x.dtype), x], dim=1).mT
    return F.silu(F.conv1d(padded, weight[:, None].to(x.dtype), bias.to(x.dtype), groups=len(weight))).mT


def causal_conv(x: Tensor, weight: Tensor, bias: Tensor, before: Tensor) -> Tensor:
    """`causal_conv_ref` with the sums in float32, differentiable; no gradient flows into `before`."""
    num_kept = weight.shape[1] - 1
    if before.shape != (x.shape[0], num_kept, x.shape[2]):
        wanted = (x.shape[0], num_kept, x.shape[2])
        raise ValueError(f"before has shape {tuple(before.shape)}: x and weight ask for {wanted}")
    if weight.shape[0] != x.shape[2]:
        raise ValueError(f"weight has {weight.shape[0]} channels: x has {x.shape[2]}")
    with torch.autocast(x.device.type, enabled=False):
        if x.device.type != "cpu":
            return causal_conv_ref(x, weight, bias, before)
        y: Tensor = _CausalConv.apply(x, weight, bias, before)  # type: ignore[no-untyped-call]
        return y


class _CausalConv(torch.autograd.Function):
    """On a CPU bfloat16 sums of shifted inputs leave the vector path; float32 blocks in the cache do not."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, before: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight, bias, before)
        taps = weight.t().float().contiguous()
        y = torch.empty_like(x, memory_format=torch.contiguous_format)
        for b, start, rows in _blocks(x, before):
            pre = _convolve(rows, taps, bias)
            y[b, start : start + len(pre)] = F.silu(pre, inplace=True)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, bias, before = ctx.saved_tensors
        taps = weight.t().float().contiguous()
        num_kept = len(taps) - 1
        dx = torch.empty_like(dy, memory_format=torch.contiguous_format)
        dtaps, dbias = torch.zeros_like(taps), torch.zeros_like(bias)
        for b, start, rows in _blocks(x, before):
            pre = _convolve(rows, taps, bias)
            dpre = torch.ops.aten.silu_backward(dy[b, start : start + len(pre)].float(), pre)
            dbias += dpre.sum(0)
            drows = torch.zeros_like(rows)
            for k, tap in enumerate(taps):
                drows[k : k + len(pre)].addcmul_(dpre, tap)
                dtaps[k] += torch.mul(dpre, rows[k : k + len(pre)], out=pre).sum(0)
            if start:
                dx[b, start - num_kept : start] += drows[:num_kept]
            dx[b, start : start + len(pre)] = drows[num_kept:]
        return dx, dtaps.t(), dbias, None


def _blocks(x: Tensor, before: Tensor) -> Iterator[tuple[int, int, Tensor]]:
    """Sequence, first token, and float32 rows `[K-1 + n, N]` of every block."""
    num_kept = before.shape[1]
    for b in range(x.shape[0]):
        for start in range(0, x.shape[1], _ROWS):
            ahead = x[b, start - num_kept : start] if start else before[b]
            yield b, start, torch.cat([ahead.float(), x[b, start : start + _ROWS].float()])


def _convolve(rows: Tensor, taps: Tensor, bias: Tensor) -> Tensor:
    num_tokens = len(rows) - len(taps) + 1
    pre = torch.addcmul(bias, rows[:num_tokens], taps[0])
    for k in range(1, len(taps)):
        pre.addcmul_(rows[k : k + num_tokens], taps[k])
    return pre
