import pytest
import torch

from millrace.kernels.ssd import ssd_chunk_scan, ssd_ref, ssd_step_
from millrace.kernels.ssd_torch import scan_one_chunk_


def _inputs(num_tokens, num_groups=1, batch=2, heads=4, head_dim=8, state=16, decay=4.0):
    generator = torch.Generator().manual_seed(num_tokens)
    make = lambda *shape: torch.randn(*shape, generator=generator)  # noqa: E731
    return {
        "x": make(batch, num_tokens, heads, head_dim),
        "dt": torch.rand(batch, num_tokens, heads, generator=generator),
        "A": -0.1 - decay * torch.rand(heads, generator=generator),
        "B": make(batch, num_tokens, num_groups, state),
        "C": make(batch, num_tokens, num_groups, state),
        "D": make(heads),
        "initial_state": make(batch, heads, head_dim, state),
    }


@pytest.mark.parametrize(
    "num_tokens, chunk_len, num_groups", [(1, 16, 1), (63, 16, 2), (100, 32, 1), (144, 64, 4)]
)
@pytest.mark.parametrize("with_state", [True, False])
def test_values_and_gradients_equal_the_sequential_scan(num_tokens, chunk_len, num_groups, with_state):
    inputs = _inputs(num_tokens, num_groups)
    if not with_state:
        del inputs["initial_state"]
    leaves = [part.requires_grad_() for part in inputs.values()]
    wanted, got = ssd_ref(**inputs), ssd_chunk_scan(**inputs, chunk_len=chunk_len)
    dy = torch.randn_like(wanted[0]), torch.randn_like(wanted[1])
    for a, b in zip(got, wanted, strict=True):
        torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-4)
    for a, b in zip(
        torch.autograd.grad(got, leaves, dy), torch.autograd.grad(wanted, leaves, dy), strict=True
    ):
        torch.testing.assert_close(a, b, atol=2e-3, rtol=1e-3)


def test_strong_decay_neither_overflows_nor_loses_the_gradient():
    inputs = _inputs(64, decay=400.0)
    leaves = [part.requires_grad_() for part in inputs.values()]
    y, state = ssd_chunk_scan(**inputs, chunk_len=64)
    for gradient in torch.autograd.grad(y.sum() + state.sum(), leaves):
        assert gradient.isfinite().all()
    torch.testing.assert_close(y, ssd_ref(**inputs)[0], atol=1e-4, rtol=1e-4)


def test_two_segments_with_carried_state_equal_one():
    inputs = _inputs(50)
    whole, last = ssd_ref(**inputs)
    cut = lambda part: {n: t[:, part] if n in ("x", "dt", "B", "C") else t for n, t in inputs.items()}  # noqa: E731
    first, state = ssd_chunk_scan(**cut(slice(0, 21)), chunk_len=16)
    second, state = ssd_chunk_scan(**cut(slice(21, None)) | {"initial_state": state}, chunk_len=16)
    torch.testing.assert_close(torch.cat([first, second], 1), whole, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(state, last, atol=1e-4, rtol=1e-4)


def test_bfloat16_stays_near_float32():
    inputs = _inputs(100)
    low = inputs | {name: inputs[name].bfloat16() for name in ("x", "B", "C")}
    y, _ = ssd_chunk_scan(**low, chunk_len=32)
    assert y.dtype == torch.bfloat16
    wanted = ssd_ref(**inputs)[0]
    assert (y - wanted).abs().mean() < 0.02 * wanted.abs().mean()


@pytest.mark.parametrize(
    "name, shape, message",
    [
        ("dt", (2, 5, 3), r"dt has shape \(2, 5, 3\)"),
        ("B", (2, 5, 3, 16), r"B has shape \(2, 5, 3, 16\)"),
        ("C", (2, 5, 1, 15), r"C has shape \(2, 5, 1, 15\)"),
        ("D", (3,), r"D has shape \(3,\)"),
        ("initial_state", (1, 4, 8, 16), r"initial_state has shape \(1, 4, 8, 16\)"),
        ("x", (5, 4, 8), r"x has shape \(5, 4, 8\)"),
    ],
)
def test_a_wrong_shape_is_named(name, shape, message):
    with pytest.raises(ValueError, match=message):
        ssd_chunk_scan(**_inputs(5) | {name: torch.zeros(shape)})


@pytest.mark.parametrize("num_groups", [1, 2])
def test_steps_in_place_equal_the_sequential_scan(num_groups):
    inputs = _inputs(7, num_groups)
    wanted, last = ssd_ref(**inputs)
    state, places = inputs["initial_state"].clone(), inputs["initial_state"].data_ptr()
    for t in range(7):
        part = {name: inputs[name][:, t] for name in ("x", "dt", "B", "C")}
        y = ssd_step_(state, **part, A=inputs["A"], D=inputs["D"])
        torch.testing.assert_close(y, wanted[:, t], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(state, last, atol=1e-5, rtol=1e-5)
    assert inputs["initial_state"].data_ptr() == places


def test_a_state_that_cannot_be_changed_in_place_is_refused():
    inputs = _inputs(1)
    part = {name: inputs[name][:, 0] for name in ("x", "dt", "B", "C")}
    with pytest.raises(ValueError, match="strides"):
        ssd_step_(torch.zeros(2, 4, 16, 8).mT, **part, A=inputs["A"])


@pytest.mark.parametrize("num_groups", [1, 2])
def test_one_chunk_in_place_equals_the_sequential_scan(num_groups):
    inputs = _inputs(23, num_groups, batch=1)
    wanted, last = ssd_ref(**inputs)
    state = inputs["initial_state"][0].clone()
    part = [inputs[name][0] for name in ("x", "dt")], [inputs[name][0] for name in ("B", "C")]
    y = scan_one_chunk_(state, *part[0], inputs["A"], *part[1], inputs["D"])
    torch.testing.assert_close(y, wanted[0], atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(state, last[0], atol=1e-4, rtol=1e-4)
