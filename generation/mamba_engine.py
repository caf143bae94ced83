"""A Mamba-2 mixer at work: reads chunks and steps single tokens, in place in a session's state."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ..kernels.linear import linear
from ..kernels.ssd_torch import scan_one_chunk_
from ..memory.layers import MambaState
from .folded import folded, inverse_rms
from .mamba import Mamba2
from .norm import RMSNorm


class MambaEngine:
    """Weights prepared for inference, and buffers for a step: few operators, and no memory taken.

    The norms' weights are folded into the projections behind them; what a norm divides by enters as the
    scalar factor of the product. Not for two threads at once.
    """

    def __init__(self, norm: RMSNorm, mixer: Mamba2) -> None:
        config = mixer.config
        self.eps, self.chunk_len, self.kernel = config.norm_eps, config.chunk_len, config.conv_kernel
        self.num_heads, self.head_dim = config.num_ssm_heads, config.ssm_head_dim
        self.num_groups, self.state_dim = config.ssm_groups, config.ssm_state
        self.in_weight = folded(mixer.in_proj.weight, norm.weight)
        self.in_bias = F.pad(mixer.dt_bias.detach(), (config.d_inner + config.conv_channels, 0))
        self.out_weight = folded(mixer.out_proj.weight, mixer.norm.weight)
        self.taps = mixer.conv_weight.detach().t().contiguous()  # [K, channels]
        self.conv_bias = mixer.conv_bias.detach().clone()
        self.A = -mixer.A_log.detach().exp()
        self.D = mixer.D.detach().clone()
        self.widths = [config.d_inner, config.conv_channels, config.num_ssm_heads]
        self.inner_widths = [config.d_inner, *[config.ssm_groups * config.ssm_state] * 2]
        self._make_buffers()

    def _make_buffers(self) -> None:
        groups, heads, kernel = self.num_groups, self.num_heads, self.kernel
        self.turned_taps = [
            torch.stack([self.taps[kernel - 1 - (at - row) % kernel] for row in range(kernel)])
            for at in range(kernel)
        ]
        self.projected = torch.empty_like(self.in_bias)
        self.gate, self.conv_in, self.dt = torch.split(self.projected, self.widths)
        self.terms = torch.cat([self.taps, self.conv_bias[None]])  # the bias stays as the last row
        self.products = self.terms[:kernel]
        self.conv_out = torch.empty_like(self.conv_bias)
        x, B, C = torch.split(self.conv_out, self.inner_widths)
        self.x = x.view(heads, self.head_dim)
        self.B, self.C = B.view(groups, 1, self.state_dim), C.view(groups, self.state_dim, 1)
        self.decay = torch.empty_like(self.A)
        self.decay_column, self.dt_column = self.decay.view(heads, 1, 1), self.dt.view(heads, 1)
        self.D_column = self.D.view(heads, 1)
        self.fed = torch.empty_like(self.x)
        self.fed_rows = self.fed.view(groups, -1, 1)
        self.y = torch.empty_like(self.x)
        self.y_rows, self.y_flat = self.y.view(groups, -1, 1), self.y.view(-1)
        self.y_groups = self.y.view(groups, -1)

    def step(self, hidden: Tensor, state: MambaState) -> None:
        """One token: add to hidden `[D]`, in place, what the mixer says."""
        torch.addmv(
            self.in_bias, self.in_weight, hidden, alpha=inverse_rms(hidden, self.eps), out=self.projected
        )
        at = state.num_seen % self.kernel
        state.num_seen += 1
        state.conv_rows[at].copy_(self.conv_in)
        torch.mul(state.conv, self.turned_taps[at], out=self.products)
        torch.sum(self.terms, 0, out=self.conv_out)
        F.silu(self.conv_out, inplace=True)
        self._advance(state.ssm)
        self.y.addcmul_(self.x, self.D_column).mul_(F.silu(self.gate, inplace=True).view_as(self.y))
        hidden.addmv_(self.out_weight, self.y_flat, alpha=self._normalise_step())

    def _advance(self, ssm: Tensor) -> None:
        torch._C._nn.softplus(self.dt, out=self.dt)  # type: ignore[call-arg]
        torch.mul(self.dt, self.A, out=self.decay).exp_()
        torch.mul(self.x, self.dt_column, out=self.fed)
        ssm.mul_(self.decay_column)
        rows = ssm.view(self.num_groups, -1, self.state_dim)
        rows.addcmul_(self.fed_rows, self.B)
        torch.bmm(rows, self.C, out=self.y_rows)

    def _normalise_step(self) -> float:
        """What remains to multiply by; with several groups they are scaled here, each by its own."""
        if self.num_groups == 1:
            return inverse_rms(self.y_flat, self.eps)
        self.y_groups.copy_(F.rms_norm(self.y_groups, self.y_groups.shape[1:], None, self.eps))
        return 1.0

    def read(self, hidden: Tensor, state: MambaState) -> None:
        """N tokens: add to hidden `[N, D]`, in place, what the mixer says."""
        normed = F.rms_norm(hidden, hidden.shape[1:], None, self.eps)
        gate, xbc, dt = torch.split(linear(normed, self.in_weight, self.in_bias), self.widths, dim=1)
        x, B, C = torch.split(self._convolve(xbc, state), self.inner_widths, dim=1)
        y = self._scan(x, F.softplus(dt), B, C, state.ssm).mul_(F.silu(gate))
        groups = y.view(len(y), self.num_groups, -1)
        normed = F.rms_norm(groups, groups.shape[2:], None, self.eps).flatten(1)
        hidden.add_(linear(normed, self.out_weight))

    def _convolve(self, xbc: Tensor, state: MambaState) -> Tensor:
        rows = torch.cat([state.newest(), xbc])
        state.append(xbc)
        y = torch.addcmul(self.conv_bias, rows[: len(xbc)], self.taps[0])
        for k in range(1, self.kernel):
            y.addcmul_(rows[k : k + len(xbc)], self.taps[k])
        return F.silu(y, inplace=True)

    def _scan(self, x: Tensor, dt: Tensor, B: Tensor, C: Tensor, ssm: Tensor) -> Tensor:
        num_chunks = -(-len(x) // self.chunk_len)
        x = x.view(len(x), self.num_heads, self.head_dim)
        B, C = (part.view(len(x), self.num_groups, self.state_dim) for part in (B, C))
        pieces = zip(*(part.tensor_split(num_chunks) for part in (x, dt, B, C)), strict=True)
        chunks = [scan_one_chunk_(ssm, x, dt, self.A, B, C, self.D) for x, dt, B, C in pieces]
        return torch.cat(chunks).flatten(1)
