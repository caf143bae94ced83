"""The state of one layer: views of the session's storage and a count of tokens."""

from __future__ import annotations

import torch
from torch import Tensor

from .spec import StateSpec


class MambaState:
    """One Mamba-2 layer: a ring of the convolution's newest inputs, and the SSM state."""

    __slots__ = ("conv", "conv_rows", "kernel", "num_seen", "ssm")

    def __init__(self, spec: StateSpec, storage: Tensor) -> None:
        conv, ssm = storage.tensor_split([spec.conv_kernel * spec.conv_channels])
        self.kernel = spec.conv_kernel
        self.conv = conv.view(spec.conv_kernel, spec.conv_channels)  # token t lies in row t % kernel
        self.conv_rows = self.conv.unbind(0)
        self.ssm = ssm.view(spec.num_ssm_heads, spec.ssm_head_dim, spec.ssm_state)
        self.num_seen = 0

    @staticmethod
    def size(spec: StateSpec) -> int:
        """Numbers in the storage."""
        conv = spec.conv_kernel * spec.conv_channels
        return conv + spec.num_ssm_heads * spec.ssm_head_dim * spec.ssm_state

    def reset(self) -> None:
        self.conv.zero_()
        self.ssm.zero_()
        self.num_seen = 0

    def newest(self) -> Tensor:
        """Copy of the last `kernel - 1` inputs of the convolution, oldest first."""
        first = self.num_seen + 1
        return torch.stack([self.conv_rows[(first + k) % self.kernel] for k in range(self.kernel - 1)])

    def append(self, inputs: Tensor) -> None:
        """Take inputs of the convolution `[N, channels]`."""
        num_tokens = len(inputs)
        first = max(0, num_tokens - self.kernel)
        for n in range(first, num_tokens):
            self.conv_rows[(self.num_seen + n) % self.kernel].copy_(inputs[n])
        self.num_seen += num_tokens


class AttentionState:
    """One attention layer: keys, values and bias laid out as `[sinks | latents | window]`.

    The window is a ring. Keys carry no position, so the order in which they lie does not matter, and a new
    token simply takes the place of the oldest. The bias is `-inf` where a slot is empty.
    """

    __slots__ = (
        "bias",
        "both",
        "keys",
        "num_latents",
        "num_seen",
        "num_sinks",
        "num_slots",
        "values",
        "window",
    )

    def __init__(self, spec: StateSpec, storage: Tensor) -> None:
        groups, slots, width = spec.num_kv_heads, spec.num_slots, spec.head_dim
        both, bias = storage.tensor_split([2 * groups * slots * width])
        self.both = both.view(2, groups, slots, width)  # keys and values, for one copy a token
        self.keys, self.values = self.both.unbind(0)  # [G, slots, P]
        self.bias = bias.view(groups, slots)
        self.num_sinks, self.num_latents, self.window = spec.num_sinks, spec.num_latents, spec.window
        self.num_slots = slots
        self.num_seen = 0

    @staticmethod
    def size(spec: StateSpec) -> int:
        """Numbers in the storage."""
        return spec.num_kv_heads * spec.num_slots * (2 * spec.head_dim + 1)

    def reset(self) -> None:
        self.both.zero_()
        self.bias.fill_(-torch.inf)
        self.num_seen = 0

    @property
    def num_used(self) -> int:
        """Slots from the first on beyond which all are empty."""
        if self.num_seen <= self.num_sinks and not self.num_latents:
            return self.num_seen
        newer = max(0, self.num_seen - self.num_sinks)
        return self.num_sinks + self.num_latents + min(newer, self.window)

    @property
    def is_full(self) -> bool:
        """From here on every new token takes the place of the oldest in the window."""
        return self.num_seen >= self.num_sinks + self.window

    def used(self) -> tuple[Tensor, Tensor, Tensor]:
        """Keys and values `[G, used, P]` and bias `[G, 1, used]`: views of the slots that hold something."""
        num_used = self.num_used
        return self.keys[:, :num_used], self.values[:, :num_used], self.bias[:, None, :num_used]

    def slot(self, number: int) -> int:
        """Where the token with this running number lies, or will lie."""
        if number < self.num_sinks:
            return number
        return self.num_sinks + self.num_latents + (number - self.num_sinks) % self.window

    def next_slots(self, num_tokens: int) -> list[int]:
        """Where the next tokens will lie; at most `window` at once, so that none takes another's place."""
        return [self.slot(self.num_seen + n) for n in range(num_tokens)]

    def append(self, keys: Tensor, values: Tensor) -> None:
        """Take keys and values `[G, N, P]` of the next N tokens, N at most `window`."""
        slots = torch.tensor(self.next_slots(keys.shape[1]), device=self.keys.device)
        self.keys.index_copy_(1, slots, keys)
        self.values.index_copy_(1, slots, values)
        if not self.is_full:
            self.bias.index_fill_(1, slots, 0.0)
        self.num_seen += len(slots)

    def taken_by(self, num_tokens: int) -> Tensor | None:
        """For each used slot, which of the next tokens (from 0) takes its place; `num_tokens` if none."""
        if self.num_seen + num_tokens <= self.num_sinks + self.window:
            return None
        takers = torch.full((self.num_slots,), num_tokens, device=self.keys.device)
        slots = torch.tensor(self.next_slots(num_tokens), device=self.keys.device)
        takers[slots] = torch.arange(num_tokens, device=self.keys.device)
        return takers[: self.num_used]
