"""Training runs through all its stages, goes on where it stopped, and says what it wants."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import cv2
import pytest
import torch
from rich.console import Console

from millrace.apps.train import layered, train
from millrace.apps.training.calibration import calibrate
from millrace.apps.training.language_stage import LanguageTrainer, new_narrator
from millrace.apps.training.progress import RunLog
from millrace.apps.training.segments import SegmentReader
from millrace.apps.training.settings import SMOKE, TrainSettings
from millrace.apps.training.stream_stage import ready_streams, shard_path
from millrace.errors import ConfigError, MissingDependencyError
from millrace.generation.checkpoint import load_narrator
from millrace.perception.encoder import EncoderConfig, PatchEncoder


@pytest.fixture(scope="module", autouse=True)
def threads_as_before():
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    settings = TrainSettings(out=tmp_path_factory.mktemp("run"), **SMOKE)
    return settings, train(settings)


def rows(settings):
    lines = (settings.out / "log.csv").read_text().splitlines()
    assert lines[0] == "stage,step,minutes,name,value"
    return [line.split(",") for line in lines[1:]]


def test_a_tiny_run_writes_weights_that_load(trained):
    settings, path = trained
    narrator = load_narrator(path)
    assert path == settings.out / "nano.safetensors"
    assert narrator.config.backbone.window == settings.window
    assert narrator.config.speak_threshold in settings.thresholds


def test_the_log_has_every_stage_with_its_speed_and_its_scores(trained):
    names = {}
    for stage, _, _, name, value in rows(trained[0]):
        names.setdefault(stage, {})[name] = float(value)
    assert set(names) == {"encoder", "language", "calibrate"}
    assert {"loss", "grad_norm", "lr", "pictures_s", "data_wait", "thing_recall"} <= set(names["encoder"])
    assert {"loss", "grad_norm", "lr", "tokens_s", "data_wait", "f1", "alerts_f1"} <= set(names["language"])
    assert names["encoder"]["pictures_s"] > 0
    assert 0 <= names["language"]["data_wait"] <= 1


def test_moments_of_a_world_are_drawn_with_what_was_said(trained):
    picture = cv2.imread(str(trained[0].out / "pictures" / "language-000012.png"))
    assert picture.shape[0] > 300 and picture.shape[1] == 4 * (2 * 160 + 16)
    assert picture.std() > 20


def test_a_finished_run_is_not_done_again(trained):
    settings, path = trained
    before = path.stat().st_mtime_ns
    assert train(settings) == path
    assert path.stat().st_mtime_ns == before


def test_a_run_goes_on_with_what_it_was_begun_with(trained):
    settings, _ = trained
    assert layered({"out": settings.out}, {}, smoke=False) == replace(
        settings, workers=TrainSettings().workers, threads=TrainSettings().threads
    )


def test_other_settings_are_refused_and_named(trained):
    settings, path = trained
    with pytest.raises(ConfigError, match=r"begun with language_lr = 0\.0015, not 0\.001: .*--force"):
        train(replace(settings, language_lr=1e-3))
    assert path.exists()
    assert train(replace(settings, save_every=7)) == path


def test_a_broken_shard_of_streams_is_rendered_anew(trained, capsys):
    settings, _ = trained
    encoder = PatchEncoder(EncoderConfig(stem=(8, 16, 32), num_blocks=1)).eval()  # as one of `start` may be
    path = shard_path(settings.out / "streams", 0)
    path.write_bytes(path.read_bytes()[:5000])
    streams = ready_streams(settings, encoder, RunLog(settings.out, Console(stderr=True)))
    assert len(streams) == settings.num_streams
    assert "shard-00000.pt is not whole" in capsys.readouterr().err


def test_learning_lowers_the_loss(trained):
    settings = replace(trained[0], language_steps=30)
    streams = ready_streams(settings, PatchEncoder(), RunLog(settings.out))
    trainer = LanguageTrainer(settings, new_narrator(settings, PatchEncoder()))
    data = SegmentReader(streams, trainer.narrator.vocabulary, 2, 256, 0)
    losses = [trainer.learn(portion.batch)["loss"] for portion in islice(data, 20)]
    assert sum(losses[-5:]) < 0.7 * sum(losses[:5])


def test_a_batch_that_is_read_less_deeply_leaves_the_deeper_layers_as_they_were(trained):
    settings = replace(trained[0], language_steps=30, random_depth=1.0)
    streams = ready_streams(settings, PatchEncoder(), RunLog(settings.out))
    trainer = LanguageTrainer(settings, new_narrator(settings, PatchEncoder()))
    first, second = islice(SegmentReader(streams, trainer.narrator.vocabulary, 2, 256, 0), 2)
    trainer.learn(first.batch)  # the first is always read to the end
    deep, shallow = trainer.narrator.backbone.layers[-1], trainer.narrator.backbone.layers[0]
    before = [deep.mlp.down.weight.clone(), shallow.mlp.down.weight.clone()]
    carried = trainer._carries[-1].k.clone()
    trainer.learn(second.batch)
    assert torch.equal(deep.mlp.down.weight, before[0]) and torch.equal(trainer._carries[-1].k, carried)
    assert not torch.equal(shallow.mlp.down.weight, before[1]) and len(trainer._carries) == 8


def test_processes_find_the_threshold_that_one_finds_alone(trained):
    settings, path = replace(trained[0], num_calibration=2), trained[1]
    found = []
    for workers in (1, 2):
        settings = replace(settings, workers=workers)
        narrator = calibrate(settings, load_narrator(path), RunLog(settings.out, Console(quiet=True)))
        found.append((narrator.config.speak_threshold, [row[3:] for row in rows(settings)[-6:]]))
    assert found[0] == found[1]


def test_without_tensorboard_it_is_said_how_to_get_it(tmp_path):
    try:
        import tensorboard  # noqa: F401
    except ImportError:
        with pytest.raises(MissingDependencyError, match=r"pip install 'millrace\[train\]'"):
            RunLog(tmp_path, tensorboard=True)
    else:
        log = RunLog(tmp_path, tensorboard=True)
        log.record("encoder", 1, {"loss": 2.0})
        log.close()
        assert list((tmp_path / "tensorboard").iterdir())


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is such a device here")
def test_a_device_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match="device is 'cuda', and torch finds 0"):
        train(TrainSettings(out=tmp_path, device="cuda"))
