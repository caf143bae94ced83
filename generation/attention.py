"""Grouped-query attention without positional encoding (GQA: Ainslie et al. 2023, arXiv:2305.13245)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .config import HybridConfig

_BLOCK = 128  # queries at once on a CPU: their scores stay in the cache, and later keys are never computed


@dataclass(frozen=True, slots=True, eq=False)
class AttentionCarry:
    """What one layer hands from segment to segment: the newest keys and values, as the window does at inference."""

    k: Tensor  # [B, G, W, P]
    v: Tensor  # [B, G, W, P]
    num_valid: Tensor  # int64 [B]: so many of the newest belong to the row's stream

    def detach(self) -> AttentionCarry:
        return AttentionCarry(self.k.detach(), self.v.detach(), self.num_valid)

    def where(self, keep: Tensor) -> AttentionCarry:
        """Without the rows where `keep` [B] is false."""
        return AttentionCarry(self.k, self.v, self.num_valid * keep)


class Attention(nn.Module):
    """Order comes from the Mamba-2 layers, so keys carry no position and may leave the window freely."""

    def __init__(self, config: HybridConfig) -> None:
        super().__init__()
        self.num_heads, self.num_kv_heads = config.num_heads, config.num_kv_heads
        self.head_dim, self.window = config.head_dim, config.window
        width = config.num_heads * config.head_dim
        self.qkv_proj = nn.Linear(
            config.d_model, width + 2 * config.num_kv_heads * config.head_dim, bias=False
        )
        self.out_proj = nn.Linear(width, config.d_model, bias=False)

    def forward(self, x: Tensor, initial: AttentionCarry | None = None) -> tuple[Tensor, AttentionCarry]:
        """Causal attention over x `[B, T, D]` and, with `initial`, over the window before it.

        Returns `[B, T, D]` and what the next segment starts from. Without `initial` every token sees all before it.
        """
        heads = self.qkv_proj(x).view(*x.shape[:2], -1, self.head_dim).transpose(1, 2)
        q, k, v = torch.split(heads, [self.num_heads, self.num_kv_heads, self.num_kv_heads], dim=1)
        num_valid = torch.full((len(x),), x.shape[1], device=x.device)
        if initial is None:
            y = causal_attention(q, k, v)
        else:
            k = torch.cat([initial.k.to(k.dtype), k], dim=2)
            v = torch.cat([initial.v.to(v.dtype), v], dim=2)
            y = window_attention(q, k, v, initial.num_valid, self.window)
            num_valid += initial.num_valid
        out: Tensor = self.out_proj(y.transpose(1, 2).flatten(2))
        k, v = k[:, :, -self.window :], v[:, :, -self.window :]
        return out, AttentionCarry(k, v, num_valid.clamp(max=self.window))


def window_attention(q: Tensor, k: Tensor, v: Tensor, num_valid: Tensor, window: int) -> Tensor:
    """q `[B, H, T, P]` over k, v `[B, G, W + T, P]`: each query sees itself and the `window - 1` tokens before it.

    The first W keys belong to segments before; a row sees only the newest `num_valid` `[B]` of them.
    """
    with torch.autocast(q.device.type, enabled=False):
        batch, _, num_tokens, head_dim = q.shape
        num_before = k.shape[2] - num_tokens
        k, v = k.contiguous(), v.contiguous()
        grouped = (q * head_dim**-0.5).view(batch, k.shape[1], -1, num_tokens, head_dim)
        parts = []
        for start in range(0, num_tokens, _BLOCK):
            block = grouped[:, :, :, start : start + _BLOCK]
            end = num_before + start + block.shape[3]
            first = max(0, end - block.shape[3] - window + 1)
            at, to = (
                torch.arange(end - block.shape[3], end, device=q.device),
                torch.arange(first, end, device=q.device),
            )
            gap = at[:, None] - to
            own = to >= (num_before - num_valid)[:, None]
            seen = ((gap >= 0) & (gap < window))[None] & own[:, None]
            bias = torch.zeros(seen.shape, dtype=q.dtype, device=q.device).masked_fill_(~seen, -torch.inf)
            shape = block.shape[:4]
            scores = (block.flatten(2, 3) @ k[:, :, first:end].mT).view(*shape, -1) + bias[:, None, None]
            parts.append((scores.softmax(-1).flatten(2, 3) @ v[:, :, first:end]).view(*shape, -1))
        return torch.cat(parts, dim=3).flatten(1, 2)


def causal_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """q `[B, H, T, P]`, k and v `[B, G, T, P]`; returns `[B, H, T, P]`. Differentiable.

    On a CPU plain products and softmax by blocks of queries: three times as fast as the fused operator there,
    forward and backward.
    """
    with torch.autocast(q.device.type, enabled=False):
        if q.device.type != "cpu":
            return F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
        batch, _, num_tokens, head_dim = q.shape
        q = (q * head_dim**-0.5).view(batch, k.shape[1], -1, num_tokens, head_dim)
        k, v = k.contiguous(), v.contiguous()
        blocks = [_attend_block(q, k, v, start) for start in range(0, num_tokens, _BLOCK)]
        return torch.cat(blocks, dim=3).flatten(1, 2)


def _attend_block(q: Tensor, k: Tensor, v: Tensor, start: int) -> Tensor:
    q = q[:, :, :, start : start + _BLOCK]  # [B, G, R, Q, P]
    num_queries = q.shape[3]
    end = start + num_queries
    later = torch.full((num_queries, num_queries), -torch.inf, dtype=q.dtype, device=q.device).triu_(1)
    shape = q.shape[:4]
    scores = (q.flatten(2, 3) @ k[:, :, :end].mT).view(*shape, end)
    scores = scores + F.pad(later, (start, 0))
    return (scores.softmax(-1).flatten(2, 3) @ v[:, :, :end]).view(*shape, -1)
