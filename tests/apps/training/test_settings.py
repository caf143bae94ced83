"""Settings: what is impossible is named with its mend; a file is read, shown, and kept with the run."""

from __future__ import annotations

import tomllib
from dataclasses import fields, replace
from pathlib import Path

import pytest

from millrace.apps.train import layered
from millrace.apps.training.settings import SMOKE, TrainSettings
from millrace.apps.training.settings_file import (
    keep_settings,
    parse_assignment,
    read_settings,
    show_settings,
)
from millrace.errors import CheckpointError, ConfigError


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ({"encoder_steps": -1}, "encoder_steps is -1; give a whole number from 0"),
        ({"encoder_steps": 0}, "encoder_steps is 0 and start is ''; name the weights"),
        ({"workers": 0}, "workers is 0"),
        ({"stream_s": 1.0}, "stream_s is 1.0; give seconds from 4 to 600"),
        ({"language_lr": float("nan")}, "language_lr is nan"),
        ({"d_model": 100}, "d_model is 100; give a multiple of 16"),
        ({"pattern": "MXA"}, "pattern is 'MXA'"),
        ({"device": "tpu"}, "device is 'tpu'; give cpu, cuda"),
        ({"exits": (4, 8)}, r"exits is \[4, 8\]; give depths from 1 to 7"),
        ({"thresholds": (0.5, 1.0)}, r"thresholds is \[0.5, 1.0\]"),
        ({"thresholds": ()}, r"thresholds is \[\]"),
    ],
)
def test_impossible_settings_are_named(values, wanted):
    with pytest.raises(ConfigError, match=wanted) as caught:
        TrainSettings(**values)
    assert "\n" not in str(caught.value)


def test_all_settings_are_shown_and_read_back(tmp_path):
    settings = TrainSettings(encoder_lr=1e-5, exits=(2, 5), shards='a "folder"', compile=True, **{"seed": 3})
    (tmp_path / "all.toml").write_text(show_settings(settings))
    assert TrainSettings(**read_settings(tmp_path / "all.toml")) == settings
    assert set(tomllib.loads(show_settings(settings))) == {field.name for field in fields(TrainSettings)}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("encoder_step = 5", r"encoder_step: there is no such setting; did you mean encoder_steps\?"),
        ("nonsense = 5", "nonsense: there is no such setting; choose from out, seed"),
        ("encoder_steps = 'many'", "encoder_steps is 'many'; give a whole number"),
        ("encoder_steps = ", "cannot be read as TOML .*; mend it"),
        ("train = 3", r"write a table \[train\]"),
    ],
)
def test_a_wrong_file_is_named_with_its_key(tmp_path, text, wanted):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=wanted) as caught:
        read_settings(path)
    assert f"--config {path}" in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match="no such file; `agent train --show-config"):
        read_settings(tmp_path / "none.toml")


def test_the_command_line_wins_over_the_file_and_the_file_over_smoke(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("[train]\nseed = 4\nencoder_steps = 70\nout = 'somewhere/else'\n")
    settings = layered({"seed": 5}, read_settings(path), smoke=True)
    assert (settings.seed, settings.encoder_steps) == (5, 70)
    assert settings.language_steps == SMOKE["language_steps"]
    assert settings.out == Path("somewhere/else")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("language_lr=1e-3", ("language_lr", 1e-3)),
        ("exits=[1, 2]", ("exits", (1, 2))),
        ("pattern=MMA", ("pattern", "MMA")),
        ("compile=true", ("compile", True)),
    ],
)
def test_assignments_are_read_as_toml(text, value):
    assert parse_assignment(text) == value


def test_an_assignment_without_a_value_is_named():
    with pytest.raises(ConfigError, match="--set language_lr: give a setting and its value"):
        parse_assignment("language_lr")


def test_a_run_keeps_its_settings_and_goes_on_only_with_them(tmp_path):
    settings = TrainSettings(out=tmp_path, num_streams=16, workers=3)
    keep_settings(settings)
    keep_settings(replace(settings, workers=1, device="cuda", log_every=1))
    again = layered({"out": tmp_path}, {}, smoke=False)
    assert again.num_streams == 16
    other = replace(settings, num_streams=24, encoder_lr=1e-3)
    with pytest.raises(
        ConfigError, match=r"encoder_lr = 0\.002, not 0\.001, num_streams = 16, not 24: .*--out"
    ):
        keep_settings(other)
    keep_settings(other, force=True)
    keep_settings(other)


def test_settings_that_cannot_be_read_are_named(tmp_path):
    (tmp_path / "settings.toml").write_text("seed = ")
    with pytest.raises(CheckpointError, match=r"settings\.toml: cannot be read .*; delete it"):
        layered({"out": tmp_path}, {}, smoke=False)


def test_what_the_run_folder_holds_from_another_version_does_no_harm(tmp_path):
    (tmp_path / "settings.toml").write_text("seed = 3\nabandoned = 7\n")
    assert layered({"out": tmp_path}, {}, smoke=False).seed == 3
