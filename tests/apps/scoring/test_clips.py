"""Labels of real clips."""

import json

import pytest

from millrace.apps.scoring.clips import clips_in, read_labels, score_clip
from millrace.errors import ConfigError
from millrace.streams.world.events import WorldEventKind

LABELS = {
    "objects": [
        {
            "kind": "car",
            "events": [
                {"t_s": 0.0, "event": "enter", "side": "start"},
                {"t_s": 3.0, "event": "go"},
                {"t_s": 4.0, "event": "exit", "side": "left"},
            ],
        },
        {"kind": "car", "events": [{"t_s": 2.0, "event": "enter", "side": "top"}]},
    ]
}


@pytest.fixture
def labels(tmp_path):
    path = tmp_path / "clip.json"
    path.write_text(json.dumps(LABELS))
    return path


def test_what_is_there_at_the_borders_of_time_is_not_asked_for(labels):
    assert [(e.t_ns, e.kind) for e in read_labels(labels)] == [
        (2_000_000_000, WorldEventKind.ENTER),
        (4_000_000_000, WorldEventKind.LEAVE),
    ]


def test_enter_and_leave_count_within_a_second_whatever_the_thing_is_called(labels, tmp_path):
    told = [
        (2_900_000_000, "cam1: a red disc enters from the left"),
        (5_200_000_000, "cam1: the blue star leaves on the top"),
        (3_000_000_000, "cam1: the blue star stops"),
        (3_100_000_000, "not of the grammar"),
    ]
    score = score_clip(None, tmp_path / "clip.mp4", labels, lambda narrator, clip: told)
    assert (score["f1"], score["events"], score["said"]) == (0.5, 2, 2)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"objects": [{"events": [{}]}]}', '{"objects": 3}'])
def test_a_file_of_another_form_is_named(tmp_path, text):
    path = tmp_path / "labels.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match="not a label file") as caught:
        read_labels(path)
    assert str(path) in str(caught.value)


def test_clips_without_labels_are_left_out(tmp_path):
    for name in ("a.mp4", "a.json", "b.mp4"):
        (tmp_path / name).write_text("")
    assert clips_in(tmp_path) == [(tmp_path / "a.mp4", tmp_path / "a.json")]


def test_chance_is_told_beside_the_score(labels, tmp_path):
    told = [(n * 200_000_000, "cam1: a red disc enters from the left") for n in range(20)]
    score = score_clip(None, tmp_path / "clip.mp4", labels, lambda narrator, clip: told)
    assert 0 < score["chance_f1"] <= 0.2
