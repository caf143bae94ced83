"""Set before any test is imported.

Triton kernels run under the interpreter where there is no GPU. It must be chosen before anything imports Triton, and
other tests import libraries that do; so it stands here.
"""

import os
import signal
import sys
from pathlib import Path

import pytest
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


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item):
    """Whoever leaves another answer to Ctrl-C behind fails here, also by a fixture of its file, and not the next test.

    A handler is left where it is taken and given back in two runs of an event loop: each run sets one of its own.
    """
    result = yield
    left = signal.getsignal(signal.SIGINT)
    if left is not signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        pytest.fail(f"{item.nodeid} left a handler of SIGINT behind: {left}")
    return result
