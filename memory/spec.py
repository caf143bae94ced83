"""The shapes of what the model keeps between ticks, told by the model's configuration."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import ConfigError


@dataclass(frozen=True, slots=True)
class StateSpec:
    """All that decides the size of a `SessionState`; two states with equal specs are interchangeable."""

    num_mamba: int  # Mamba-2 layers
    num_attention: int  # attention layers
    num_ssm_heads: int  # H
    ssm_head_dim: int  # P
    ssm_state: int  # S
    conv_channels: int
    conv_kernel: int
    num_kv_heads: int  # G
    head_dim: int  # P of attention
    num_sinks: int
    num_latents: int  # L
    window: int  # W
    max_pending: int = 64  # token ids of an unfinished sentence

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            least = 0 if name in _MAY_BE_ZERO else 1
            if not isinstance(value, int) or value < least:
                raise ConfigError(
                    f"{name}={value!r} in the state's shape: give a whole number of at least {least}"
                )

    @property
    def num_slots(self) -> int:
        """Keys of one attention layer: `[sinks | latents | window]`."""
        return self.num_sinks + self.num_latents + self.window


_MAY_BE_ZERO = frozenset({"num_mamba", "num_attention", "num_sinks", "num_latents"})
