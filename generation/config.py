"""The shape of the hybrid backbone."""

from __future__ import annotations

from dataclasses import dataclass, fields

from ..errors import ConfigError
from ..memory.spec import StateSpec

MAMBA, ATTENTION = "M", "A"


@dataclass(frozen=True, slots=True)
class HybridConfig:
    """Widths and counts of every layer; `pattern` has one letter a layer: `M` Mamba-2, `A` attention.

    Raises `ConfigError` when a value is out of range or two values contradict each other.
    """

    d_model: int = 192  # D
    pattern: str = "MMMAMMMA"
    num_heads: int = 6  # H of attention
    num_kv_heads: int = 2  # G
    head_dim: int = 32  # P of attention
    ssm_state: int = 64  # S
    ssm_head_dim: int = 32  # P of Mamba-2
    ssm_expand: int = 2
    ssm_groups: int = 1
    conv_kernel: int = 4
    chunk_len: int = 64  # tokens that the chunked scan takes at once
    mlp_hidden: int = 512
    norm_eps: float = 1e-5
    num_sinks: int = 4
    num_latents: int = 0  # L
    window: int = 1024  # W

    def __post_init__(self) -> None:
        self._check_ranges()
        _check_divides("num_kv_heads", self.num_kv_heads, "num_heads", self.num_heads)
        _check_divides("ssm_head_dim", self.ssm_head_dim, "ssm_expand * d_model", self.d_inner)
        _check_divides("ssm_groups", self.ssm_groups, "the number of SSM heads", self.num_ssm_heads)

    def _check_ranges(self) -> None:
        if not self.pattern or set(self.pattern) - {MAMBA, ATTENTION}:
            raise ConfigError(
                f"pattern={self.pattern!r}: give one letter a layer, M (Mamba-2) or A (attention)"
            )
        if not self.norm_eps > 0:
            raise ConfigError(f"norm_eps={self.norm_eps}: give a number above 0")
        for field in fields(self):
            value = getattr(self, field.name)
            least = 0 if field.name in ("num_sinks", "num_latents") else 1
            if field.type == "int" and (not isinstance(value, int) or value < least):
                raise ConfigError(f"{field.name}={value!r}: give a whole number of at least {least}")

    @property
    def num_layers(self) -> int:
        return len(self.pattern)

    @property
    def d_inner(self) -> int:
        """Width inside a Mamba-2 mixer."""
        return self.ssm_expand * self.d_model

    @property
    def num_ssm_heads(self) -> int:
        return self.d_inner // self.ssm_head_dim

    @property
    def conv_channels(self) -> int:
        """What passes the short convolution: x, B and C."""
        return self.d_inner + 2 * self.ssm_groups * self.ssm_state

    def state_spec(self) -> StateSpec:
        """The shapes of a session's state for this model."""
        return StateSpec(
            num_mamba=self.pattern.count(MAMBA),
            num_attention=self.pattern.count(ATTENTION),
            num_ssm_heads=self.num_ssm_heads,
            ssm_head_dim=self.ssm_head_dim,
            ssm_state=self.ssm_state,
            conv_channels=self.conv_channels,
            conv_kernel=self.conv_kernel,
            num_kv_heads=self.num_kv_heads,
            head_dim=self.head_dim,
            num_sinks=self.num_sinks,
            num_latents=self.num_latents,
            window=self.window,
        )


def _check_divides(name: str, part: int, whole_name: str, whole: int) -> None:
    if whole % part:
        raise ConfigError(f"{name}={part} does not divide {whole_name}={whole}: choose a divisor")
