"""The hybrid backbone: Mamba-2 layers carry order and time, a few attention layers look things up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import torch
from torch import Tensor, nn

from ..errors import StateError
from ..memory.state import SessionState
from .attention import Attention, AttentionCarry
from .config import MAMBA, HybridConfig
from .engine import Engine
from .mamba import Mamba2, MambaCarry
from .mlp import SwiGLU
from .norm import RMSNorm

Carry = MambaCarry | AttentionCarry


class Layer(nn.Module):
    """`x += mixer(norm(x)); x += mlp(norm(x))`."""

    def __init__(self, config: HybridConfig, kind: str) -> None:
        super().__init__()
        self.mixer_norm = RMSNorm(config.d_model, config.norm_eps)
        self.mixer = Mamba2(config) if kind == MAMBA else Attention(config)
        self.mlp_norm = RMSNorm(config.d_model, config.norm_eps)
        self.mlp = SwiGLU(config.d_model, config.mlp_hidden)

    def forward(self, x: Tensor, initial: Carry | None) -> tuple[Tensor, Carry]:
        mixed, carry = self.mixer(self.mixer_norm(x), initial)
        x = x + mixed
        return x + self.mlp(self.mlp_norm(x)), carry

    def parts(self) -> tuple[RMSNorm, Mamba2 | Attention, RMSNorm, SwiGLU]:
        """In the order in which a token passes them."""
        return self.mixer_norm, self.mixer, self.mlp_norm, self.mlp


class Hybrid(nn.Module):
    """A stack of layers and a final norm; embeddings and heads are the caller's."""

    def __init__(self, config: HybridConfig) -> None:
        super().__init__()
        self.config = config
        self.layers = nn.ModuleList(Layer(config, kind) for kind in config.pattern)
        self.norm = RMSNorm(config.d_model, config.norm_eps)
        self._engine: Engine | None = None
        self._calm_residuals()

    @property
    def _stack(self) -> list[Layer]:
        return cast(list[Layer], list(self.layers))

    @torch.no_grad()
    def _calm_residuals(self) -> None:
        """Start small what joins the residual stream, so that its variance does not grow with depth."""
        for layer in self._stack:
            for linear in (layer.mixer.out_proj, layer.mlp.down):
                linear.weight.mul_((2 * self.config.num_layers) ** -0.5)

    def forward(
        self, x: Tensor, initial: Sequence[Carry] | None = None, depth: int | None = None
    ) -> tuple[Tensor, list[Carry]]:
        """Training: causal attention over x `[B, T, D]`; padding may stand at the end only.

        `initial` holds one carry for each layer, in order, and so does the result; the caller detaches them between
        segments. Without it attention sees all of x, with it the window. `depth` runs only the first layers.
        Returns hidden `[B, T, D]`.
        """
        x, carries, _ = self.forward_with_exits(x, initial, depth, ())
        return x, carries

    def forward_with_exits(
        self, x: Tensor, initial: Sequence[Carry] | None, depth: int | None, exits: Sequence[int]
    ) -> tuple[Tensor, list[Carry], list[Tensor]]:
        """As `forward`, and the hidden vectors that leaving after each depth in `exits` would give."""
        carries: list[Carry] = []
        early: list[Tensor] = []
        for number, layer in enumerate(self._stack[:depth], start=1):
            x, carry = layer(x, initial[number - 1] if initial is not None else None)
            carries.append(carry)
            if number in exits:
                early.append(self.norm(x))
        return self.norm(x), carries, early

    @torch.inference_mode()
    def read(self, x: Tensor, state: SessionState, depth: int | None = None) -> Tensor:
        """Inference: read x `[N, D]` into the state, in place; returns hidden `[N, D]`.

        However a sequence is cut into chunks and steps, the result is the same. Raises `ValueError` for a
        wrong shape or depth, and `StateError` for the state of another model.
        """
        if x.ndim != 2 or len(x) == 0 or x.shape[1] != self.config.d_model:
            raise ValueError(
                f"x has shape {tuple(x.shape)}: give [N, {self.config.d_model}] with N at least 1"
            )
        if state.spec != self.config.state_spec():
            raise StateError(
                "the session state belongs to a model of another shape: allocate one for this model"
            )
        return self._current_engine().read(x, state, self._checked(depth))

    @torch.inference_mode()
    def step(self, x: Tensor, state: SessionState, depth: int | None = None) -> Tensor:
        """Inference: `read` for one token x `[D]`, as fast as can be; returns hidden `[D]`."""
        return self._current_engine().step(x, state, self._checked(depth))

    def _checked(self, depth: int | None) -> int:
        num_layers = len(self.layers)
        if depth is None:
            return num_layers
        if not 1 <= depth <= num_layers:
            raise ValueError(f"depth={depth}: give 1 to {num_layers} layers")
        return depth

    def _current_engine(self) -> Engine:
        """The engine copies the weights, so it is made anew when they have changed."""
        engine = self._engine
        if engine is None or not engine.is_current():
            engine = self._engine = Engine([layer.parts() for layer in self._stack], self.norm)
        return engine

    def train(self, mode: bool = True) -> Hybrid:
        """Also drops the copies for inference: a change through `weight.data` leaves no trace to notice."""
        self._engine = None
        super().train(mode)
        return self

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Hybrid:
        self._engine = None  # the weights move to another place or dtype
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        return self

    def __getstate__(self) -> dict[str, object]:
        return self.__dict__ | {"_engine": None}
