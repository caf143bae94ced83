"""Training takes bfloat16 where it is fast, and float32 where it would be slower than that."""

import pytest
import torch

from millrace.apps.training import precision
from millrace.apps.training.precision import has_fast_bfloat16, mixed_precision
from millrace.streams.clock import WallClock


@pytest.mark.parametrize("is_fast, dtype", [(True, torch.bfloat16), (False, torch.float32)])
def test_a_cpu_multiplies_in_bfloat16_only_where_it_is_fast(monkeypatch, is_fast, dtype):
    monkeypatch.setattr(precision, "has_fast_bfloat16", lambda kind: is_fast)
    with mixed_precision("cpu"):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype is dtype


def test_what_is_called_fast_is_not_done_number_by_number():
    assert has_fast_bfloat16("cuda")
    if not has_fast_bfloat16("cpu"):
        pytest.skip("no vector instructions for bfloat16 on this CPU")
    # Number by number it takes sixty times as long.
    assert _duration_of(torch.bfloat16) < 6 * _duration_of(torch.float32)


def _duration_of(dtype):
    a, clock = torch.ones(512, 512, dtype=dtype), WallClock()
    durations_ns = []
    for _ in range(7):
        start_ns = clock.now_ns()
        a @ a
        durations_ns.append(clock.now_ns() - start_ns)
    return min(durations_ns)
