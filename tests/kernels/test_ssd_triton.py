"""The kernels themselves, under Triton's interpreter where there is no GPU; outputs are NaN before."""

import pytest
import torch

pytest.importorskip("triton", reason="triton is not installed")

from millrace.kernels.ssd import ssd_ref
from millrace.kernels.ssd_triton import chunk_scan_triton, step_triton_

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def _inputs(num_tokens, num_groups=1, batch=1, heads=2, head_dim=8, state=16):
    generator = torch.Generator().manual_seed(num_tokens)
    make = lambda *shape: torch.randn(*shape, generator=generator).to(DEVICE)  # noqa: E731
    return {
        "x": make(batch, num_tokens, heads, head_dim),
        "dt": make(batch, num_tokens, heads).abs(),
        "A": -make(heads).abs() - 0.1,
        "B": make(batch, num_tokens, num_groups, state),
        "C": make(batch, num_tokens, num_groups, state),
        "D": make(heads),
        "initial_state": make(batch, heads, head_dim, state),
    }


@pytest.mark.parametrize(
    "num_tokens, shape",
    [
        (1, {}),
        (63, {"num_groups": 2}),
        (100, {"batch": 2}),
        (144, {"head_dim": 12, "state": 20}),
        (33, {"head_dim": 72}),
    ],
)
@pytest.mark.parametrize("is_bare", [False, True])
def test_the_chunked_kernel_equals_the_reference(num_tokens, shape, is_bare):
    inputs = _inputs(num_tokens, **shape)
    if is_bare:
        inputs |= {"D": None, "initial_state": None}
    wanted, last = ssd_ref(**inputs)
    y, state = torch.full_like(wanted, torch.nan), torch.full_like(last, torch.nan)
    chunk_scan_triton(**inputs, chunk_len=64, y=y, final_state=state)
    torch.testing.assert_close(y, wanted, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(state, last, atol=1e-4, rtol=1e-4)


def test_the_chunked_kernel_takes_strided_inputs():
    inputs = _inputs(20)
    wanted, _ = ssd_ref(**inputs)
    wide = torch.cat([inputs["x"].flatten(2), inputs["B"].flatten(2)], dim=2)
    inputs["x"], inputs["B"] = wide[..., :16].unflatten(2, (2, 8)), wide[..., 16:].unflatten(2, (1, 16))
    y, state = torch.full_like(wanted, torch.nan), torch.full_like(inputs["initial_state"], torch.nan)
    chunk_scan_triton(**inputs, chunk_len=16, y=y, final_state=state)
    torch.testing.assert_close(y, wanted, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("shape", [{}, {"num_groups": 2, "batch": 3}, {"head_dim": 12, "state": 20}])
def test_the_step_kernel_equals_the_reference_in_place(shape):
    inputs = _inputs(3, **shape)
    wanted, last = ssd_ref(**inputs)
    state = inputs.pop("initial_state").clone()
    for t in range(3):
        part = {name: inputs[name][:, t] for name in ("x", "dt", "B", "C")}
        y = torch.full_like(wanted[:, t], torch.nan).contiguous()
        step_triton_(state, **part, A=inputs["A"], D=inputs["D"], y=y)
        torch.testing.assert_close(y, wanted[:, t], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(state, last, atol=1e-5, rtol=1e-5)
