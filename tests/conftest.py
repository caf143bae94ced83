"""Set before any test is imported.

Triton kernels run under the interpreter where there is no GPU. It must be chosen before anything imports Triton, and
other tests import libraries that do; so it stands here.
"""

import os
import signal
import sys
from pathlib import Path

import torch
from hypothesis import HealthCheck, settings

if not torch.cuda.is_available():
    os.environ.setdefault("TRITON_INTERPRET", "1")

# A busy machine is no failure: speed is measured elsewhere, in ratios.
settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")

# A shell that starts the tests in the background lets them, and all that they start, ignore Ctrl-C; some send one.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Network cameras for whoever needs one.
sys.path.insert(0, str(Path(__file__).parent / "cameras"))
pytest_plugins = ("real_cameras",)
