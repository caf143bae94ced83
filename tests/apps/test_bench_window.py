"""What the attention window is worth."""

import io

import pytest
import torch
from rich.console import Console

from millrace.apps.bench_window import (
    Row,
    WindowBench,
    bench_window,
    print_window,
    window_sheets,
    with_window,
)
from millrace.apps.scoring.choice import DELAYS, choose
from millrace.apps.scoring.drafts import draft
from millrace.apps.scoring.papers import PAST, Setting
from millrace.apps.scoring.seeds import CALIBRATION
from millrace.generation.checkpoint import load_narrator


@pytest.fixture(scope="module")
def sheets():
    settings = [
        Setting("quiet", CALIBRATION[150 + n], 1, "standard", 40.0, kinds=PAST, num_orders=1)
        for n in range(2)
    ]
    return choose([draft(setting) for setting in settings])


def test_each_window_answers_the_same_questions_and_a_longer_one_holds_more(sheets, one_thread):
    found = bench_window(None, sheets, [64, 1024], 1, Console(quiet=True))
    short, long = found.rows
    assert found.num_worlds == 2 and sum(found.questions.values()) == sum(len(s.queries) for s in sheets) > 5
    assert set(short.accuracy) == set(long.accuracy) == set(found.questions)
    assert 0 < short.state_mb < long.state_mb and short.window == 64
    assert long.f1 > 0.4  # the weights that ship, in worlds of shapes
    right = sum(long.accuracy[delay] * num for delay, num in found.questions.items())
    assert long.all_accuracy == pytest.approx(right / sum(found.questions.values()), abs=1e-3)


def test_only_the_window_is_another(one_thread):
    narrator = load_narrator(None)
    other = with_window(narrator, 96)
    assert other.new_state().spec.window == 96
    assert all(torch.equal(t, other.state_dict()[name]) for name, t in narrator.state_dict().items())
    x = torch.randn(50, narrator.config.backbone.d_model)
    same = narrator.backbone.read(x, narrator.new_state())
    assert torch.equal(same, other.backbone.read(x, other.new_state()))  # nothing has left either window


def test_the_worlds_are_kept_for_choosing_and_each_is_another():
    # The settings alone are looked at: to draft ten minutes of questions takes a while.
    seeds = [sheet.setting.seed for sheet in window_sheets(2)]
    assert len(set(seeds)) == 2 and set(seeds) <= set(CALIBRATION)


def test_its_table_can_be_read_on_80_columns():
    rows = [
        Row(w, dict.fromkeys(DELAYS, 0.123), 0.456, 0.789, 3.8, 7.3, 1.21) for w in (512, 1024, 2048, 3072)
    ]
    out = io.StringIO()
    print_window(Console(file=out, width=80), WindowBench(1, 20, dict.fromkeys(DELAYS, 5), tuple(rows)))
    assert "…" not in out.getvalue() and out.getvalue().count("0.123") == 4 * len(DELAYS)


def test_a_model_that_is_not_there_is_told_in_one_line(agent):
    done = agent("bench", "window", "--model", "none.safetensors")
    assert done.returncode == 2 and "none.safetensors" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
