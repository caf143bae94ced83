"""The weights that ship see, hear and say what happens; blind they do not."""

import pytest
import torch

from millrace import Agent
from millrace.apps.scoring.matching import Score, compare
from millrace.apps.scoring.worlds import HELD_OUT_EASY, narrate_world
from millrace.generation.checkpoint import load_narrator
from millrace.streams.world.codec import write_video
from millrace.streams.world.world import World

SPECS = HELD_OUT_EASY[:3]
FLOOR = 0.8


@pytest.fixture(scope="module")
def nano():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield load_narrator()
    torch.set_num_threads(threads)


def f1(narrator, **options):
    told = [narrate_world(narrator, spec, duration_s=16.0, **options) for spec in SPECS]
    return sum((compare(n.said, n.happened) for n in told), Score()).f1


def test_it_narrates_easy_worlds_it_never_saw(nano):
    assert f1(nano) > FLOOR  # three worlds: the full score is `agent score`


def test_blind_it_knows_nothing(nano):
    assert f1(nano, blind=True) < 0.05


def test_its_sentences_are_of_the_grammar(nano):
    told = narrate_world(nano, SPECS[1], duration_s=16.0)
    assert told.said
    assert told.num_unreadable == 0


def test_it_fits_the_limits_of_the_package(nano):
    assert sum(p.numel() for p in nano.parameters()) <= 12e6
    assert nano.new_state().num_bytes < 4e6


def test_two_fast_runs_of_the_same_file_say_the_same(nano, tmp_path):
    world = World(HELD_OUT_EASY[0][0], 1, "easy", 10.0)
    path = tmp_path / "cam.mp4"
    write_video(
        str(path), (world.picture(0, n * 40_000_000).pixels for n in range(250)), fps=25, bit_rate=500_000
    )
    runs = [Agent([f"door={path}"], model=nano).run_sync(realtime=False) for _ in range(2)]
    told = [[(s.t_s, s.camera, s.text) for s in run.sentences] for run in runs]
    assert told[0] == told[1]
    assert len(told[0]) >= 2
    assert {s.camera for s in runs[0].sentences} == {"door"}
