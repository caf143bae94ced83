"""Triton kernels of `ssd`. Import only where Triton is installed."""

# Triton reads the annotations of a kernel, so they are not postponed here; its language is not typed.
# mypy: allow-untyped-calls, disable-error-code="arg-type"

from typing import Any

import torch
from torch import Tensor

from ..errors import MissingDependencyError

try:
    import triton
    import triton.language as tl
except ImportError:
    raise MissingDependencyError("triton is missing: pip install 'millrace[gpu]'") from None


@triton.jit
def _chunk_scan_kernel(
    x_ptr: Any,
    dt_ptr: Any,
    A_ptr: Any,
    B_ptr: Any,
    C_ptr: Any,
    D_ptr: Any,
    initial_ptr: Any,
    y_ptr: Any,
    final_ptr: Any,
    num_tokens: Any,
    num_heads: Any,
    num_groups: Any,
    head_dim: Any,
    state_dim: Any,
    HAS_D: tl.constexpr,
    HAS_INITIAL: tl.constexpr,
    Q: tl.constexpr,
    BLOCK_P: tl.constexpr,
    BLOCK_S: tl.constexpr,
) -> None:
    """One program walks the chunks of one head of one sequence, for BLOCK_P rows of its state."""
    row = tl.program_id(0)
    b, h = row // num_heads, row % num_heads
    g = h // (num_heads // num_groups)
    p = tl.program_id(1) * BLOCK_P + tl.arange(0, BLOCK_P)
    s = tl.arange(0, BLOCK_S)
    in_head, in_state = p < head_dim, s < state_dim
    state_at = (row * head_dim + p[:, None]) * state_dim + s[None, :]
    state_mask = in_head[:, None] & in_state[None, :]
    state = tl.zeros((BLOCK_P, BLOCK_S), tl.float32)
    if HAS_INITIAL:
        state = tl.load(initial_ptr + state_at, mask=state_mask, other=0.0).to(tl.float32)
    rate = tl.load(A_ptr + h).to(tl.float32)
    order = tl.arange(0, Q)
    causal = order[:, None] >= order[None, :]
    for start in range(0, num_tokens, Q):
        t = start + order
        in_time = t < num_tokens
        token = b * num_tokens + t
        x_at = (token[:, None] * num_heads + h) * head_dim + p[None, :]
        x_mask = in_time[:, None] & in_head[None, :]
        bc_at = (token[:, None] * num_groups + g) * state_dim + s[None, :]
        bc_mask = in_time[:, None] & in_state[None, :]
        x = tl.load(x_ptr + x_at, mask=x_mask, other=0.0).to(tl.float32)
        B = tl.load(B_ptr + bc_at, mask=bc_mask, other=0.0).to(tl.float32)
        C = tl.load(C_ptr + bc_at, mask=bc_mask, other=0.0).to(tl.float32)
        dt = tl.load(dt_ptr + token * num_heads + h, mask=in_time, other=0.0).to(tl.float32)
        steps = dt * rate
        sums, total = tl.cumsum(steps, 0), tl.sum(steps, 0)
        fed = x * dt[:, None]
        decays = tl.exp(tl.minimum(sums[:, None] - sums[None, :], 0.0))
        scores = tl.dot(C, tl.trans(B), input_precision="ieee")
        y = tl.dot(tl.where(causal, scores * decays, 0.0), fed, input_precision="ieee")
        y += tl.dot(C, tl.trans(state), input_precision="ieee") * tl.exp(sums)[:, None]
        if HAS_D:
            y += x * tl.load(D_ptr + h).to(tl.float32)
        tl.store(y_ptr + x_at, y, mask=x_mask)
        tails = fed * tl.exp(total - sums)[:, None]
        state = state * tl.exp(total) + tl.dot(tl.trans(tails), B, input_precision="ieee")
    tl.store(final_ptr + state_at, state, mask=state_mask)


@triton.jit
def _step_kernel(
    state_ptr: Any,
    x_ptr: Any,
    dt_ptr: Any,
    A_ptr: Any,
    B_ptr: Any,
    C_ptr: Any,
    D_ptr: Any,
    y_ptr: Any,
    num_heads: Any,
    num_groups: Any,
    head_dim: Any,
    state_dim: Any,
    HAS_D: tl.constexpr,
    BLOCK_P: tl.constexpr,
    BLOCK_S: tl.constexpr,
) -> None:
    """One program moves BLOCK_P rows of the state of one head of one sequence by one token."""
    row = tl.program_id(0)
    b, h = row // num_heads, row % num_heads
    group = b * num_groups + h // (num_heads // num_groups)
    p = tl.program_id(1) * BLOCK_P + tl.arange(0, BLOCK_P)
    s = tl.arange(0, BLOCK_S)
    in_head, in_state = p < head_dim, s < state_dim
    state_at = (row * head_dim + p[:, None]) * state_dim + s[None, :]
    mask = in_head[:, None] & in_state[None, :]
    x = tl.load(x_ptr + row * head_dim + p, mask=in_head, other=0.0).to(tl.float32)
    B = tl.load(B_ptr + group * state_dim + s, mask=in_state, other=0.0).to(tl.float32)
    C = tl.load(C_ptr + group * state_dim + s, mask=in_state, other=0.0).to(tl.float32)
    dt = tl.load(dt_ptr + row).to(tl.float32)
    decay = tl.exp(dt * tl.load(A_ptr + h).to(tl.float32))
    state = tl.load(state_ptr + state_at, mask=mask, other=0.0).to(tl.float32)
    state = state * decay + (x * dt)[:, None] * B[None, :]
    tl.store(state_ptr + state_at, state, mask=mask)
    y = tl.sum(state * C[None, :], 1)
    if HAS_D:
        y += x * tl.load(D_ptr + h).to(tl.float32)
    tl.store(y_ptr + row * head_dim + p, y, mask=in_head)


def chunk_scan_triton(
    x: Tensor,
    dt: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor | None,
    initial_state: Tensor | None,
    chunk_len: int,
    y: Tensor,
    final_state: Tensor,
) -> None:
    """Fills y and final_state; shapes as for `ssd_chunk_scan`."""
    batch, num_tokens, num_heads, head_dim = x.shape
    num_groups, state_dim = B.shape[2:]
    x, dt, A, B, C, D, initial_state = _dense(x, dt, A, B, C, D, initial_state)
    block = _block(head_dim)
    _chunk_scan_kernel[(batch * num_heads, triton.cdiv(head_dim, block))](
        x,
        dt,
        A,
        B,
        C,
        D,
        initial_state,
        y,
        final_state,
        num_tokens,
        num_heads,
        num_groups,
        head_dim,
        state_dim,
        HAS_D=D is not None,
        HAS_INITIAL=initial_state is not None,
        Q=max(16, triton.next_power_of_2(min(chunk_len, num_tokens))),
        BLOCK_P=block,
        BLOCK_S=max(16, triton.next_power_of_2(state_dim)),
    )


def step_triton_(
    state: Tensor, x: Tensor, dt: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor | None, y: Tensor
) -> None:
    """Fills y and moves the state on in place; shapes as for `ssd_step_`. The state must be contiguous."""
    batch, num_heads, head_dim, state_dim = state.shape
    x, dt, A, B, C, D = _dense(x, dt, A, B, C, D)
    block = _block(head_dim)
    _step_kernel[(batch * num_heads, triton.cdiv(head_dim, block))](
        state,
        x,
        dt,
        A,
        B,
        C,
        D,
        y,
        num_heads,
        B.shape[1],
        head_dim,
        state_dim,
        HAS_D=D is not None,
        BLOCK_P=block,
        BLOCK_S=triton.next_power_of_2(state_dim),
    )


def _block(head_dim: int) -> int:
    """Rows of a state that one program keeps in registers."""
    return int(min(64, max(16, triton.next_power_of_2(head_dim))))


def _dense(*tensors: Any) -> list[Any]:
    return [tensor.contiguous() if isinstance(tensor, torch.Tensor) else tensor for tensor in tensors]
