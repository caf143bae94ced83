"""Worlds with one dirt less."""

import pytest
import torch
from rich.console import Console

from millrace.apps.bench_dirt import Cleaned, bench_dirt
from millrace.apps.scoring.papers import Setting
from millrace.generation.checkpoint import save_narrator
from millrace.generation.config import HybridConfig
from millrace.generation.narrator import Narrator, NarratorConfig
from millrace.perception.encoder import EncoderConfig
from millrace.streams.world.solid.solid_stage import DIRT
from millrace.streams.world.words import all_words

S = 1_000_000_000


def world(*without, seed=60_003):
    return Cleaned("things", seed, 2, "crossing", 6.0, without=without).world()


def test_each_dirt_that_a_world_has_changes_its_pictures_and_nothing_that_happens():
    dirty = world()
    moments = [(camera, tick * S // 5) for camera in range(2) for tick in range(5, 30, 4)]
    for dirt in ("noise", "blur", "light"):
        clean = world(dirt)
        assert any((clean.picture(*at).pixels != dirty.picture(*at).pixels).mean() > 0.2 for at in moments), (
            dirt
        )
        assert clean.events == dirty.events, dirt


@pytest.fixture
def chatty_model(tmp_path):
    """Untrained, with a gate that is always open."""
    torch.manual_seed(0)
    shape = HybridConfig(d_model=64, pattern="MA", num_heads=2, num_kv_heads=1, mlp_hidden=64, window=64)
    config = NarratorConfig(shape, EncoderConfig(), all_words(), speak_threshold=0.01)
    path = tmp_path / "chatty.safetensors"
    save_narrator(Narrator(config), path)
    return path


def test_a_bench_tells_what_each_dirt_costs(chatty_model, one_thread):
    setting = Setting("things", 60_003, 1, "crossing", 3.0)
    found = bench_dirt(chatty_model, [setting], 1, Console(quiet=True))
    assert [row.without for row in found.rows] == [*DIRT, "all of them"]
    assert found.f1 == 0 and all(row.gain == 0 for row in found.rows)  # nothing was learnt


def test_a_model_that_is_not_there_is_told_in_one_line(agent):
    done = agent("bench", "dirt", "--model", "none.safetensors")
    assert done.returncode == 2 and "none.safetensors" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
