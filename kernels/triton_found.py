"""Whether Triton kernels can be built here; the package works without Triton."""

from __future__ import annotations

import importlib.util

import torch
from torch import Tensor

HAS_TRITON = importlib.util.find_spec("triton") is not None


def takes_triton(*tensors: Tensor | None) -> bool:
    """Whether an operator on these goes to its Triton kernel: on a GPU, where no gradient is asked for."""
    given = [tensor for tensor in tensors if tensor is not None]
    if not HAS_TRITON or not all(tensor.is_cuda for tensor in given):
        return False
    return not (torch.is_grad_enabled() and any(tensor.requires_grad for tensor in given))
