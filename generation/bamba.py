"""The same model in `transformers`: an independent oracle for tests, and the peer of `agent bench engine`."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from ..errors import ConfigError, MissingDependencyError
from .backbone import Hybrid
from .config import ATTENTION, HybridConfig

if TYPE_CHECKING:
    from transformers import BambaModel


class NoRotation(nn.Module):
    """Stands in for Bamba's rotary embedding: turning by nothing, as our attention has no positions."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width

    def forward(self, x: Tensor, position_ids: Tensor) -> tuple[Tensor, Tensor]:
        shape = (*position_ids.shape, self.width)
        return x.new_ones(shape), x.new_zeros(shape)


def bamba_twin(model: Hybrid) -> BambaModel:
    """`transformers.BambaModel` with the shape and the weights of `model`, and its rotation taken out.

    Raises `MissingDependencyError` without transformers, `ConfigError` for a shape that Bamba cannot have.
    """
    try:
        from transformers import BambaConfig, BambaModel
    except ImportError:
        raise MissingDependencyError("transformers is missing: pip install 'transformers>=5.0'") from None
    # Its torch path is what is wanted here, so its advice about faster kernels for GPUs would only be noise.
    logging.getLogger("transformers").setLevel(logging.ERROR)
    twin = BambaModel(BambaConfig(**_settings(model.config)))
    twin.eval()  # type: ignore[no-untyped-call]
    twin.add_module("rotary_emb", NoRotation(2 * (model.config.head_dim // 4)))
    missing, unknown = twin.load_state_dict(_weights(model), strict=False)
    if unknown or missing != ["embed_tokens.weight"]:
        raise ConfigError(
            f"this transformers has another Bamba: weights {missing} missing, {unknown} unknown"
        )
    return twin


def _settings(config: HybridConfig) -> dict[str, Any]:
    if config.num_heads * config.head_dim != config.d_model:
        raise ConfigError(f"num_heads * head_dim = {config.num_heads * config.head_dim}: Bamba wants d_model")
    if ATTENTION not in config.pattern:
        raise ConfigError(f"pattern={config.pattern!r}: Bamba wants at least one A")
    return {
        "vocab_size": 8,
        "hidden_size": config.d_model,
        "intermediate_size": config.mlp_hidden,
        "num_hidden_layers": config.num_layers,
        "num_attention_heads": config.num_heads,
        "num_key_value_heads": config.num_kv_heads,
        "attn_layer_indices": [i for i, kind in enumerate(config.pattern) if kind == ATTENTION],
        "rms_norm_eps": config.norm_eps,
        "mamba_n_heads": config.num_ssm_heads,
        "mamba_d_head": config.ssm_head_dim,
        "mamba_n_groups": config.ssm_groups,
        "mamba_d_state": config.ssm_state,
        "mamba_d_conv": config.conv_kernel,
        "mamba_expand": config.ssm_expand,
        "mamba_chunk_size": config.chunk_len,
    }


def _weights(model: Hybrid) -> dict[str, Tensor]:
    weights = {}
    for name, weight in model.state_dict().items():
        for theirs, part in _renamed(name, weight, model.config):
            weights[theirs] = part
    return weights


def _renamed(name: str, weight: Tensor, config: HybridConfig) -> list[tuple[str, Tensor]]:
    """Our name and weight -> theirs; what we keep as one matrix they keep as two or three."""
    if name == "norm.weight":
        return [("final_layernorm.weight", weight)]
    _, number, part = name.split(".", 2)
    ahead = f"layers.{number}."
    if part == "mlp.gate_up.weight":
        gate, up = weight.chunk(2)
        return [(f"{ahead}feed_forward.gate_proj.weight", gate), (f"{ahead}feed_forward.up_proj.weight", up)]
    if part == "mixer.qkv_proj.weight":
        heads = config.num_heads, config.num_kv_heads, config.num_kv_heads
        parts = torch.split(weight, [count * config.head_dim for count in heads])
        return [(f"{ahead}self_attn.{which}_proj.weight", w) for which, w in zip("qkv", parts, strict=True)]
    if part == "mixer.out_proj.weight" and config.pattern[int(number)] == ATTENTION:
        return [(f"{ahead}self_attn.o_proj.weight", weight)]
    if part == "mixer.conv_weight":
        return [(f"{ahead}mamba.conv1d.weight", weight[:, None])]
    return [(ahead + _THEIRS.get(part, part.replace("mixer.", "mamba.")), weight)]


_THEIRS = {
    "mixer_norm.weight": "input_layernorm.weight",
    "mlp_norm.weight": "pre_ff_layernorm.weight",
    "mlp.down.weight": "feed_forward.down_proj.weight",
    "mixer.conv_bias": "mamba.conv1d.bias",
}
