"""A run that was interrupted goes on along the very curve of one that was not."""

from __future__ import annotations

import io
import signal
from dataclasses import replace
from itertools import islice

import pytest
import torch
from rich.console import Console
from tiny_run import TINY, assert_equal_states, curve, quiet

from millrace.apps.training.checkpoints import load_training
from millrace.apps.training.encoder_stage import EncoderTrainer, train_encoder
from millrace.apps.training.language_stage import LanguageTrainer, new_narrator, train_language
from millrace.apps.training.loop import Look, Stage, run_stage
from millrace.apps.training.progress import RunLog
from millrace.apps.training.rounds import rendered
from millrace.apps.training.segments import SegmentReader, read_segments
from millrace.apps.training.settings import TrainSettings
from millrace.errors import CheckpointError
from millrace.generation.words import Vocabulary
from millrace.perception.encoder import PatchEncoder
from millrace.streams.world.words import all_words

pytestmark = pytest.mark.usefixtures("one_thread")


class StopsAt(LanguageTrainer):
    """Whoever trains presses Ctrl-C while a step is being learned."""

    def __init__(self, settings, narrator, step):
        super().__init__(settings, narrator)
        self.last = step

    def learn(self, batch):
        if self.step + 1 == self.last:
            signal.raise_signal(signal.SIGINT)
        return super().learn(batch)


def untrained(settings):
    torch.manual_seed(0)
    return new_narrator(settings, PatchEncoder())


def batches(settings, first_step):
    return (portion.batch for portion in rendered(settings, first_step) if portion is not None)


def learn_language(settings, streams):
    train_language(settings, untrained(settings), streams, quiet(settings.out))


@pytest.fixture(scope="module")
def whole(tmp_path_factory, streams, one_thread):
    """The language stage without a pause."""
    settings = TrainSettings(out=tmp_path_factory.mktemp("whole"), **TINY)
    settings.out.mkdir(exist_ok=True)
    learn_language(settings, streams)
    return settings.out


def cut_off(settings, trainer, streams, vocabulary):
    def data(step, position):
        return read_segments(settings, streams, vocabulary, position)

    stage = Stage("language", settings.language_steps, "tokens", trainer, data)
    shown = io.StringIO()
    with pytest.raises(KeyboardInterrupt):
        run_stage(stage, settings, RunLog(settings.out, Console(file=shown)))
    assert f"language: saved at step {trainer.step}; the same command goes on" in shown.getvalue()


def test_the_encoder_goes_on_along_the_same_curve(tmp_path):
    settings = TrainSettings(out=tmp_path / "whole", **TINY)
    train_encoder(settings, quiet(settings.out))
    parts = replace(settings, out=tmp_path / "parts")
    log, seen = quiet(parts.out), []

    def stop(step):
        seen.append(step)
        if step == 4:
            raise KeyboardInterrupt

    stage = Stage(
        "encoder",
        6,
        "pictures",
        EncoderTrainer(parts),
        lambda step, _: rendered(parts, step),
        [Look(1, stop)],
    )
    with pytest.raises(KeyboardInterrupt):
        run_stage(stage, parts, log)
    assert seen == [1, 2, 3, 4]
    train_encoder(parts, quiet(parts.out))
    assert curve(parts.out) == curve(settings.out)
    assert_equal_states(settings.out, parts.out, "encoder")


def test_the_pool_of_pictures_is_a_function_of_the_step():
    settings = TrainSettings(**TINY)
    whole = list(batches(settings, 0))
    assert len(whole) == 6
    for first in (1, 5):
        again = next(batches(settings, first))
        assert torch.equal(again.views, whole[first].views)
        assert torch.equal(again.label, whole[first].label)
    other = next(batches(replace(settings, seed=1), 0))
    assert not torch.equal(other.views, whole[0].views)


@pytest.mark.parametrize("step", [3, 4])
def test_ctrl_c_within_a_step_finishes_it_and_the_curve_goes_on(tmp_path, streams, whole, step):
    settings = TrainSettings(out=tmp_path, **TINY)
    trainer = StopsAt(settings, untrained(settings), step)
    cut_off(settings, trainer, streams, trainer.narrator.vocabulary)
    assert load_training(tmp_path / "language.pt")["step"] == step
    learn_language(settings, streams)
    assert curve(tmp_path) == curve(whole)
    assert_equal_states(whole, tmp_path, "language")


def test_what_a_killed_run_logged_after_its_last_state_is_written_again(tmp_path, streams, whole):
    settings = TrainSettings(out=tmp_path, **TINY)
    trainer = StopsAt(settings, untrained(settings), 4)
    cut_off(settings, trainer, streams, trainer.narrator.vocabulary)
    quiet(tmp_path).record("language", 5, {"loss": 99.0})
    learn_language(settings, streams)
    assert curve(tmp_path) == curve(whole)


def test_segments_go_on_from_any_position(streams):
    vocabulary = Vocabulary(all_words())
    whole = list(islice(SegmentReader(streams, vocabulary, 2, 100, 0), 30))
    assert sum(int(p.batch.is_new.sum()) for p in whole) > 4
    for n in (1, 7, 28):
        rest = SegmentReader(streams, vocabulary, 2, 100, 0, whole[n - 1].position)
        again = next(iter(rest)).batch
        assert torch.equal(again.target, whole[n].batch.target)
        assert torch.equal(again.video, whole[n].batch.video)
        assert torch.equal(again.is_new, whole[n].batch.is_new)


def test_a_state_of_another_size_is_named_and_kept(tmp_path, streams, whole):
    path = tmp_path / "language.pt"
    path.write_bytes((whole / "language.pt").read_bytes())
    settings = replace(TrainSettings(out=tmp_path, **TINY), mlp_hidden=48)
    with pytest.raises(CheckpointError, match=r"language\.pt belongs to a model of another size"):
        learn_language(settings, streams)
    assert path.read_bytes() == (whole / "language.pt").read_bytes()
