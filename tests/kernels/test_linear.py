import pytest
import torch

from millrace.kernels.linear import linear


@pytest.mark.parametrize("num_tokens, width, out", [(1, 1, 1), (63, 100, 36), (16, 192, 908)])
@pytest.mark.parametrize("is_turned", [False, True])
def test_it_equals_the_product(num_tokens, width, out, is_turned):
    x, weight, bias = torch.randn(num_tokens, width), torch.randn(out, width), torch.randn(out)
    if is_turned:
        weight = torch.randn(width, out).t()
    wanted = (x.double() @ weight.double().t()).float()
    torch.testing.assert_close(linear(x, weight), wanted, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(linear(x, weight, bias), wanted + bias, atol=1e-4, rtol=1e-4)


def test_slices_of_wider_matrices_and_other_dtypes_are_taken_too():
    x, weight = torch.randn(5, 40)[:, 3:20], torch.randn(7, 40)[:, 3:20]
    torch.testing.assert_close(linear(x, weight), x @ weight.t())
    low = linear(x.bfloat16(), weight.bfloat16())
    assert low.dtype == torch.bfloat16
    torch.testing.assert_close(low.float(), x @ weight.t(), atol=0.3, rtol=0.1)
