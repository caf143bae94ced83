"""Mixed precision, where it is one: bfloat16 on processors that multiply it as fast as float32 or faster."""

from __future__ import annotations

import torch


def mixed_precision(device: str) -> torch.autocast:
    """Autocast to bfloat16 on a GPU and on CPUs with vector instructions for it; elsewhere float32 throughout.

    A CPU without AVX-512 multiplies bfloat16 number by number: sixty times slower than float32.
    """
    kind = torch.device(device).type
    return torch.autocast(kind, torch.bfloat16, enabled=has_fast_bfloat16(kind))


def has_fast_bfloat16(kind: str) -> bool:
    """Whether torch multiplies matrices of bfloat16 by vector or tensor instructions on such a device.

    On a CPU it does so through oneDNN alone, which some builds lack.
    """
    if kind != "cpu":
        return True
    has_onednn = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return bool(has_onednn and torch.ops.mkldnn._is_mkldnn_bf16_supported())
