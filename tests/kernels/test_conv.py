import pytest
import torch

from millrace.kernels.conv import causal_conv, causal_conv_ref


def _inputs(num_tokens, kernel=4, channels=24):
    generator = torch.Generator().manual_seed(num_tokens)
    make = lambda *shape: torch.randn(*shape, generator=generator)  # noqa: E731
    return (
        make(2, num_tokens, channels),
        make(channels, kernel),
        make(channels),
        make(2, kernel - 1, channels),
    )


@pytest.mark.parametrize("num_tokens", [1, 2, 63, 128, 130, 272])
def test_values_and_gradients_equal_the_reference(num_tokens):
    x, weight, bias, before = _inputs(num_tokens)
    leaves = [part.requires_grad_() for part in (x, weight, bias)]
    wanted, got = causal_conv_ref(*leaves, before), causal_conv(*leaves, before)
    torch.testing.assert_close(got, wanted, atol=1e-5, rtol=1e-5)
    dy = torch.randn(wanted.shape)
    for a, b in zip(
        torch.autograd.grad(got, leaves, dy), torch.autograd.grad(wanted, leaves, dy), strict=True
    ):
        torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-4)


def test_two_segments_equal_one():
    x, weight, bias, before = _inputs(70)
    whole = causal_conv(x, weight, bias, before)
    second = causal_conv(x[:, 30:], weight, bias, x[:, 27:30])
    torch.testing.assert_close(second, whole[:, 30:])


def test_a_wrong_shape_is_named():
    x, weight, bias, before = _inputs(5)
    with pytest.raises(ValueError, match=r"before has shape \(2, 2, 24\)"):
        causal_conv(x, weight, bias, before[:, 1:])
    with pytest.raises(ValueError, match="weight has 23 channels"):
        causal_conv(x, weight[1:], bias, before)
