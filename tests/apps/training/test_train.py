"""Training runs through all its stages, goes on where it stopped, and never loses the last good state."""

from dataclasses import replace

import pytest
import torch

from millrace.apps.train import train
from millrace.apps.training.language_stage import LanguageTrainer, new_narrator
from millrace.apps.training.progress import RunLog, load_training, save_training
from millrace.apps.training.sequences import SegmentStream
from millrace.apps.training.settings import SMOKE, TrainSettings
from millrace.apps.training.stream_stage import read_shards
from millrace.errors import CheckpointError, ConfigError
from millrace.generation.checkpoint import load_narrator
from millrace.perception.encoder import PatchEncoder


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    settings = TrainSettings(out=tmp_path_factory.mktemp("run"), **SMOKE)
    threads = torch.get_num_threads()
    path = train(settings)
    torch.set_num_threads(threads)
    return settings, path


def test_a_tiny_run_writes_weights_that_load(trained):
    settings, path = trained
    narrator = load_narrator(path)
    assert path == settings.out / "nano.safetensors"
    assert narrator.config.backbone.window == settings.segment
    assert narrator.config.speak_threshold in settings.thresholds


def test_the_log_has_every_stage(trained):
    lines = (trained[0].out / "log.csv").read_text().splitlines()
    assert lines[0] == "stage,step,minutes,name,value"
    assert {line.split(",")[0] for line in lines[1:]} == {
        "encoder",
        "calibrate",
    }  # language logs every 25 steps


def test_a_finished_run_is_not_done_again(trained):
    settings, path = trained
    before = path.stat().st_mtime_ns
    assert train(settings) == path
    assert path.stat().st_mtime_ns == before


def test_learning_lowers_the_loss(trained):
    settings = replace(trained[0], language_steps=40)
    streams = read_shards(settings.out / "streams")
    trainer = LanguageTrainer(settings, new_narrator(settings, PatchEncoder()))
    data = iter(SegmentStream(streams, trainer.narrator.vocabulary, 2, 256, 0))
    losses = [trainer.learn(next(data))["loss"] for _ in range(30)]
    assert sum(losses[-5:]) < 0.7 * sum(losses[:5])


def test_a_trainer_that_is_restored_learns_the_same(trained):
    settings = trained[0]
    streams = read_shards(settings.out / "streams")
    trainers = [LanguageTrainer(settings, new_narrator(settings, PatchEncoder())) for _ in range(2)]
    batches = [
        b
        for b, _ in zip(
            SegmentStream(streams, trainers[0].narrator.vocabulary, 1, 128, 0), range(3), strict=False
        )
    ]
    for batch in batches[:2]:
        trainers[0].learn(batch)
    trainers[1].restore(trainers[0].state())
    is_new = replace(batches[2], is_new=torch.tensor([True]))  # the carried state is not saved
    assert trainers[1].learn(is_new)["loss"] == pytest.approx(trainers[0].learn(is_new)["loss"], rel=1e-3)


def test_a_broken_state_is_named_and_kept(tmp_path):
    path = tmp_path / "encoder.pt"
    path.write_bytes(b"half of a file")
    with pytest.raises(CheckpointError, match=r"encoder\.pt is not a whole training state"):
        load_training(path)
    assert path.read_bytes() == b"half of a file"


def test_a_failed_save_keeps_the_last_good_state(tmp_path):
    path = tmp_path / "state.pt"
    save_training(path, {"step": 1})
    with pytest.raises((CheckpointError, AttributeError, TypeError)):
        save_training(path, {"step": lambda: None})
    assert load_training(path) == {"step": 1}


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError, match="--out"):
        RunLog(tmp_path / "file" / "run")


@pytest.mark.parametrize("values", [{"encoder_steps": 0}, {"workers": 0}, {"stream_s": 1.0}])
def test_impossible_settings_are_named(values):
    with pytest.raises(ConfigError, match=next(iter(values))):
        TrainSettings(**values)
