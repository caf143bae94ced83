"""`agent world --spoken`: what is said aloud stands in the labels, on the sheet and in the terminal."""

from __future__ import annotations

import io
import json
import shutil

import pytest
from rich.console import Console

from millrace.apps.cli import run_cli
from millrace.apps.scoring.clips import read_labels
from millrace.apps.worlds.preview import Preview
from millrace.apps.worlds.timeline import draw_timeline
from millrace.streams.world.world import World

needs_espeak = pytest.mark.skipif(not shutil.which("espeak-ng"), reason="espeak-ng is not on this machine")
SMALL = ["--size", "160x96", "--fps", "5", "--no-sheet", "--seconds", "14", "--seed", "3"]


@needs_espeak
def test_the_labels_say_what_was_asked_and_what_is_true(tmp_path):
    video = tmp_path / "cam.mp4"
    assert run_cli(["world", "--save", str(video), *SMALL, "--spoken"]) == 0
    said = json.loads(video.with_suffix(".json").read_text())["speech"]
    world = World(3, 1, "easy", 14.0, spoken=True)
    assert said
    for row, one in zip(said, world.speech, strict=True):
        assert (row["text"], row.get("answer")) == (one.text, one.answer)
        assert (row["t_s"], row["end_s"]) == (one.t_ns / 1e9, one.end_ns / 1e9)
    read_labels(video.with_suffix(".json"))


def test_where_nobody_speaks_the_labels_are_as_before(tmp_path):
    video = tmp_path / "cam.mp4"
    assert run_cli(["world", "--save", str(video), *SMALL]) == 0
    assert "speech" not in json.loads(video.with_suffix(".json").read_text())


@needs_espeak
def test_the_terminal_and_the_timeline_show_it():
    quiet, spoken = World(3, 1, "easy", 14.0), World(3, 1, "easy", 14.0, spoken=True)
    console = Console(file=io.StringIO(), width=100)
    console.print(Preview(spoken, []))
    for one in spoken.speech:
        assert f'"{one.text}"' in console.file.getvalue()
    pages = [draw_timeline(world, 800) for world in (quiet, spoken)]
    assert pages[0].shape != pages[1].shape or (pages[0] != pages[1]).any()


def test_spoken_words_need_a_sound_track(tmp_path, capsys):
    video = tmp_path / "cam.mp4"
    assert run_cli(["world", "--save", str(video), *SMALL, "--spoken", "--no-sound"]) == 2
    assert "--spoken and --no-sound" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
