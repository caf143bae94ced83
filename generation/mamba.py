"""The Mamba-2 mixer (Dao and Gu 2024, arXiv:2405.21060)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..kernels.conv import causal_conv
from ..kernels.ssd import ssd_chunk_scan
from .config import HybridConfig
from .norm import RMSNorm

_DT_LEAST, _DT_MOST, _A_MOST = 1e-3, 1e-1, 16.0


@dataclass(frozen=True, slots=True, eq=False)
class MambaCarry:
    """What one mixer hands from segment to segment."""

    conv: Tensor  # [B, K-1, channels], the newest inputs of the convolution
    ssm: Tensor  # [B, H, P, S] float32

    def detach(self) -> MambaCarry:
        return MambaCarry(self.conv.detach(), self.ssm.detach())

    def where(self, keep: Tensor) -> MambaCarry:
        """Zero in the rows where `keep` [B] is false."""
        return MambaCarry(
            self.conv * keep[:, None, None].to(self.conv.dtype), self.ssm * keep[:, None, None, None]
        )


class Mamba2(nn.Module):
    """Projection, short convolution, selective scan, gated normalisation, projection."""

    def __init__(self, config: HybridConfig) -> None:
        super().__init__()
        self.config = config
        num_heads, channels = config.num_ssm_heads, config.conv_channels
        self.in_proj = nn.Linear(config.d_model, config.d_inner + channels + num_heads, bias=False)
        self.conv_weight = nn.Parameter(torch.empty(channels, config.conv_kernel))
        self.conv_bias = nn.Parameter(torch.empty(channels))
        self.dt_bias = nn.Parameter(torch.empty(num_heads))
        self.A_log = nn.Parameter(torch.empty(num_heads))
        self.D = nn.Parameter(torch.ones(num_heads))
        self.norm = RMSNorm(config.d_inner, config.norm_eps, config.ssm_groups)
        self.out_proj = nn.Linear(config.d_inner, config.d_model, bias=False)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self) -> None:
        """Time steps log-uniform in 0.001..0.1 and decay rates uniform in 1..16, as in the paper's code."""
        bound = self.config.conv_kernel**-0.5
        nn.init.uniform_(self.conv_weight, -bound, bound)
        nn.init.uniform_(self.conv_bias, -bound, bound)
        dt = torch.empty_like(self.dt_bias).uniform_(math.log(_DT_LEAST), math.log(_DT_MOST)).exp()
        self.dt_bias.copy_(dt + torch.log(-torch.expm1(-dt)))  # softplus of this is dt again
        self.A_log.uniform_(1.0, _A_MOST).log_()

    def forward(self, x: Tensor, initial: MambaCarry | None = None) -> tuple[Tensor, MambaCarry]:
        """x `[B, T, D]`; returns `[B, T, D]` and what the next segment starts from."""
        config = self.config
        z, xbc, dt = self.in_proj(x).split(
            [config.d_inner, config.conv_channels, config.num_ssm_heads], dim=-1
        )
        xbc, conv = self._convolve(xbc, None if initial is None else initial.conv)
        widths = [config.d_inner, *[config.ssm_groups * config.ssm_state] * 2]
        inner, B, C = torch.split(xbc, widths, dim=-1)
        y, ssm = ssd_chunk_scan(
            inner.view(*x.shape[:2], -1, config.ssm_head_dim),
            F.softplus(dt.float() + self.dt_bias),
            -self.A_log.exp(),
            B.view(*x.shape[:2], config.ssm_groups, -1),
            C.view(*x.shape[:2], config.ssm_groups, -1),
            self.D,
            None if initial is None else initial.ssm,
            config.chunk_len,
        )
        out: Tensor = self.out_proj(self.norm(y.flatten(2) * F.silu(z)))
        return out, MambaCarry(conv, ssm)

    def _convolve(self, xbc: Tensor, before: Tensor | None) -> tuple[Tensor, Tensor]:
        num_kept = self.config.conv_kernel - 1
        if before is None:
            before = xbc.new_zeros(xbc.shape[0], num_kept, xbc.shape[2])
        before = before.to(xbc.dtype)
        y = causal_conv(xbc, self.conv_weight, self.conv_bias, before)
        newest = xbc[:, max(0, xbc.shape[1] - num_kept) :]
        return y, torch.cat([before[:, newest.shape[1] :], newest], dim=1)
