"""Puts the doors' own model on the path, and a house that runs it."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from parrot import Parrot

from millrace.apps.doors.house import House


@pytest.fixture
def parrot():
    return Parrot()


@pytest.fixture
def house(parrot):
    """Two cameras, budget 200 ms; run it with `running`."""
    return House(parrot, num_cameras=2, answer_timeout_s=60)
