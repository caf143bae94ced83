"""Triton kernel of `sink_attention`. Import only where Triton is installed."""

# Triton reads the annotations of a kernel, so they are not postponed here; its language is not typed.
# mypy: allow-untyped-calls, disable-error-code="arg-type"

from typing import Any

from torch import Tensor

from ..errors import MissingDependencyError

try:
    import triton
    import triton.language as tl
except ImportError:
    raise MissingDependencyError("triton is missing: pip install 'millrace[gpu]'") from None


@triton.jit
def _sink_attention_kernel(
    q_ptr: Any,
    k_ptr: Any,
    v_ptr: Any,
    bias_ptr: Any,
    own_k_ptr: Any,
    own_v_ptr: Any,
    taken_by_ptr: Any,
    y_ptr: Any,
    num_tokens: Any,
    num_slots: Any,
    head_dim: Any,
    stride_kg: Any,
    stride_vg: Any,
    stride_bias: Any,
    scale: Any,
    num_heads: tl.constexpr,
    repeats: tl.constexpr,
    HAS_OWN: tl.constexpr,
    HAS_TAKERS: tl.constexpr,
    BLOCK_N: tl.constexpr,
    BLOCK_M: tl.constexpr,
    BLOCK_P: tl.constexpr,
) -> None:
    """One program: BLOCK_N queries of one head, over all slots and then over their own tokens."""
    h = tl.program_id(1)
    g = h // repeats
    n = tl.program_id(0) * BLOCK_N + tl.arange(0, BLOCK_N)
    p = tl.arange(0, BLOCK_P)
    in_head = p < head_dim
    q_mask = (n < num_tokens)[:, None] & in_head[None, :]
    q_at = (n[:, None] * num_heads + h) * head_dim + p[None, :]
    q = tl.load(q_ptr + q_at, mask=q_mask, other=0.0).to(tl.float32) * scale
    most = tl.full((BLOCK_N,), -float("inf"), tl.float32)
    total = tl.zeros((BLOCK_N,), tl.float32)
    y = tl.zeros((BLOCK_N, BLOCK_P), tl.float32)
    for start in range(0, num_slots, BLOCK_M):
        m = start + tl.arange(0, BLOCK_M)
        in_slots = m < num_slots
        mask = in_slots[:, None] & in_head[None, :]
        k = tl.load(k_ptr + g * stride_kg + m[:, None] * head_dim + p[None, :], mask=mask, other=0.0)
        v = tl.load(v_ptr + g * stride_vg + m[:, None] * head_dim + p[None, :], mask=mask, other=0.0)
        bias = tl.load(bias_ptr + g * stride_bias + m, mask=in_slots, other=-float("inf")).to(tl.float32)
        scores = tl.dot(q, tl.trans(k.to(tl.float32)), input_precision="ieee") + bias[None, :]
        if HAS_TAKERS:
            taker = tl.load(taken_by_ptr + m, mask=in_slots, other=0)
            scores = tl.where(taker[None, :] <= n[:, None], -float("inf"), scores)
        higher = tl.maximum(most, tl.max(scores, 1))
        # A query that sees nothing yet has -inf here; zero keeps the differences from being NaN.
        base = tl.where(higher == -float("inf"), 0.0, higher)
        weights = tl.exp(scores - base[:, None])
        fade = tl.exp(most - base)
        total = total * fade + tl.sum(weights, 1)
        y = y * fade[:, None] + tl.dot(weights, v.to(tl.float32), input_precision="ieee")
        most = higher
    if HAS_OWN:
        last = tl.minimum(num_tokens, (tl.program_id(0) + 1) * BLOCK_N)
        for start in range(0, last, BLOCK_M):
            m = start + tl.arange(0, BLOCK_M)
            mask = (m < num_tokens)[:, None] & in_head[None, :]
            own_at = (g * num_tokens + m[:, None]) * head_dim + p[None, :]
            k = tl.load(own_k_ptr + own_at, mask=mask, other=0.0)
            v = tl.load(own_v_ptr + own_at, mask=mask, other=0.0)
            scores = tl.dot(q, tl.trans(k.to(tl.float32)), input_precision="ieee")
            scores = tl.where(m[None, :] <= n[:, None], scores, -float("inf"))
            higher = tl.maximum(most, tl.max(scores, 1))
            base = tl.where(higher == -float("inf"), 0.0, higher)
            weights = tl.exp(scores - base[:, None])
            fade = tl.exp(most - base)
            total = total * fade + tl.sum(weights, 1)
            y = y * fade[:, None] + tl.dot(weights, v.to(tl.float32), input_precision="ieee")
            most = higher
    tl.store(y_ptr + q_at, y / total[:, None], mask=q_mask)


def sink_attention_triton(
    q: Tensor,
    keys: Tensor,
    values: Tensor,
    bias: Tensor,
    own_keys: Tensor | None,
    own_values: Tensor | None,
    taken_by: Tensor | None,
    y: Tensor,
) -> None:
    """Fills y; shapes as for `sink_attention`. Slots may be a part of a longer memory, rows lie together."""
    num_tokens, num_heads, head_dim = q.shape
    num_groups, num_slots = bias.shape
    keys, values = _rows_together(keys), _rows_together(values)
    bias = bias if bias.stride(1) == 1 else bias.contiguous()
    block = 16 if num_tokens <= 16 else 32
    _sink_attention_kernel[(triton.cdiv(num_tokens, block), num_heads)](
        q.contiguous(),
        keys,
        values,
        bias,
        None if own_keys is None else own_keys.contiguous(),
        None if own_values is None else own_values.contiguous(),
        taken_by,
        y,
        num_tokens,
        num_slots,
        head_dim,
        keys.stride(0),
        values.stride(0),
        bias.stride(0),
        head_dim**-0.5,
        num_heads=num_heads,
        repeats=num_heads // num_groups,
        HAS_OWN=own_keys is not None,
        HAS_TAKERS=taken_by is not None,
        BLOCK_N=block,
        BLOCK_M=64,
        BLOCK_P=max(16, triton.next_power_of_2(head_dim)),
    )


def _rows_together(x: Tensor) -> Tensor:
    return x if x.stride(2) == 1 and x.stride(1) == x.shape[2] else x.contiguous()
