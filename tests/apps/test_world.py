"""Rendered cameras as files, with labels that the scorer reads."""

import json

import av
import pytest

from millrace.apps.cli import run_cli
from millrace.apps.scoring.clips import read_labels


def test_a_world_is_written_as_video_with_sound_and_labels(tmp_path, capsys):
    path = tmp_path / "cam.mp4"
    options = ["--save", str(path), "--seconds", "8", "--size", "320x192", "--fps", "10", "--seed", "12003"]
    assert run_cli(["world", *options]) == 0
    with av.open(str(path)) as container:
        assert (container.streams.video[0].width, container.streams.video[0].height) == (320, 192)
        assert sum(1 for _ in container.decode(video=0)) == 80
        assert container.streams.audio[0].rate == 16_000
    labels = json.loads((tmp_path / "cam.json").read_text())
    assert labels["objects"]
    assert read_labels(tmp_path / "cam.json")


def test_a_silent_one_has_no_sound_track(tmp_path):
    path = tmp_path / "cam.mp4"
    assert run_cli(["world", "--save", str(path), "--seconds", "1", "--size", "64x64", "--no-sound"]) == 0
    with av.open(str(path)) as container:
        assert not container.streams.audio


@pytest.mark.parametrize(
    ("option", "value", "complaint"),
    [
        ("--size", "12", "--size 12"),
        ("--size", "31x33", "even numbers"),
        ("--scene", "beach", "'beach' is unknown"),
    ],
)
def test_bad_options_are_one_line(tmp_path, capsys, option, value, complaint):
    assert run_cli(["world", "--save", str(tmp_path / "x.mp4"), "--seconds", "1", option, value]) == 2
    shown = capsys.readouterr().err
    assert complaint in shown
    assert shown.count("\n") == 1


def test_a_folder_that_does_not_exist_is_named(tmp_path, capsys):
    assert run_cli(["world", "--save", str(tmp_path / "no" / "x.mp4")]) == 2
    assert "there is no folder" in capsys.readouterr().err
