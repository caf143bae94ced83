"""State-space duality (SSD): the selective scan of Mamba-2 (Dao and Gu 2024, arXiv:2405.21060).

    state_t = exp(dt_t * A) * state_{t-1} + dt_t * x_t (outer) B_t
    y_t     = state_t C_t + D * x_t

`ssd_ref` says it plainly; `ssd_chunk_scan` takes whole chunks with matrix products and has a gradient;
`ssd_step_` takes one token and changes the state in place.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .ssd_torch import ChunkScan
from .triton_found import takes_triton


def ssd_ref(
    x: Tensor,
    dt: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor | None = None,
    initial_state: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """The scan, token by token.

    x `[B, T, H, P]`, dt `[B, T, H]` (positive), A `[H]` (negative), B and C `[B, T, G, S]`, D `[H]`,
    initial_state `[B, H, P, S]`. Returns y `[B, T, H, P]` and the final state `[B, H, P, S]` (float32).
    """
    batch, num_tokens, num_heads, head_dim = x.shape
    heads_per_group = num_heads // B.shape[2]
    B, C = (part.repeat_interleave(heads_per_group, dim=2).float() for part in (B, C))
    state = x.new_zeros(batch, num_heads, head_dim, B.shape[3], dtype=torch.float32)
    if initial_state is not None:
        state = state + initial_state
    outputs = []
    for t in range(num_tokens):
        decay = torch.exp(dt[:, t].float() * A)[..., None, None]
        state = state * decay + (dt[:, t, :, None] * x[:, t]).float()[..., None] * B[:, t, :, None]
        outputs.append((state @ C[:, t, ..., None]).squeeze(-1))
    y = torch.stack(outputs, dim=1) if outputs else x.new_zeros(x.shape, dtype=torch.float32)
    if D is not None:
        y = y + x * D[:, None]
    return y.to(x.dtype), state


def ssd_chunk_scan(
    x: Tensor,
    dt: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor | None = None,
    initial_state: Tensor | None = None,
    chunk_len: int = 64,
) -> tuple[Tensor, Tensor]:
    """The scan in chunks of `chunk_len` tokens; shapes as for `ssd_ref`. Differentiable.

    Products run in the dtype of x, decays and states in float32.
    """
    _check(x, dt, A, B, C, D, initial_state, chunk_len)
    if takes_triton(x, dt, A, B, C, D, initial_state):
        from .ssd_triton import chunk_scan_triton

        y, state = torch.empty_like(x, memory_format=torch.contiguous_format), _empty_state(x, B)
        chunk_scan_triton(x, dt, A, B, C, D, initial_state, chunk_len, y, state)
        return y, state
    with torch.autocast(x.device.type, enabled=False):
        y, state = ChunkScan.apply(  # type: ignore[no-untyped-call]
            x, dt.float(), A.float(), B.to(x.dtype), C.to(x.dtype), initial_state, chunk_len
        )
        if D is not None:
            y = y + x * D.to(x.dtype)[:, None]
    return y, state


def ssd_step_(
    state: Tensor, x: Tensor, dt: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor | None = None
) -> Tensor:
    """One token of each sequence; moves the state on in place. No gradient.

    state `[B, H, P, S]` (contiguous), x `[B, H, P]`, dt `[B, H]`, A and D `[H]`, B and C `[B, G, S]`;
    returns y `[B, H, P]`. Raises `ValueError` for a wrong shape.
    """
    _check(x[:, None], dt[:, None], A, B[:, None], C[:, None], D, state, 1)
    if not state.is_contiguous():
        raise ValueError(
            f"state has strides {state.stride()}: give a contiguous state, it is changed in place"
        )
    if takes_triton(state, x, dt, A, B, C, D):
        from .ssd_triton import step_triton_

        y = torch.empty_like(x, memory_format=torch.contiguous_format)
        step_triton_(state, x, dt, A, B, C, D, y)
        return y
    with torch.no_grad():
        rows = state.view(*B.shape[:2], -1, B.shape[2])  # [B, G, R*P, S]
        state.mul_((dt * A).exp()[..., None, None])
        rows.addcmul_((x * dt[..., None]).reshape(*rows.shape[:3], 1), B[:, :, None])
        y = (rows @ C[..., None]).view(x.shape).to(x.dtype)
        return y if D is None else y.addcmul_(x, D[:, None])


def _empty_state(x: Tensor, B: Tensor) -> Tensor:
    batch, _, num_heads, head_dim = x.shape
    return torch.empty(batch, num_heads, head_dim, B.shape[3], device=x.device)


def _check(
    x: Tensor, dt: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Any, initial: Any, chunk_len: int
) -> None:
    if x.ndim != 4 or x.shape[1] == 0:
        raise ValueError(f"x has shape {tuple(x.shape)}: give [B, T, H, P] with at least one token")
    batch, num_tokens, num_heads, head_dim = x.shape
    if B.ndim != 4 or B.shape[:2] != x.shape[:2] or num_heads % B.shape[2]:
        raise ValueError(f"B has shape {tuple(B.shape)}: give [B, T, G, S] with G dividing H={num_heads}")
    wanted = {
        "dt": (dt, (batch, num_tokens, num_heads)),
        "A": (A, (num_heads,)),
        "C": (C, tuple(B.shape)),
        "D": (D, (num_heads,)),
        "initial_state": (initial, (batch, num_heads, head_dim, B.shape[3])),
    }
    for name, (tensor, shape) in wanted.items():
        if tensor is not None and tuple(tensor.shape) != shape:
            raise ValueError(f"{name} has shape {tuple(tensor.shape)}: x asks for {shape}")
    if chunk_len < 1:
        raise ValueError(f"chunk_len={chunk_len}: give at least 1")
