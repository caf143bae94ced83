"""The product for inference: right for every number of rows, and without a hoard for each."""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from millrace.kernels.linear import Linear, linear


@pytest.mark.parametrize("num_rows", [1, 7, 8, 9, 63, 100])
@pytest.mark.parametrize("has_bias", [True, False])
def test_every_number_of_rows_is_right(num_rows, has_bias):
    generator = torch.Generator().manual_seed(num_rows)
    x, weight = (torch.randn(n, 48, generator=generator) for n in (num_rows, 20))
    bias = torch.randn(20, generator=generator) if has_bias else None
    with torch.inference_mode():
        assert torch.allclose(linear(x, weight, bias), F.linear(x, weight, bias), atol=1e-5)


def test_memory_does_not_grow_with_the_row_counts_that_were_met():
    statm = Path("/proc/self/statm")
    if not statm.exists():
        pytest.skip("resident memory is read from /proc")

    def resident_mb():
        return int(statm.read_text().split()[1]) * 4096 / 1e6

    with torch.inference_mode():
        weights = [torch.randn(1024, 192 + 8 * n) for n in range(8)]
        for weight in weights:
            linear(torch.randn(64, weight.shape[1]), weight)
        before = resident_mb()
        for weight in weights:
            for num_rows in range(1, 65):
                linear(torch.randn(num_rows, weight.shape[1]), weight)
    assert resident_mb() - before < 80  # 64 row counts kept apart take several hundred


def test_the_layer_is_the_same_with_and_without_a_gradient_and_learns():
    torch.manual_seed(0)
    layer, x = Linear(48, 20), torch.randn(3, 7, 48)
    with torch.inference_mode():
        quick = layer(x)
    slow = layer(x)
    assert torch.allclose(quick, slow, atol=1e-5) and quick.shape == (3, 7, 20)
    slow.sum().backward()
    assert layer.weight.grad is not None
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        assert layer(x).dtype == torch.bfloat16
