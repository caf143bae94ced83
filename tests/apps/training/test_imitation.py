"""Mixers that begin anew learn first to write what trained ones write at their places."""

import math
from dataclasses import replace

import pytest
import torch
from tiny_run import TINY, assert_equal_states, curve, quiet

from millrace.apps.train import train
from millrace.apps.training.imitation_stage import ImitationTrainer, imitate
from millrace.apps.training.language_stage import LanguageTrainer, new_narrator, train_language
from millrace.apps.training.segments import SegmentReader
from millrace.apps.training.settings import TrainSettings
from millrace.apps.training.teacher import divergence, unlikeness, unmet
from millrace.errors import ConfigError
from millrace.generation.checkpoint import save_narrator
from millrace.perception.encoder import PatchEncoder

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """Weights whose mixers write something worth imitating: MAM."""
    path = tmp_path_factory.mktemp("start") / "start.safetensors"
    trained = new_narrator(TrainSettings(**TINY, seed=5), PatchEncoder())
    save_narrator(trained, path)
    return str(path)


def settings_of(start, out, **others):
    return TrainSettings(
        **TINY | {"out": out, "start": start, "imitation_steps": 8, "imitation_lr": 3e-3} | others
    )


def begun(settings):
    torch.manual_seed(0)
    return new_narrator(settings, PatchEncoder())


@pytest.mark.parametrize(
    "others, places",
    [
        ({"pattern": "MMM"}, [1]),
        ({"pattern": "AAA", "head_dim": 48}, [0, 1, 2]),
        ({"fresh_mixers": "M"}, [0, 2]),
    ],
)
def test_new_mixers_come_closer_to_the_trained_ones_and_nothing_else_moves(
    start, tmp_path, streams, others, places
):
    settings = settings_of(start, tmp_path, imitation_steps=60, **others)
    narrator = begun(settings)
    before = {name: tensor.clone() for name, tensor in narrator.state_dict().items()}
    trainer = ImitationTrainer(settings, narrator)
    assert trainer.places == places
    reader = iter(SegmentReader(streams, narrator.vocabulary, 2, 64, 0))
    unmet = [trainer.learn(next(reader).batch)["loss"] for _ in range(60)]
    assert unmet[0] > 1 > 0.9 > sum(unmet[-8:]) / 8  # who writes nothing leaves all of it unmet
    moved = {name for name, tensor in narrator.state_dict().items() if not torch.equal(tensor, before[name])}
    assert moved == {
        name for name in before if name.startswith(tuple(f"backbone.layers.{n}.mixer." for n in places))
    }


class Stopped(Exception):
    pass


def stopping(learn, step):
    """`learn` of a run that is killed in the step after this one."""

    def stop(trainer, batch):
        if trainer.step == step:
            raise Stopped
        return learn(trainer, batch)

    return stop


def log_of(settings):
    settings.out.mkdir(exist_ok=True)
    return quiet(settings.out)


def test_a_run_that_was_interrupted_goes_on_along_the_same_curve(start, tmp_path, streams):
    whole = settings_of(start, tmp_path / "whole", fresh_mixers="MA")
    imitate(whole, begun(whole), streams, log_of(whole))
    parts = replace(whole, out=tmp_path / "parts")
    with pytest.MonkeyPatch.context() as patch, pytest.raises(Stopped):
        patch.setattr(
            ImitationTrainer, "learn", stopping(ImitationTrainer.learn, 5)
        )  # saved after the fourth
        imitate(parts, begun(parts), streams, log_of(parts))
    imitate(parts, begun(parts), streams, log_of(parts))
    assert curve(parts.out) == curve(whole.out)
    assert_equal_states(whole.out, parts.out, "imitation")


def test_where_no_mixer_is_new_there_is_nothing_to_imitate(start, tmp_path):
    settings = settings_of(start, tmp_path)
    with pytest.raises(ConfigError, match="no mixer begins anew: give 0, fresh_mixers, or another pattern"):
        ImitationTrainer(settings, begun(settings))


@pytest.mark.parametrize(
    "others, told",
    [
        ({"pattern": "MAMM"}, "start has 3 layers of width 192, the model to be trained 4 of 192"),
        (
            {"pattern": "MMM", "d_model": 96},
            "start has 3 layers of width 192, the model to be trained 3 of 96",
        ),
    ],
)
def test_a_model_of_another_shape_has_no_teacher(start, tmp_path, others, told):
    settings = settings_of(start, tmp_path, likeness=1.0, **others)
    for trainer in (ImitationTrainer, LanguageTrainer):
        with pytest.raises(ConfigError, match=told):
            trainer(settings, begun(settings))


def test_what_cannot_be_imitated_is_told_before_anything_is_rendered(start, tmp_path):
    for n, others in enumerate(({}, {"imitation_steps": 0, "likeness": 1.0, "pattern": "MAMM"})):
        settings = settings_of(start, tmp_path / str(n), encoder_steps=0, **others)
        with pytest.raises(ConfigError, match=r"no mixer begins anew|cannot be its teacher"):
            train(settings)
        assert not (settings.out / "streams").exists()


@pytest.mark.parametrize("setting", ["imitation_steps", "likeness"])
def test_what_is_to_be_imitated_has_to_be_named(setting):
    with pytest.raises(ConfigError, match=f"{setting} is 8.* and start is ''; name the weights"):
        TrainSettings(**{setting: 8})


def test_who_begins_as_the_teacher_is_like_it_and_who_does_not_becomes_so(start, tmp_path, streams):
    def curve_of(**others):
        settings = settings_of(
            start, tmp_path, likeness=1000.0, language_steps=60, random_depth=0.3, language_lr=1e-3, **others
        )
        trainer = LanguageTrainer(settings, begun(settings))
        reader = iter(SegmentReader(streams, trainer.narrator.vocabulary, 2, 64, 0))
        return [trainer.learn(next(reader).batch) for _ in range(60)]

    same, new = curve_of(), curve_of(pattern="MMM")
    assert same[0]["unlike"] < 1e-6 and abs(same[0]["diverging"]) < 1e-6
    assert new[0]["unlike"] > 0.05
    assert sum(step["unlike"] for step in new[-8:]) / 8 < 0.7 * new[0]["unlike"]


def test_a_run_with_a_teacher_goes_on_along_the_same_curve(start, tmp_path, streams):
    whole = settings_of(start, tmp_path / "whole", likeness=1.0, pattern="MMM")
    train_language(whole, begun(whole), streams, log_of(whole))
    parts = replace(whole, out=tmp_path / "parts")
    with pytest.MonkeyPatch.context() as patch, pytest.raises(Stopped):
        patch.setattr(LanguageTrainer, "learn", stopping(LanguageTrainer.learn, 5))
        train_language(parts, begun(parts), streams, log_of(parts))
    train_language(parts, begun(parts), streams, log_of(parts))
    assert curve(parts.out) == curve(whole.out)
    assert_equal_states(whole.out, parts.out, "language")


def test_a_run_may_take_a_teacher_on_the_way(start, tmp_path, streams):
    alone = settings_of(start, tmp_path, pattern="MMM", imitation_steps=0, language_steps=4)
    train_language(alone, begun(alone), streams, log_of(alone))
    taught = replace(alone, likeness=1.0, language_steps=6)
    train_language(taught, begun(taught), streams, log_of(taught))
    named = [(step, name) for _, step, name, _ in curve(tmp_path)]
    assert ("5", "unlike") in named and ("4", "unlike") not in named


def test_distances_are_shares_of_what_is_wanted():
    wanted = torch.randn(2, 3, 4)
    assert float(unmet(torch.zeros(2, 3, 4), wanted)) == pytest.approx(1.0)
    assert float(unmet(wanted.clone(), wanted)) == 0
    assert float(unmet(wanted * 1.5, wanted)) == pytest.approx(0.25)
    assert float(unlikeness([wanted * 1.5, wanted], [wanted, wanted, wanted])) == pytest.approx(0.125)
    ours, theirs = torch.zeros(1, 2), torch.tensor([[0.0, math.log(3)]])  # halves, a quarter and three
    expected = 0.25 * math.log(0.25 / 0.5) + 0.75 * math.log(0.75 / 0.5)
    assert float(divergence(ours, theirs)) == pytest.approx(expected)
