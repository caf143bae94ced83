"""Streams that several tests of training read; puts their helpers on the path."""

import sys
from pathlib import Path

import pytest
import torch

from millrace.apps.training.settings import TrainSettings
from millrace.apps.training.stream_stage import ready_streams
from millrace.perception.encoder import PatchEncoder

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def streams(tmp_path_factory):
    from tiny_run import TINY, quiet

    settings = TrainSettings(out=tmp_path_factory.mktemp("streams"), **TINY)
    torch.manual_seed(0)
    return ready_streams(settings, PatchEncoder().eval(), quiet(settings.out))
