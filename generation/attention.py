"""Grouped-query attention without positional encoding (GQA: Ainslie et al. 2023, arXiv:2305.13245)."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from .config import HybridConfig


class Attention(nn.Module):
    """Order comes from the Mamba-2 layers, so keys carry no position and may leave the window freely."""

    def __init__(self, config: HybridConfig) -> None:
        super().__init__()
        self.num_heads, self.num_kv_heads = config.num_heads, config.num_kv_heads
        self.head_dim = config.head_dim
        width = config.num_heads * config.head_dim
        self.qkv_proj = nn.Linear(
            config.d_model, width + 2 * config.num_kv_heads * config.head_dim, bias=False
        )
        self.out_proj = nn.Linear(width, config.d_model, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Full causal attention over x `[B, T, D]`; returns `[B, T, D]`."""
        heads = self.qkv_proj(x).unflatten(-1, (-1, self.head_dim)).transpose(1, 2)
        q, k, v = heads.split([self.num_heads, self.num_kv_heads, self.num_kv_heads], dim=1)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
        out: Tensor = self.out_proj(y.transpose(1, 2).flatten(2))
        return out
