"""An attention mixer at work: reads chunks and steps single tokens over a session's rolling memory."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ..kernels.linear import linear
from ..kernels.sink_attention import sink_attention
from ..memory.layers import AttentionState
from .attention import Attention
from .folded import by_columns, folded, inverse_rms
from .norm import RMSNorm


class AttentionEngine:
    """Weights prepared for inference, and buffers for a step. Not for two threads at once."""

    def __init__(self, norm: RMSNorm, mixer: Attention) -> None:
        self.eps = norm.eps
        self.num_heads, self.num_groups, self.head_dim = mixer.num_heads, mixer.num_kv_heads, mixer.head_dim
        self.scale = mixer.head_dim**-0.5
        self.qkv_weight = folded(mixer.qkv_proj.weight, norm.weight)
        self.out_weight = by_columns(mixer.out_proj.weight)
        self.heads = [self.num_heads, self.num_groups, self.num_groups]
        self._make_buffers()

    def _make_buffers(self) -> None:
        self.qkv = self.qkv_weight.new_zeros(len(self.qkv_weight))
        widths = [self.num_heads * self.head_dim, 2 * self.num_groups * self.head_dim]
        q, new = torch.split(self.qkv, widths)
        self.q = q.view(self.num_groups, -1, self.head_dim)
        self.new = new.view(2, self.num_groups, self.head_dim)  # key and value
        self.y = torch.empty_like(self.q)
        self.y_flat = self.y.view(-1)

    def step(self, hidden: Tensor, state: AttentionState) -> None:
        """One token: add to hidden `[D]`, in place, what the mixer says."""
        scale = inverse_rms(hidden, self.eps)
        torch.addmv(self.qkv, self.qkv_weight, hidden, beta=0, alpha=scale, out=self.qkv)
        slot = state.slot(state.num_seen)
        if not state.is_full:
            state.bias[:, slot] = 0
        state.both[:, :, slot] = self.new
        state.num_seen += 1
        keys, values, bias = state.used()
        scores = torch.baddbmm(bias, self.q, keys.mT, alpha=self.scale)
        torch.bmm(scores.softmax(-1), values, out=self.y)
        hidden.addmv_(self.out_weight, self.y_flat)

    def read(self, hidden: Tensor, state: AttentionState) -> None:
        """N tokens, at most the window: add to hidden `[N, D]`, in place, what the mixer says."""
        normed = F.rms_norm(hidden, hidden.shape[1:], None, self.eps)
        qkv = linear(normed, self.qkv_weight).view(len(hidden), -1, self.head_dim)
        q, k, v = torch.split(qkv, self.heads, dim=1)
        k, v = k.transpose(0, 1), v.transpose(0, 1)
        keys, values, bias = state.used()
        y = sink_attention(q, keys, values, bias.squeeze(1), k, v, state.taken_by(len(hidden)))
        state.append(k, v)
        hidden.add_(linear(y.flatten(1), self.out_weight))
