"""Mixers that begin anew learn first to write what trained ones write at their places."""

from dataclasses import replace

import pytest
import torch
from tiny_run import TINY, assert_equal_states, curve, quiet

from millrace.apps.training.imitation_stage import ImitationTrainer, imitate
from millrace.apps.training.language_stage import new_narrator
from millrace.apps.training.segments import SegmentReader
from millrace.apps.training.settings import TrainSettings
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


def test_a_run_that_was_interrupted_goes_on_along_the_same_curve(start, tmp_path, streams):
    whole = settings_of(start, tmp_path / "whole", fresh_mixers="MA")
    whole.out.mkdir()
    imitate(whole, begun(whole), streams, quiet(whole.out))
    parts = replace(whole, out=tmp_path / "parts")
    parts.out.mkdir()

    class Stops(Exception):
        pass

    def stop(self, batch, learn=ImitationTrainer.learn):
        if self.step == 5:
            raise Stops
        return learn(self, batch)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Stops):
        patch.setattr(ImitationTrainer, "learn", stop)
        imitate(
            parts, begun(parts), streams, quiet(parts.out)
        )  # killed in its sixth step, saved after the fourth
    imitate(parts, begun(parts), streams, quiet(parts.out))
    assert curve(parts.out) == curve(whole.out)
    assert_equal_states(whole.out, parts.out, "imitation")


@pytest.mark.parametrize(
    "others, told",
    [
        ({}, "no mixer begins anew: give 0, fresh_mixers, or another pattern"),
        ({"pattern": "MAMM"}, "start has 3 layers of width 192, the model to be trained 4 of 192"),
        (
            {"pattern": "MMM", "d_model": 96},
            "start has 3 layers of width 192, the model to be trained 3 of 96",
        ),
    ],
)
def test_where_nothing_can_be_imitated_it_is_said(start, tmp_path, others, told):
    settings = settings_of(start, tmp_path, **others)
    with pytest.raises(ConfigError, match=told):
        ImitationTrainer(settings, begun(settings))


def test_what_is_to_be_imitated_has_to_be_named():
    with pytest.raises(ConfigError, match="imitation_steps is 8 and start is ''; name the weights"):
        TrainSettings(imitation_steps=8)
