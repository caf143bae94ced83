"""The backbone at work: reads chunks, writes single tokens, both in place in a session's state."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from ..kernels.linear import linear
from ..memory.state import SessionState
from .attention import Attention
from .attention_engine import AttentionEngine
from .folded import by_columns, folded, inverse_rms
from .mamba import Mamba2
from .mamba_engine import MambaEngine
from .mlp import SwiGLU
from .norm import RMSNorm

_LONGEST_READ = 256  # tokens at once; bounds the memory for the scores


class Engine:
    """Copies of a backbone's weights in the form that inference likes. Not for two threads at once."""

    def __init__(
        self, layers: Sequence[tuple[RMSNorm, Mamba2 | Attention, RMSNorm, SwiGLU]], norm: RMSNorm
    ) -> None:
        self.mixers = [_mixer_engine(mixer_norm, mixer) for mixer_norm, mixer, _, _ in layers]
        self.mlps = [MlpEngine(mlp_norm, mlp) for _, _, mlp_norm, mlp in layers]
        self._weights = [weight for parts in layers for part in parts for weight in part.parameters()]
        self._weights.append(norm.weight)
        self._version = self._count_changes()
        self.norm_weight, self.eps = norm.weight.detach().clone(), norm.eps
        self.hidden = torch.empty_like(self.norm_weight)

    def is_current(self) -> bool:
        """Whether the weights that were copied are still the same."""
        return self._version == self._count_changes()

    def _count_changes(self) -> int:
        return sum(weight._version for weight in self._weights)

    def read(self, x: Tensor, state: SessionState, depth: int) -> Tensor:
        """x `[N, D]` -> hidden `[N, D]`."""
        longest = min(_LONGEST_READ, state.spec.window)
        parts = [self._read_part(part, state, depth) for part in torch.split(x, longest)]
        state.num_tokens += len(x)
        return torch.cat(parts) if len(parts) > 1 else parts[0]

    def _read_part(self, x: Tensor, state: SessionState, depth: int) -> Tensor:
        hidden = x.clone()
        mamba, attention = iter(state.mamba), iter(state.attention)
        for mixer, mlp in zip(self.mixers[:depth], self.mlps, strict=False):
            if isinstance(mixer, MambaEngine):
                mixer.read(hidden, next(mamba))
            else:
                mixer.read(hidden, next(attention))
            mlp.read(hidden)
        return F.rms_norm(hidden, self.norm_weight.shape, self.norm_weight, self.eps)

    def step(self, x: Tensor, state: SessionState, depth: int) -> Tensor:
        """x `[D]` -> hidden `[D]`."""
        hidden = self.hidden.copy_(x)
        mamba, attention = iter(state.mamba), iter(state.attention)
        for mixer, mlp in zip(self.mixers[:depth], self.mlps, strict=False):
            if isinstance(mixer, MambaEngine):
                mixer.step(hidden, next(mamba))
            else:
                mixer.step(hidden, next(attention))
            mlp.step(hidden)
        state.num_tokens += 1
        return (hidden * inverse_rms(hidden, self.eps)).mul_(self.norm_weight)


class MlpEngine:
    """Gate and up projection with the norm folded in, and the projection down."""

    def __init__(self, norm: RMSNorm, mlp: SwiGLU) -> None:
        self.eps = norm.eps
        self.gate_up_weight = folded(mlp.gate_up.weight, norm.weight)
        self.down_weight = by_columns(mlp.down.weight)
        self.gate_up = self.gate_up_weight.new_zeros(len(self.gate_up_weight))
        self.gate, self.up = self.gate_up.chunk(2)

    def step(self, hidden: Tensor) -> None:
        scale = inverse_rms(hidden, self.eps)
        torch.addmv(self.gate_up, self.gate_up_weight, hidden, beta=0, alpha=scale, out=self.gate_up)
        hidden.addmv_(self.down_weight, F.silu(self.gate, inplace=True).mul_(self.up))

    def read(self, hidden: Tensor) -> None:
        normed = F.rms_norm(hidden, hidden.shape[1:], None, self.eps)
        gate, up = linear(normed, self.gate_up_weight).chunk(2, dim=1)
        hidden.add_(linear(F.silu(gate).mul_(up), self.down_weight))


def _mixer_engine(norm: RMSNorm, mixer: Mamba2 | Attention) -> MambaEngine | AttentionEngine:
    return MambaEngine(norm, mixer) if isinstance(mixer, Mamba2) else AttentionEngine(norm, mixer)
