"""Labels of real clips."""

import json

import pytest

from millrace.apps.scoring.clips import clips_in, palette_name, read_labels, score_clip
from millrace.errors import ConfigError
from millrace.streams.world.events import WorldEventKind

LABELS = {
    "objects": [
        {
            "kind": "car",
            "colour": "silver",
            "colour_alt": ["light blue"],
            "events": [
                {"t_s": 0.0, "event": "enter", "side": "start"},
                {"t_s": 3.0, "event": "go"},
                {"t_s": 4.0, "event": "exit", "side": "left"},
            ],
        },
        {"kind": "car", "colour": "red", "events": [{"t_s": 2.0, "event": "enter", "side": "top"}]},
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


def test_enter_and_leave_count_within_a_second_whatever_the_thing_is_called(labels):
    told = [
        (2_900_000_000, "cam1: a red disc enters from the left"),
        (5_200_000_000, "cam1: the blue star leaves on the top"),
        (3_000_000_000, "cam1: the blue star stops"),
        (3_100_000_000, "not of the grammar"),
    ]
    score = score_clip(told, labels)
    assert (score["f1"], score["events"], score["said"], score["hits"]) == (0.5, 2, 2, 1)
    assert score["ci"][0] <= 0.5 <= score["ci"][1]


def test_of_the_hits_kind_and_colour_are_looked_at(labels):
    told = [
        (2_000_000_000, "cam1: a red disc enters from the left"),
        (4_100_000_000, "cam1: the blue car leaves on the top"),
    ]
    score = score_clip(told, labels)
    assert (score["f1"], score["kind_accuracy"], score["colour_accuracy"]) == (1.0, 0.5, 1.0)
    told[1] = (4_100_000_000, "cam1: the green car leaves on the top")
    assert score_clip(told, labels)["colour_accuracy"] == 0.5


def test_silence_has_no_names_to_be_right(labels):
    score = score_clip([], labels)
    assert (score["f1"], score["kind_accuracy"], score["chance_f1"], score["hits"]) == (0.0, 0.0, 0.0, 0)


@pytest.mark.parametrize(
    ("label", "name"),
    [("silver", "grey"), ("light blue", "blue"), ("Red", "red"), ("transparent", None), ("", None)],
)
def test_colours_of_labels_are_put_into_the_words_of_the_model(label, name):
    assert palette_name(label) == name


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


def test_chance_is_told_beside_the_score(labels):
    told = [(n * 200_000_000, "cam1: a red disc enters from the left") for n in range(20)]
    score = score_clip(told, labels)
    assert 0 < score["chance_f1"] <= 0.2
