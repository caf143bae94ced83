"""The chunked scan of `ssd` in matrix products, with its gradient written out.

Letters: n chunks, Q tokens of a chunk, R heads of a group, otherwise as in `ssd`. Within a chunk, token i
reads token j through `scores[i, j] * decays[i, j]`; the state goes from chunk to chunk. The gradient is
by hand: autograd would keep several `[H, Q, Q]` tensors a chunk alive and walk over each of them again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

_CACHE_ELEMENTS = 1 << 18  # of [.., Q, Q] decays at once on a CPU: what stays in a core's second-level cache


@dataclass(frozen=True, slots=True, eq=False)
class _Chunks:
    """The inputs cut into chunks; `m` counts chunks of all sequences, heads of one group lie side by side."""

    x: Tensor  # [m, Q, H, P]
    dt: Tensor  # [m, Q, H] float32
    B: Tensor  # [m, G, Q, S]
    C: Tensor  # [m, G, Q, S]
    sums: Tensor  # [m, H, Q] float32, running sum of dt * A in each chunk

    def fed(self) -> Tensor:
        """What enters the state, `dt * x`, `[m, Q, H, P]`."""
        return self.x * self.dt[..., None].to(self.x.dtype)

    def heads(self) -> Tensor:
        """`[m, Q, H]` -> the decay from the start of the chunk to each token."""
        return self.sums.exp().transpose(1, 2)[..., None]

    def tails(self) -> Tensor:
        """The decay from each token to the end of its chunk, `[m, Q, H, 1]`."""
        return (self.sums[..., -1:] - self.sums).exp().transpose(1, 2)[..., None]


def _cut(x: Tensor, dt: Tensor, A: Tensor, B: Tensor, C: Tensor, chunk_len: int) -> _Chunks:
    padding = -x.shape[1] % chunk_len
    if padding:
        x, B, C = (F.pad(part, (0, 0, 0, 0, 0, padding)) for part in (x, B, C))
        dt = F.pad(dt, (0, 0, 0, padding))
    x, dt, B, C = (part.reshape(-1, chunk_len, *part.shape[2:]) for part in (x, dt, B, C))
    sums = (dt * A).transpose(1, 2).contiguous().cumsum(-1)
    return _Chunks(x, dt, B.transpose(1, 2), C.transpose(1, 2), sums)


def _grouped(x: Tensor, num_groups: int) -> Tensor:
    """`[m, Q, H, P]` -> `[m, G, Q, R*P]`, a view."""
    return x.reshape(*x.shape[:2], num_groups, -1).transpose(1, 2)


def _ungrouped(x: Tensor, head_dim: int) -> Tensor:
    """`[m, G, Q, R*P]` -> `[m, Q, H, P]`."""
    return x.transpose(1, 2).reshape(x.shape[0], x.shape[2], -1, head_dim)


def _slices(scores: Tensor, num_heads: int) -> list[slice]:
    elements = num_heads * scores.shape[-1] ** 2
    step = max(1, _CACHE_ELEMENTS // elements) if scores.is_cpu else len(scores)
    return [slice(start, start + step) for start in range(0, len(scores), step)]


def _decays(sums: Tensor, dtype: torch.dtype) -> Tensor:
    """`[m, H, Q]` -> exp(sums_i - sums_j) `[m, H, Q, Q]`; 1 above the diagonal, where scores are 0."""
    return (sums[..., :, None] - sums[..., None, :]).clamp_(max=0).exp_().to(dtype)


def _within(c: _Chunks, scores: Tensor, fed: Tensor) -> Tensor:
    """What tokens of a chunk give each other, `[m, H, Q, P]`."""
    num_heads, chunk_len = c.sums.shape[1:]
    groups = (-1, scores.shape[1], num_heads // scores.shape[1], chunk_len, chunk_len)
    out = torch.empty_like(fed)
    for part in _slices(scores, num_heads):
        decays = _decays(c.sums[part], fed.dtype)
        weights = decays.view(groups).mul_(scores[part, :, None]).flatten(1, 2)
        torch.matmul(weights, fed[part], out=out[part])
    return out


def _carry(gains: Tensor, decay: Tensor, initial: Tensor | None) -> tuple[Tensor, Tensor]:
    """gains `[B, n, H, P, S]`, decay `[B, n, H]` -> state before each chunk, and after the last (float32)."""
    state = torch.zeros_like(gains[:, 0], dtype=torch.float32) if initial is None else initial.float()
    before = torch.empty_like(gains)
    for n in range(gains.shape[1]):
        before[:, n] = state
        state = torch.addcmul(gains[:, n].float(), state, decay[:, n, :, None, None])
    return before, state


class ChunkScan(torch.autograd.Function):
    """`apply(x, dt, A, B, C, initial_state, chunk_len)` -> y (without the D skip), final state."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        dt: Tensor,
        A: Tensor,
        B: Tensor,
        C: Tensor,
        initial: Tensor | None,
        chunk_len: int,
    ) -> tuple[Tensor, Tensor]:
        batch, num_tokens, num_heads, head_dim = x.shape
        num_groups, state_dim = B.shape[2:]
        c = _cut(x, dt, A, B, C, chunk_len)
        fed = c.fed()
        gains = _grouped(fed * c.tails().to(x.dtype), num_groups).mT @ c.B
        gains = gains.view(batch, -1, num_heads, head_dim, state_dim)
        decay = c.sums[..., -1].exp().view(batch, -1, num_heads)
        before, state = _carry(gains, decay, initial)
        scores = (c.C @ c.B.mT).tril_()
        y = _ungrouped(c.C @ before.view(len(c.x), num_groups, -1, state_dim).mT, head_dim)
        y = y * c.heads().to(x.dtype)
        y += _within(c, scores, fed.transpose(1, 2).contiguous()).transpose(1, 2)
        ctx.save_for_backward(x, dt, A, B, C, before)
        ctx.chunk_len, ctx.has_initial = chunk_len, initial is not None
        return y.reshape(batch, -1, num_heads, head_dim)[:, :num_tokens], state

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor, dstate: Tensor) -> tuple[Tensor | None, ...]:
        x, dt, A, B, C, before = ctx.saved_tensors
        batch, num_tokens, num_heads, head_dim = x.shape
        num_groups, state_dim = B.shape[2:]
        c = _cut(x, dt, A, B, C, ctx.chunk_len)
        padding = c.x.shape[0] * ctx.chunk_len // batch - num_tokens
        dy = F.pad(dy, (0, 0, 0, 0, 0, padding)) if padding else dy
        dy = dy.reshape(c.x.shape)
        heads, tails, fed = c.heads(), c.tails().to(x.dtype), c.fed()

        # What the state before the chunk gave to y.
        states = before.view(len(c.x), num_groups, -1, state_dim)
        dy_in = _grouped(dy * heads.to(x.dtype), num_groups)
        dC = dy_in @ states
        from_heads = _ungrouped(c.C @ states.mT, head_dim).mul_(dy).sum(-1, dtype=torch.float32)
        from_heads = (from_heads * heads.squeeze(-1)).transpose(1, 2)  # gradient of sums through the heads
        dbefore = (dy_in.mT @ c.C).view(before.shape)

        dgains, ddecay, dinitial = _carry_backward(
            dstate, dbefore, before, c.sums[..., -1].view(batch, -1, num_heads)
        )

        # What the chunk gave to the state after it.
        dgains = dgains.view(states.shape)
        tail_fed = fed * tails
        dtail_fed = _ungrouped(c.B @ dgains.mT, head_dim)
        dB = _grouped(tail_fed, num_groups) @ dgains
        from_tails = (dtail_fed * tail_fed).sum(-1, dtype=torch.float32).transpose(1, 2)
        dfed = dtail_fed.mul_(tails)

        scores = (c.C @ c.B.mT).tril_()
        within = _within_backward(c, scores, fed, dy)
        dfed += within.dfed.transpose(1, 2)
        dB += within.dscores.mT @ c.C
        dC += within.dscores @ c.B

        # sums_i - sums_j is the sum of the steps between: a path hands its gradient to the steps it crosses.
        dsteps = within.dsteps + from_heads.flip(-1).cumsum(-1).flip(-1)
        dsteps += from_tails.cumsum(-1) - from_tails
        dsteps += ddecay.reshape(len(c.x), num_heads, 1)
        dsteps = dsteps.transpose(1, 2)  # [m, Q, H]

        dA = (dsteps * c.dt).sum((0, 1))
        ddt = (dfed * c.x).sum(-1, dtype=torch.float32) + dsteps * A
        dx = dfed * c.dt[..., None].to(x.dtype)
        whole = [
            part.reshape(batch, -1, *part.shape[2:])[:, :num_tokens]
            for part in (dx, ddt, dB.transpose(1, 2), dC.transpose(1, 2))
        ]
        return whole[0], whole[1], dA, whole[2], whole[3], dinitial if ctx.has_initial else None, None


def _carry_backward(
    dstate: Tensor, dbefore: Tensor, before: Tensor, log_decay: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of the gains `[B, n, H, P, S]`, the chunks' log decay `[B, n, H]` and the initial state."""
    decay = log_decay.exp()
    dgains, ddecay = torch.empty_like(dbefore), torch.empty_like(decay)
    for n in range(decay.shape[1] - 1, -1, -1):
        dgains[:, n] = dstate
        ddecay[:, n] = (dstate * before[:, n]).sum((-2, -1))
        dstate = torch.addcmul(dbefore[:, n].float(), dstate, decay[:, n, :, None, None])
    return dgains, ddecay * decay, dstate


@dataclass(frozen=True, slots=True, eq=False)
class _WithinGradient:
    dfed: Tensor  # [m, H, Q, P]
    dscores: Tensor  # [m, G, Q, Q]
    dsteps: Tensor  # [m, H, Q] float32


def _within_backward(c: _Chunks, scores: Tensor, fed: Tensor, dy: Tensor) -> _WithinGradient:
    num_heads, chunk_len = c.sums.shape[1:]
    groups = (-1, scores.shape[1], num_heads // scores.shape[1], chunk_len, chunk_len)
    dy, fed = dy.transpose(1, 2).contiguous(), fed.transpose(1, 2).contiguous()
    dfed, dscores, dsteps = torch.empty_like(fed), torch.empty_like(scores), torch.empty_like(c.sums)
    below = torch.ones(chunk_len, chunk_len, dtype=fed.dtype, device=fed.device).tril_(-1).mT.contiguous()
    for part in _slices(scores, num_heads):
        decays = _decays(c.sums[part], fed.dtype).view(groups)
        weights = decays * scores[part, :, None]
        torch.matmul(weights.flatten(1, 2).mT, dy[part], out=dfed[part])
        dweights = (dy[part] @ fed[part].mT).view(groups)
        dscores[part] = (decays * dweights).sum(2)
        # Step k lies on every path from j < k to i >= k: summed over those alone, nothing cancels.
        crossing = (weights.mul_(dweights) @ below).tril_()
        dsteps[part] = crossing.sum(-2, dtype=torch.float32).flatten(1, 2)
    return _WithinGradient(dfed, dscores.tril_(), dsteps)


def scan_one_chunk_(
    state: Tensor, x: Tensor, dt: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor
) -> Tensor:
    """One chunk of one sequence, without a gradient; `state` `[H, P, S]` is moved on in place.

    x `[Q, H, P]`, dt `[Q, H]`, A and D `[H]`, B and C `[Q, G, S]`; returns y `[Q, H, P]`.
    """
    chunk_len, num_heads, head_dim = x.shape
    num_groups, state_dim = B.shape[1:]
    heads_of = num_heads // num_groups
    # Kept contiguous, or the decays come out with heads innermost and the product goes head by head.
    sums = (dt * A).t().contiguous().cumsum(1)  # [H, Q]
    rows = state.view(num_groups, -1, state_dim)
    B, C = B.transpose(0, 1), C.transpose(0, 1)  # [G, Q, S]
    fed = x * dt[..., None]
    decays = (sums[:, :, None] - sums[:, None]).clamp_(max=0).exp_()
    weights = decays.view(num_groups, heads_of, chunk_len, chunk_len)
    weights.mul_(torch.bmm(C, B.mT).tril_()[:, None])
    y = x.new_empty(num_heads, chunk_len, head_dim)
    given = torch.bmm(C, rows.mT).view(num_groups, chunk_len, heads_of, head_dim).transpose(1, 2)
    torch.mul(given, sums.exp().view(num_groups, heads_of, chunk_len, 1), out=y.view_as(given))
    y = y.baddbmm_(weights.flatten(0, 1), fed.transpose(0, 1)).transpose(0, 1)
    fed.mul_((sums[:, -1:] - sums).exp_().t()[..., None])
    state.mul_(sums[:, -1].exp()[:, None, None])
    rows.baddbmm_(fed.view(chunk_len, num_groups, -1).permute(1, 2, 0), B)
    return y.addcmul_(x, D[:, None])
