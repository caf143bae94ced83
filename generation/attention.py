"""Grouped-query attention without positional encoding (GQA: Ainslie et al. 2023, arXiv:2305.13245)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .config import HybridConfig


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
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
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
    num_before = k.shape[2] - q.shape[2]
    to = torch.arange(k.shape[2], device=q.device)
    gap = to[num_before:, None] - to
    near = (gap >= 0) & (gap < window)
    if q.device.type != "cpu":
        own = to >= (num_before - num_valid)[:, None]
        return F.scaled_dot_product_attention(q, k, v, (near & own[:, None])[:, None], enable_gqa=True)
    # Row by row: what streams have read before differs widely, and the time with it.
    rows = zip(*(part.unsqueeze(1) for part in (q, k, v)), (num_before - num_valid).tolist(), strict=True)
    return torch.cat(
        [
            F.scaled_dot_product_attention(q, k[:, :, n:], v[:, :, n:], near[:, n:], enable_gqa=True)
            for q, k, v, n in rows
        ]
    )
