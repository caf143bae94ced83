from __future__ import annotations

from collections.abc import Sequence

import pytest

from millrace.apps.choice import choose_sources, is_microphone, world_specs
from millrace.errors import ConfigError
from millrace.streams.spec import parse_source


def none_found() -> Sequence[str]:
    return []


def must_not_look() -> Sequence[str]:
    raise AssertionError("local cameras were looked for")


def test_without_a_camera_four_rendered_ones_stand_in_and_it_says_so() -> None:
    choice = choose_sources([], None, is_realtime=True, find_cameras=none_found)
    assert choice.specs == world_specs(4, 7)
    assert choice.note == "no camera was found: rendering 4 cameras instead"


def test_local_cameras_come_first_and_rendered_ones_fill_up() -> None:
    choice = choose_sources([], 3, is_realtime=True, find_cameras=lambda: ["0"])
    assert choice.specs == ["cam1=0", *world_specs(2, 7, first=2)]
    assert choice.note == "only 1 camera was found: rendering 2 cameras instead"


def test_no_more_local_cameras_are_used_than_asked_for() -> None:
    choice = choose_sources([], 2, is_realtime=True, find_cameras=lambda: ["0", "2", "4"])
    assert (choice.specs, choice.note) == (["cam1=0", "cam2=2"], "")


def test_local_cameras_are_not_looked_for_in_fast_mode_or_when_sources_are_given() -> None:
    assert choose_sources([], 2, is_realtime=False, find_cameras=must_not_look).specs == world_specs(2, 7)
    assert choose_sources(["a.mp4"], None, is_realtime=True, find_cameras=must_not_look).specs == ["a.mp4"]


def test_fewer_sources_than_cameras_are_filled_up_and_microphones_do_not_count() -> None:
    choice = choose_sources(["a.mp4", "mic:2"], 3, is_realtime=True, find_cameras=must_not_look)
    assert choice.specs == ["a.mp4", "mic:2", *world_specs(2, 7, first=2)]
    assert choice.note == "rendering 2 cameras to fill up to 3"


def test_a_microphone_alone_is_a_run_without_cameras() -> None:
    assert choose_sources(["mic"], None, is_realtime=True, find_cameras=must_not_look).specs == ["mic"]


def test_more_sources_than_cameras_are_refused() -> None:
    with pytest.raises(ConfigError, match="--cams 1, but 2 cameras are given"):
        choose_sources(["a.mp4", "b.mp4"], 1, is_realtime=True, find_cameras=none_found)


def test_rendered_cameras_are_views_of_one_world_and_have_the_numbers_that_sentences_use() -> None:
    assert world_specs(2, 5, first=3) == [
        "cam3=world:seed=5,cameras=2,camera=1",
        "cam4=world:seed=5,cameras=2,camera=2",
    ]
    assert all(parse_source(spec).probe().has_video for spec in world_specs(4, 7))


@pytest.mark.parametrize(
    ("spec", "expected"),
    [("mic", True), ("mic:2", True), ("desk=mic:2", True), ("mic.mp4", False), ("0", False)],
)
def test_microphones_are_known_by_how_they_are_typed(spec: str, expected: bool) -> None:
    assert is_microphone(spec) is expected
