"""Our layers against the classes of `transformers`, with copied weights."""

import pytest
import torch

pytest.importorskip("transformers", reason="transformers is the oracle here")

from transformers import DynamicCache, NemotronHConfig
from transformers.models.nemotron_h.modeling_nemotron_h import NemotronHAttention, NemotronHMamba2Mixer

from millrace.errors import ConfigError
from millrace.generation.attention import Attention
from millrace.generation.attention_engine import AttentionEngine
from millrace.generation.backbone import Hybrid
from millrace.generation.bamba import bamba_twin
from millrace.generation.config import HybridConfig
from millrace.generation.mamba import Mamba2
from millrace.generation.mamba_engine import MambaEngine
from millrace.generation.norm import RMSNorm
from millrace.memory.state import SessionState

SHAPE = {"d_model": 32, "num_heads": 4, "head_dim": 8, "ssm_state": 16, "ssm_head_dim": 16, "mlp_hidden": 48}
CLOSE = {"atol": 1e-4, "rtol": 1e-4}


def rough(module):
    """Weights far from their start, so that no part hides behind a one or a zero."""
    torch.manual_seed(1)
    with torch.no_grad():
        for weight in module.parameters():
            weight.add_(torch.randn_like(weight) * 0.2)
    return module.eval()


def hybrid(**changes):
    return rough(Hybrid(HybridConfig(**SHAPE | {"pattern": "MMAM", "chunk_len": 16} | changes)))


def nemotron(groups):
    return NemotronHConfig(
        hidden_size=32,
        layers_block_type=["mamba", "attention"],
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        mamba_num_heads=4,
        mamba_head_dim=16,
        ssm_state_size=16,
        n_groups=groups,
        conv_kernel=4,
        chunk_size=16,
        vocab_size=8,
    )


@pytest.mark.parametrize("kernel, groups", [(4, 1), (3, 1), (4, 2)])
def test_the_whole_model_equals_bamba_at_once_and_step_by_step(kernel, groups):
    model = hybrid(conv_kernel=kernel, ssm_groups=groups)
    twin, x = bamba_twin(model), torch.randn(1, 45, 32)
    with torch.inference_mode():
        wanted = twin(inputs_embeds=x).last_hidden_state[0]
        torch.testing.assert_close(model(x)[0][0], wanted, **CLOSE)
        state = SessionState.allocate(model.config.state_spec())
        torch.testing.assert_close(model.read(x[0, :37], state), wanted[:37], **CLOSE)
        out = twin(inputs_embeds=x[:, :37], use_cache=True)
        for t in range(37, 45):
            out = twin(inputs_embeds=x[:, t : t + 1], past_key_values=out.past_key_values, use_cache=True)
            got = model.step(x[0, t], state)
            torch.testing.assert_close(got, out.last_hidden_state[0, 0], **CLOSE)
            torch.testing.assert_close(got, wanted[t], **CLOSE)


def test_a_shape_that_bamba_cannot_have_is_refused():
    with pytest.raises(ConfigError, match="num_heads"):
        bamba_twin(hybrid(num_heads=2))


@pytest.mark.parametrize("groups", [1, 2])
def test_the_mamba_mixer_equals_nemotron_h_at_once_and_step_by_step(groups):
    config = nemotron(groups)
    theirs = rough(NemotronHMamba2Mixer(config, layer_idx=0))
    ours = Mamba2(HybridConfig(**SHAPE, ssm_groups=groups, chunk_len=16)).eval()
    weights = theirs.state_dict()
    weights["conv_weight"] = weights.pop("conv1d.weight")[:, 0]
    weights["conv_bias"] = weights.pop("conv1d.bias")
    ours.load_state_dict(weights)
    x = torch.randn(1, 40, 32)
    unit = RMSNorm(32, 1e-5)
    normed = unit(x).detach()
    engine = MambaEngine(unit, ours)
    state = SessionState.allocate(HybridConfig(**SHAPE, ssm_groups=groups, pattern="M").state_spec())
    cache = DynamicCache(config=config)
    with torch.inference_mode():
        wanted = theirs(normed)[0]
        torch.testing.assert_close(ours(normed)[0][0], wanted, **CLOSE)
        theirs(normed[:, :33], cache_params=cache)
        hidden = x[0, :33].clone()
        engine.read(hidden, state.mamba[0])
        torch.testing.assert_close(hidden - x[0, :33], wanted[:33], **CLOSE)
        for t in range(33, 40):
            hidden = x[0, t].clone()
            engine.step(hidden, state.mamba[0])
            stepped = theirs(normed[:, t : t + 1], cache_params=cache)[0, 0]
            torch.testing.assert_close(hidden - x[0, t], stepped, **CLOSE)
            torch.testing.assert_close(stepped, wanted[t], **CLOSE)


def test_attention_equals_nemotron_h_at_once_and_step_by_step():
    config = nemotron(1)
    config._attn_implementation = "sdpa"
    theirs = rough(NemotronHAttention(config, layer_idx=1))
    ours = Attention(HybridConfig(**SHAPE)).eval()
    weights = theirs.state_dict()
    qkv = torch.cat([weights[f"{which}_proj.weight"] for which in "qkv"])
    ours.load_state_dict({"qkv_proj.weight": qkv, "out_proj.weight": weights["o_proj.weight"]})
    x, unit = torch.randn(1, 40, 32), RMSNorm(32, 1e-5)
    normed = unit(x).detach()
    engine = AttentionEngine(unit, ours)
    state = SessionState.allocate(HybridConfig(**SHAPE, pattern="A").state_spec()).attention[0]
    with torch.inference_mode():
        wanted = theirs(normed)[0][0]
        torch.testing.assert_close(ours(normed)[0][0], wanted, **CLOSE)
        hidden = x[0].clone()
        engine.read(hidden[:31], state)
        for t in range(31, 40):
            engine.step(hidden[t], state)
        torch.testing.assert_close(hidden - x[0], wanted, **CLOSE)
