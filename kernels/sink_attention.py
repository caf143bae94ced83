"""Grouped-query attention of a few queries over `[sinks | latents | window]` and their own tokens.

Sinks: Xiao et al. 2024, arXiv:2309.17453. Keys carry no position, so they may lie in any order.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .triton_found import takes_triton

_QUERIES = 32  # at once: their scores stay in a core's cache, and memory is taken in small pieces


def sink_attention_ref(
    q: Tensor,
    keys: Tensor,
    values: Tensor,
    bias: Tensor,
    own_keys: Tensor | None = None,
    own_values: Tensor | None = None,
    taken_by: Tensor | None = None,
) -> Tensor:
    """Attention said plainly, query by query; see `sink_attention`."""
    num_tokens, num_heads, head_dim = q.shape
    repeats = num_heads // keys.shape[0]
    out = torch.empty_like(q)
    for n in range(num_tokens):
        for h in range(num_heads):
            seen_k, seen_v, seen_bias = keys[h // repeats], values[h // repeats], bias[h // repeats].float()
            if taken_by is not None:
                seen_bias = seen_bias.masked_fill(taken_by <= n, -torch.inf)
            if own_keys is not None and own_values is not None:
                seen_k = torch.cat([seen_k, own_keys[h // repeats, : n + 1]])
                seen_v = torch.cat([seen_v, own_values[h // repeats, : n + 1]])
                seen_bias = torch.cat([seen_bias, seen_bias.new_zeros(n + 1)])
            scores = (seen_k.float() @ q[n, h].float()) * head_dim**-0.5 + seen_bias
            out[n, h] = (scores.softmax(0) @ seen_v.float()).to(q.dtype)
    return out


def sink_attention(
    q: Tensor,
    keys: Tensor,
    values: Tensor,
    bias: Tensor,
    own_keys: Tensor | None = None,
    own_values: Tensor | None = None,
    taken_by: Tensor | None = None,
) -> Tensor:
    """q `[N, H, P]`, keys and values `[G, M, P]`, bias `[G, M]` (added to the scores; -inf hides a slot).

    `own_keys` and `own_values` `[G, N, P]` are those of the queries' own tokens, each seen by itself and
    later ones. `taken_by` `[M]` int64 tells for each slot which of these tokens (from 0) will take its place:
    from that token on it is hidden; N or more for a slot that stays. Returns `[N, H, P]`. No gradient.
    Raises `ValueError` for a wrong shape.
    """
    _check(q, keys, values, bias, own_keys, own_values, taken_by)
    if takes_triton(q, keys, values, bias, own_keys, own_values):
        from .sink_attention_triton import sink_attention_triton

        y = torch.empty_like(q, memory_format=torch.contiguous_format)
        sink_attention_triton(q, keys, values, bias, own_keys, own_values, taken_by, y)
        return y
    return _attend_torch(q, keys, values, bias, own_keys, own_values, taken_by)


def _attend_torch(
    q: Tensor,
    keys: Tensor,
    values: Tensor,
    bias: Tensor,
    own_keys: Tensor | None,
    own_values: Tensor | None,
    taken_by: Tensor | None,
) -> Tensor:
    num_tokens, num_heads, head_dim = q.shape
    num_groups, num_slots = bias.shape
    rows = (q * head_dim**-0.5).view(num_tokens, num_groups, -1, head_dim).permute(1, 2, 0, 3)
    if own_keys is not None and own_values is not None:
        keys, values = torch.cat([keys, own_keys], 1), torch.cat([values, own_values], 1)
    y = q.new_empty(num_tokens, num_groups, num_heads // num_groups, head_dim)
    for start in range(0, num_tokens, _QUERIES):
        end = min(start + _QUERIES, num_tokens)
        num_seen = num_slots if own_keys is None else num_slots + end
        block = rows[:, :, start:end]
        scores = torch.bmm(block.reshape(num_groups, -1, head_dim), keys[:, :num_seen].mT)
        shown = _shown(bias, start, end, num_seen, taken_by)
        scores.view(*block.shape[:3], num_seen).add_(shown[:, None])
        mixed = torch.bmm(scores.softmax(-1), values[:, :num_seen]).view(block.shape)
        y[start:end] = mixed.permute(2, 0, 1, 3)
    return y.view(num_tokens, num_heads, head_dim)


def _shown(bias: Tensor, start: int, end: int, num_seen: int, taken_by: Tensor | None) -> Tensor:
    """What is added to the scores of queries `start` to `end`, `[G, queries or 1, num_seen]`; -inf hides."""
    num_slots = bias.shape[1]
    if num_seen == num_slots and taken_by is None:
        return bias[:, None]
    order = torch.arange(start, end, device=bias.device)[:, None]
    shown = bias.new_zeros(len(bias), end - start, num_seen)
    shown[:, :, :num_slots] = bias[:, None]
    if taken_by is not None:
        shown[:, :, :num_slots].masked_fill_(taken_by <= order, -torch.inf)
    if num_seen > num_slots:
        own = torch.arange(num_seen - num_slots, device=bias.device)
        shown[:, :, num_slots:].masked_fill_(own > order, -torch.inf)
    return shown


def _check(
    q: Tensor,
    keys: Tensor,
    values: Tensor,
    bias: Tensor,
    own_keys: Tensor | None,
    own_values: Tensor | None,
    taken_by: Tensor | None,
) -> None:
    if q.ndim != 3 or len(q) == 0:
        raise ValueError(f"q has shape {tuple(q.shape)}: give [N, H, P] with at least one query")
    if keys.ndim != 3 or keys.shape[2] != q.shape[2] or q.shape[1] % keys.shape[0]:
        groups, width = q.shape[1:]
        raise ValueError(
            f"keys have shape {tuple(keys.shape)}: give [G, M, {width}] with G dividing H={groups}"
        )
    if (own_keys is None) != (own_values is None):
        raise ValueError("own_keys without own_values, or the other way round: give both or none")
    own = (keys.shape[0], len(q), keys.shape[2])
    wanted = {
        "values": (values, tuple(keys.shape)),
        "bias": (bias, tuple(keys.shape[:2])),
        "own_keys": (own_keys, own),
        "own_values": (own_values, own),
        "taken_by": (taken_by, (keys.shape[1],)),
    }
    for name, (tensor, shape) in wanted.items():
        if tensor is not None and tuple(tensor.shape) != shape:
            raise ValueError(f"{name} has shape {tuple(tensor.shape)}: the others ask for {shape}")
