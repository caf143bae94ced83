import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from millrace.errors import StateError
from millrace.generation.backbone import Hybrid
from millrace.generation.config import HybridConfig
from millrace.memory.state import SessionState

SMALL = {
    "d_model": 32,
    "num_heads": 4,
    "head_dim": 8,
    "ssm_state": 16,
    "ssm_head_dim": 16,
    "chunk_len": 16,
    "mlp_hidden": 48,
    "window": 400,
}


def model_of(pattern="MMAMA", **changes):
    torch.manual_seed(0)
    model = Hybrid(HybridConfig(**SMALL | {"pattern": pattern} | changes)).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(torch.randn_like(weight) * 0.1)
    return model


def state_of(model):
    return SessionState.allocate(model.config.state_spec())


def run(model, x, sizes, state=None, depth=None):
    """Reads x in pieces of these sizes; size 0 stands for a step."""
    state = state_of(model) if state is None else state
    out, at = [], 0
    for size in sizes:
        if size == 0:
            out.append(model.step(x[at], state, depth)[None])
        else:
            out.append(model.read(x[at : at + size], state, depth))
        at += len(out[-1])
    return torch.cat(out)


def whole(model, x, depth=None):
    with torch.no_grad():
        return model(x[None], depth=depth)[0][0]


MODEL = model_of()
GROUPED = model_of("MA", ssm_groups=2, num_kv_heads=4, conv_kernel=3, num_sinks=0)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from([0, 0, 1, 2, 3, 15, 16, 17, 33, 50]), min_size=1, max_size=8))
def test_chunks_and_steps_give_what_one_forward_gives(sizes):
    x = torch.randn(sum(max(1, size) for size in sizes), 32)
    for model in (MODEL, GROUPED):
        torch.testing.assert_close(run(model, x, sizes), whole(model, x), atol=1e-4, rtol=1e-4)


def test_the_shipped_shape_until_its_window_is_full():
    model = Hybrid(HybridConfig()).eval()
    x = torch.randn(1028, 192)
    got = run(model, x, [1, 63, 100, 0, 0, 128, 256, 7, 400, *[0] * 71])
    assert len(got) == 1028
    torch.testing.assert_close(got, whole(model, x), atol=1e-4, rtol=1e-4)


def masked_attention(layer, x, num_sinks, window):
    """The attention of one layer said plainly: token i sees the sinks and the newest `window` tokens."""
    num_tokens = len(x)
    normed = layer.mixer_norm(x)
    q, k, v = layer.mixer.qkv_proj(normed).view(num_tokens, -1, 8).split([4, 2, 2], dim=1)
    k, v = k.repeat_interleave(2, 1), v.repeat_interleave(2, 1)
    scores = torch.einsum("ihp,jhp->hij", q, k) * 8**-0.5
    i, j = torch.arange(num_tokens)[:, None], torch.arange(num_tokens)
    # The window holds `window` tokens besides the sinks, the token itself among them.
    seen = (j <= i) & ((j < num_sinks) | (j > i - window))
    y = torch.einsum("hij,jhp->ihp", scores.masked_fill(~seen, -torch.inf).softmax(-1), v)
    x = x + layer.mixer.out_proj(y.flatten(1))
    return x + layer.mlp(layer.mlp_norm(x))


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.sampled_from([0, 0, 0, 1, 2, 5, 7, 8, 20]), min_size=4, max_size=12), st.sampled_from([0, 3])
)
def test_after_the_window_is_full_attention_is_over_sinks_and_the_newest(sizes, num_latents):
    model = model_of("A", window=8, num_sinks=3, num_latents=num_latents)
    x = torch.randn(sum(max(1, size) for size in sizes), 32)
    with torch.no_grad():
        wanted = model.norm(masked_attention(model.layers[0], x, 3, 8))
    torch.testing.assert_close(run(model, x, sizes), wanted, atol=1e-4, rtol=1e-4)


def test_size_stays_the_same_for_ever_and_cutting_does_not_matter():
    model = model_of(window=24)
    x = torch.randn(300, 32)
    state = state_of(model)
    num_bytes, places = state.num_bytes, state.storage.data_ptr()
    by_chunks = run(model, x, [50] * 6, state)
    assert (state.num_bytes, state.storage.data_ptr(), state.num_tokens) == (num_bytes, places, 300)
    torch.testing.assert_close(
        run(model, x, [7, 0, 0, 24, 1, 90] + [0] * 176), by_chunks, atol=1e-4, rtol=1e-4
    )


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_depth_runs_the_first_layers_in_reading_and_writing(depth):
    x = torch.randn(40, 32)
    got = run(MODEL, x, [9, 0, 0, 29], depth=depth)
    torch.testing.assert_close(got, whole(MODEL, x, depth), atol=1e-4, rtol=1e-4)


def test_depth_may_change_from_tick_to_tick():
    x = torch.randn(60, 32)
    sizes, depths = [10, 0, 17, 0, 31], [5, 2, 3, 5, 1]
    results = []
    for cut in (False, True):
        state, at, out = state_of(MODEL), 0, []
        for size, depth in zip(sizes, depths, strict=True):
            count = max(1, size)
            part = x[at : at + count]
            pieces = [1] * count if cut else [size]
            out.append(run(MODEL, part, pieces, state, depth))
            at += count
        results.append(torch.cat(out))
    torch.testing.assert_close(results[0], results[1], atol=1e-4, rtol=1e-4)


def test_a_fork_and_a_restored_export_go_on_alike():
    x, state = torch.randn(60, 32), state_of(MODEL)
    run(MODEL, x[:40], [40], state)
    twin, copy_of_state = state.fork(), state_of(MODEL)
    copy_of_state.restore(state.export())
    wanted = run(MODEL, x[40:], [0] * 20, state)
    assert torch.equal(wanted, run(MODEL, x[40:], [0] * 20, twin))
    assert torch.equal(wanted, run(MODEL, x[40:], [0] * 20, copy_of_state))


def test_changed_weights_are_seen():
    model, x = model_of("MA"), torch.randn(6, 32)
    before = run(model, x, [6])
    with torch.no_grad():
        model.layers[0].mixer.in_proj.weight.mul_(1.5)
    changed = run(model, x, [6])
    assert not torch.equal(before, changed)
    torch.testing.assert_close(changed, whole(model, x), atol=1e-4, rtol=1e-4)
    twin = copy.deepcopy(model)
    twin.load_state_dict(model_of("MA").state_dict())
    assert torch.equal(run(twin, x, [2, 0, 3]), run(model_of("MA"), x, [2, 0, 3]))
    model.train()
    model.layers[0].mlp.down.weight.data.mul_(2)
    torch.testing.assert_close(run(model.eval(), x, [6]), whole(model, x), atol=1e-4, rtol=1e-4)


def test_what_read_and_step_return_is_not_overwritten_later():
    x, state = torch.randn(8, 32), state_of(MODEL)
    first, second = MODEL.step(x[0], state), MODEL.read(x[1:4], state)
    kept = first.clone(), second.clone()
    MODEL.step(x[4], state)
    MODEL.read(x[5:], state)
    assert torch.equal(first, kept[0]) and torch.equal(second, kept[1])


def test_bad_arguments_are_named():
    state = state_of(MODEL)
    with pytest.raises(ValueError, match=r"x has shape \(0, 32\)"):
        MODEL.read(torch.zeros(0, 32), state)
    with pytest.raises(ValueError, match=r"x has shape \(3, 31\)"):
        MODEL.read(torch.zeros(3, 31), state)
    with pytest.raises(ValueError, match="depth=6"):
        MODEL.step(torch.zeros(32), state, depth=6)
    with pytest.raises(StateError, match="another shape"):
        MODEL.read(torch.zeros(3, 32), state_of(model_of("MA")))
