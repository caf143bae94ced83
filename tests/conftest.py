"""Triton kernels run under the interpreter where there is no GPU.

It must be chosen before anything imports Triton, and other tests import libraries that do; so it stands here.
"""

import os

import torch

if not torch.cuda.is_available():
    os.environ.setdefault("TRITON_INTERPRET", "1")
