"""The hybrid backbone: Mamba-2 layers carry order and time, a few attention layers look things up."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .attention import Attention
from .config import MAMBA, HybridConfig
from .mamba import Mamba2, MambaCarry
from .mlp import SwiGLU
from .norm import RMSNorm


class Layer(nn.Module):
    """`x += mixer(norm(x)); x += mlp(norm(x))`."""

    def __init__(self, config: HybridConfig, kind: str) -> None:
        super().__init__()
        self.mixer_norm = RMSNorm(config.d_model, config.norm_eps)
        self.mixer = Mamba2(config) if kind == MAMBA else Attention(config)
        self.mlp_norm = RMSNorm(config.d_model, config.norm_eps)
        self.mlp = SwiGLU(config.d_model, config.mlp_hidden)

    def forward(self, x: Tensor, initial: MambaCarry | None) -> tuple[Tensor, MambaCarry | None]:
        carry = None
        if isinstance(self.mixer, Mamba2):
            mixed, carry = self.mixer(self.mixer_norm(x), initial)
        else:
            mixed = self.mixer(self.mixer_norm(x))
        x = x + mixed
        return x + self.mlp(self.mlp_norm(x)), carry


class Hybrid(nn.Module):
    """A stack of layers and a final norm; embeddings and heads are the caller's."""

    def __init__(self, config: HybridConfig) -> None:
        super().__init__()
        self.config = config
        self.layers = nn.ModuleList(Layer(config, kind) for kind in config.pattern)
        self.norm = RMSNorm(config.d_model, config.norm_eps)
        self._calm_residuals()

    @torch.no_grad()
    def _calm_residuals(self) -> None:
        """Start small what joins the residual stream, so that its variance does not grow with depth."""
        for layer in self.layers:
            assert isinstance(layer, Layer)
            for linear in (layer.mixer.out_proj, layer.mlp.down):
                linear.weight.mul_((2 * self.config.num_layers) ** -0.5)

    def forward(
        self, x: Tensor, initial: Sequence[MambaCarry] | None = None, depth: int | None = None
    ) -> tuple[Tensor, list[MambaCarry]]:
        """Training: full causal attention over x `[B, T, D]`; padding may stand at the end only.

        `initial` holds one carry for each Mamba-2 layer, in order, and so does the result; the caller
        detaches them between segments. `depth` runs only the first layers. Returns hidden `[B, T, D]`.
        """
        carries: list[MambaCarry] = []
        for layer in self.layers[:depth]:
            start = initial[len(carries)] if initial is not None and len(carries) < len(initial) else None
            x, carry = layer(x, start if layer.mixer.__class__ is Mamba2 else None)
            if carry is not None:
                carries.append(carry)
        return self.norm(x), carries
