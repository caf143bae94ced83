import pytest
import torch

from millrace.errors import ConfigError
from millrace.generation.attention import AttentionCarry, window_attention
from millrace.generation.backbone import Hybrid
from millrace.generation.config import HybridConfig
from millrace.generation.norm import RMSNorm

SMALL = {
    "d_model": 32,
    "num_heads": 4,
    "head_dim": 8,
    "ssm_state": 16,
    "ssm_head_dim": 16,
    "chunk_len": 16,
    "mlp_hidden": 48,
    "window": 40,
}


def small(pattern="MMA", **changes):
    torch.manual_seed(0)
    return Hybrid(HybridConfig(**SMALL | {"pattern": pattern} | changes))


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"pattern": "MXA"}, "pattern='MXA'"),
        ({"pattern": ""}, "pattern=''"),
        ({"num_kv_heads": 5}, "num_kv_heads=5 does not divide num_heads=6"),
        ({"ssm_head_dim": 31}, "ssm_head_dim=31 does not divide"),
        ({"window": 0}, "window=0"),
        ({"norm_eps": -1.0}, "norm_eps=-1.0"),
    ],
)
def test_a_bad_setting_is_named(changes, message):
    with pytest.raises(ConfigError, match=message):
        HybridConfig(**changes)


@pytest.mark.parametrize("num_groups", [1, 4])
def test_rms_norm_equals_the_formula_with_its_gradient(num_groups):
    norm = RMSNorm(32, 1e-5, num_groups)
    torch.nn.init.normal_(norm.weight)
    x = torch.randn(3, 700, 32, requires_grad=True)
    parts = x.unflatten(-1, (num_groups, -1))
    wanted = (parts * (parts.pow(2).mean(-1, keepdim=True) + 1e-5).rsqrt()).flatten(-2) * norm.weight
    got, dy = norm(x), torch.randn(3, 700, 32)
    torch.testing.assert_close(got, wanted)
    leaves = (x, norm.weight)
    for a, b in zip(
        torch.autograd.grad(got, leaves, dy), torch.autograd.grad(wanted, leaves, dy), strict=True
    ):
        torch.testing.assert_close(a, b, atol=1e-3, rtol=1e-4)


def test_segments_with_carried_state_equal_one_pass():
    model, x = small("MAMA", window=128), torch.randn(2, 75, 32)
    whole, last = model(x)
    first, carries = model(x[:, :33])
    second, carries = model(x[:, 33:], carries)
    torch.testing.assert_close(torch.cat([first, second], 1), whole, atol=1e-4, rtol=1e-4)
    for a, b in zip(carries[::2], last[::2], strict=True):
        torch.testing.assert_close(a.ssm, b.ssm, atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(a.conv, b.conv)


def test_a_row_that_starts_a_stream_knows_nothing_of_the_one_before():
    model, x = small("MAMA"), torch.randn(2, 40, 32)
    carries = [c.where(torch.tensor([True, False])) for c in model(torch.randn(2, 33, 32))[1]]
    torch.testing.assert_close(model(x, carries)[0][1], model(x)[0][1], atol=1e-5, rtol=1e-5)


def test_a_window_longer_than_a_segment_reaches_over_several_and_ends_where_the_stream_began():
    model, x = small("MAMA", window=128), torch.randn(2, 80, 32)
    parts, carries = [], None
    for n, part in enumerate(x.split(20, 1)):
        starts = torch.tensor([n != 0, n != 2])  # the second row begins anew at its third segment
        carries = None if carries is None else [carry.where(starts) for carry in carries]
        hidden, carries = model(part, carries)
        parts.append(hidden)
    torch.testing.assert_close(torch.cat(parts, 1)[0], model(x)[0][0], atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(torch.cat(parts[2:], 1)[1], model(x[:, 40:])[0][1], atol=1e-4, rtol=1e-4)


def assert_attends(got, q, k, v, seen):
    """As the formula says it, with the gradient; `seen` [B or 1, T, keys]."""
    k_each, v_each = (x.repeat_interleave(q.shape[1] // x.shape[1], dim=1) for x in (k, v))
    scores = (q @ k_each.mT * q.shape[-1] ** -0.5).masked_fill(~seen[:, None], -torch.inf)
    wanted, dy = scores.softmax(-1) @ v_each, torch.randn(q.shape)
    torch.testing.assert_close(got, wanted)
    for a, b in zip(
        torch.autograd.grad(got, (q, k, v), dy), torch.autograd.grad(wanted, (q, k, v), dy), strict=True
    ):
        torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("num_tokens", [1, 100, 128, 300])
def test_attention_without_a_past_is_causal(num_tokens):
    q, k, v = (torch.randn(2, heads, num_tokens, 8, requires_grad=True) for heads in (6, 2, 2))
    got = window_attention(q, k, v, torch.zeros(2, dtype=torch.int64), num_tokens)
    assert_attends(got, q, k, v, torch.ones(1, num_tokens, num_tokens).tril().bool())


@pytest.mark.parametrize("window", [1, 7, 60, 150, 400])
def test_window_attention_sees_the_window_and_no_more(window):
    q = torch.randn(3, 6, 150, 8, requires_grad=True)
    k, v = (torch.randn(3, 2, 210, 8, requires_grad=True) for _ in range(2))
    at, to = torch.arange(60, 210)[:, None], torch.arange(210)
    seen = ((at >= to) & (at - to < window))[None] & torch.stack([to >= 0, to >= 60, to >= 35])[:, None]
    assert_attends(window_attention(q, k, v, torch.tensor([60, 0, 25]), window), q, k, v, seen)


def test_a_first_segment_attends_as_one_after_an_empty_past():
    mixer, x = small("A", window=64).layers[0].mixer, torch.randn(2, 40, 32)
    alone, carry = mixer(x)
    nothing = torch.zeros(2, dtype=torch.int64)
    after, _ = mixer(x, AttentionCarry(torch.randn_like(carry.k), torch.randn_like(carry.v), nothing))
    torch.testing.assert_close(after, alone)


def test_every_weight_gets_a_gradient_and_a_carry_can_be_cut():
    model, x = small("MAM"), torch.randn(2, 20, 32)
    _, carries = model(x)
    assert carries[0].ssm.requires_grad and not carries[0].detach().ssm.requires_grad
    with torch.autocast("cpu", dtype=torch.bfloat16):
        hidden, _ = model(x, [carry.detach() for carry in carries])
    hidden.float().pow(2).mean().backward()
    for name, weight in model.named_parameters():
        assert weight.grad is not None and weight.grad.isfinite().all(), name


def test_the_future_does_not_reach_the_past():
    model, x = small("MAMA"), torch.randn(1, 50, 32)
    changed = torch.cat([x[:, :30], torch.randn(1, 20, 32)], 1)
    torch.testing.assert_close(model(x)[0][:, :30], model(changed)[0][:, :30])


def test_depth_runs_only_the_first_layers():
    model, x = small("MAM"), torch.randn(1, 9, 32)
    hidden, carries = model(x, depth=2)
    half = small("MA")
    half.load_state_dict({k: v for k, v in model.state_dict().items() if not k.startswith("layers.2")})
    torch.testing.assert_close(hidden, half(x)[0])
    assert len(carries) == 2
