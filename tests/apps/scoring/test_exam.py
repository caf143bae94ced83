"""The exam with a small untrained model: the same however it is worked on."""

import signal
from pathlib import Path

import pytest
import torch

from millrace.apps.scoring import subtle
from millrace.apps.scoring.agenda import PARTS, make_agenda
from millrace.apps.scoring.crew import Crew
from millrace.apps.scoring.exam import hear_clips, hold_exam, run_trials
from millrace.apps.scoring.papers import NOW, Setting
from millrace.apps.scoring.report import pruning_rows
from millrace.apps.scoring.roster import (
    BLIND,
    LAST_FRAME,
    MODEL,
    Roster,
    parse_beside,
    parse_silence,
    silenced,
)
from millrace.errors import ConfigError, StateError
from millrace.generation.checkpoint import load_narrator

SETTINGS = (
    Setting("shapes", 90_101, 1, "easy", 4.0),
    Setting("things", 90_102, 1, "lobby", 4.0),
    *(Setting("live", 90_103 + n, 2, "standard", 8.0, kinds=NOW, num_orders=1) for n in range(2)),
)


@pytest.fixture(scope="module")
def roster(quiet_model):
    return Roster(quiet_model, (BLIND, LAST_FRAME), (("no_attention", quiet_model),), (), (1,), ((2,),))


@pytest.fixture(scope="module")
def held(roster):
    counts = []
    with Crew(roster, 1, counts.append) as crew:
        sittings = hold_exam(crew, SETTINGS)
    assert counts == sorted(counts)
    return sittings


def test_two_processes_report_the_same_as_one(held, roster):
    with Crew(roster, 2) as crew:
        again = hold_exam(crew, SETTINGS)
    assert again == held


class Signal:
    """A task that signals the process that unpacks it; work itself has to be importable there, and tests are not."""

    def __init__(self, number):
        self.number = number

    def __reduce__(self):
        return signal.raise_signal, (self.number,)


def test_ctrl_c_is_left_to_the_first_process_and_one_that_is_killed_is_named_with_a_mend(quiet_model):
    with pytest.raises(StateError, match=r"was ended.*fewer --workers"), Crew(Roster(quiet_model), 2) as crew:
        interrupted = crew.run(print, [Signal(signal.SIGINT)])
        crew.run(print, [Signal(signal.SIGKILL)])
    assert interrupted == [None]


def test_fewer_layers_say_something_else(held):
    said = [(s.transcripts["depth_1"].lines, s.transcripts[MODEL].lines) for s in held]
    assert any(shallow != whole for shallow, whole in said)


def test_a_depth_that_the_model_does_not_have_is_named(quiet_model):
    with pytest.raises(ConfigError, match="--depth 9: give 1 to"):
        Roster(quiet_model, depths=(9,)).examinees()


def test_without_what_a_mixer_adds_something_else_is_said(held):
    said = [(s.transcripts["silent_2"].lines, s.transcripts[MODEL].lines) for s in held]
    assert any(silent != whole for silent, whole in said)


def test_a_silent_layer_adds_what_its_mlp_adds_and_nothing_else(quiet_model):
    whole, silent = load_narrator(quiet_model), silenced(load_narrator(quiet_model), (2,))
    x = torch.randn(1, 9, whole.config.backbone.d_model)
    layer = silent.backbone.layers[1]
    assert torch.equal(layer(x, None)[0], x + layer.mlp(layer.mlp_norm(x)))
    assert not torch.equal(whole.backbone.layers[1](x, None)[0], layer(x, None)[0])
    other = {
        name
        for name, weight in whole.state_dict().items()
        if not torch.equal(weight, silent.state_dict()[name])
    }
    assert other == {"backbone.layers.1.mixer.out_proj.weight"}


def test_layers_to_be_silent_are_read_and_wrong_ones_named(quiet_model):
    assert parse_silence(["8,4", "4", "4,8"]) == ((4, 8), (4,))
    for text in ("", "4;8", "4,"):
        with pytest.raises(ConfigError, match=f"--silence {text}: give layers, comma-separated, such as 4,8"):
            parse_silence([text])
    for number in (0, 9):
        with pytest.raises(ConfigError, match=f"--silence {number}: give layers from 1 to"):
            Roster(quiet_model, silences=((1, number),)).examinees()


def test_models_of_the_same_file_say_the_same(held):
    for sitting in held:
        assert sitting.transcripts["no_attention"].lines == sitting.transcripts[MODEL].lines


def test_subtle_changes_are_tried_step_by_step(quiet_model, monkeypatch):
    monkeypatch.setattr(subtle, "STEPS", {kind: steps[-2:] for kind, steps in subtle.STEPS.items()})
    with Crew(Roster(quiet_model), 1) as crew:
        trials = run_trials(crew, (70_000, 70_001))
    assert len(trials[0].changed) == subtle.num_glimpses() - 1
    found = subtle.curves(trials)
    assert found["trials"] == 2
    for row in found["shift"]:
        assert 0 <= row["pruned"]["accuracy"] <= row["whole"]["accuracy"] == 1.0


def test_no_change_is_told_half_of_the_time():
    same = subtle.Glimpse(1.0, 0.0, False)
    trial = subtle.Trial(same, {(kind, step): same for kind, steps in subtle.STEPS.items() for step in steps})
    found = subtle.curves([trial])
    assert {row["whole"]["accuracy"] for row in found["colour"]} == {0.5}


def test_pruning_is_measured_against_tokens_kept(quiet_model):
    sweep = Roster(quiet_model, (), (), (("change", 1), ("random", 4), ("stride", 4)))
    with Crew(sweep, 1) as crew:
        rows = pruning_rows(hold_exam(crew, SETTINGS[:1]), sweep)
    assert [(row["pruner"], row["budget"]) for row in rows] == [("change", 1), ("random", 4), ("stride", 4)]
    assert rows[0]["kept"] < rows[1]["kept"] < 0.2


def test_a_clip_is_heard_by_everybody(quiet_model, clips):
    with Crew(Roster(quiet_model, (BLIND,)), 1) as crew:
        heard = dict(hear_clips(crew, [(clips / "good.mp4", Path("none"))]))
    assert list(heard) == [MODEL, BLIND]
    assert all(t_ns >= 0 and text for t_ns, text in heard[MODEL][0])


def test_a_part_that_does_not_exist_is_named():
    with pytest.raises(ConfigError, match="--only dance"):
        make_agenda("live,dance")
    assert {s.paper for s in make_agenda("memory").settings} == {"quiet", "long"}
    assert make_agenda("subtle").settings == ()
    assert set(PARTS) >= {"narration", "live", "memory", "clips"}


def test_a_quick_exam_is_a_tenth_of_the_whole():
    whole, quick = make_agenda(), make_agenda(is_quick=True)
    assert 0.08 < len(quick.settings) / len(whole.settings) < 0.2
    assert set(quick.settings) <= set(whole.settings)
    assert {s.paper for s in quick.settings} == {s.paper for s in whole.settings}


@pytest.mark.parametrize("text", ["no-attention", "=a.safetensors", "blind=a", "a b=c"])
def test_another_model_needs_a_name_of_its_own(text):
    with pytest.raises(ConfigError, match="--beside"):
        parse_beside([text])
    assert parse_beside(["no-attention=a.st"]) == (("no_attention", Path("a.st")),)
