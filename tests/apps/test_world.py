"""Rendered cameras as files, with labels that the scorer reads, masks, and a contact sheet."""

import io
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from rich.console import Console

from millrace.apps.cli import run_cli
from millrace.apps.scoring.clips import read_labels
from millrace.apps.worlds.ink import text_width, wrap
from millrace.apps.worlds.masks import MaskFile, member
from millrace.apps.worlds.moment import HEIGHT, WIDTH, moment_of
from millrace.apps.worlds.preview import Preview
from millrace.apps.worlds.sheet import draw_sheet, moments_of
from millrace.apps.worlds.timeline import lives_of, rows_of
from millrace.apps.worlds.truth import box_of
from millrace.apps.worlds.whole import partial, whole
from millrace.errors import ConfigError
from millrace.streams.media import SAMPLE_RATE_HZ
from millrace.streams.world.events import WorldEventKind
from millrace.streams.world.language import narrate
from millrace.streams.world.recipes import MIXTURES, SCENE_NAMES
from millrace.streams.world.stage import NATIVE, mark
from millrace.streams.world.world import World

AGENT = Path(sys.executable).with_name("agent")
SMALL = ["--size", "320x192", "--fps", "10"]


def run(folder, *options, name="cam.mp4"):
    return run_cli(["world", "--save", str(folder / name), *SMALL, *(str(option) for option in options)])


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def labels_in(folder, name="cam.json"):
    return json.loads((folder / name).read_text())


@pytest.fixture(scope="module")
def desk():
    """A solid world with things in view from the first second."""
    return World(7, 1, "desk", 20.0)


@pytest.fixture(scope="module")
def shapes():
    return World(12003, 1, "easy", 12.0)


def test_a_world_is_written_as_video_with_sound_labels_and_a_sheet(tmp_path):
    assert run(tmp_path, "--seconds", 8, "--seed", 12003) == 0
    assert names_in(tmp_path) == ["cam.json", "cam.mp4", "cam.png"]
    with av.open(str(tmp_path / "cam.mp4")) as container:
        assert (container.streams.video[0].width, container.streams.video[0].height) == (320, 192)
        assert sum(1 for _ in container.decode(video=0)) == 80
        assert container.streams.audio[0].rate == SAMPLE_RATE_HZ
    assert labels_in(tmp_path)["objects"]
    assert read_labels(tmp_path / "cam.json")
    assert cv2.imread(str(tmp_path / "cam.png")) is not None


def test_the_video_shows_the_world(tmp_path):
    assert run(tmp_path, "--seconds", 1, "--scene", "desk", "--no-sheet", "--kbps", 4000) == 0
    with av.open(str(tmp_path / "cam.mp4")) as container:
        shown = next(container.decode(video=0)).to_ndarray(format="rgb24").astype(int)
    true = World(7, 1, "desk", 1.0).picture(0, 0, NATIVE).pixels
    half = cv2.resize(true, (320, 192), interpolation=cv2.INTER_AREA).astype(int)
    assert np.abs(shown - half).mean() < 6


def test_a_silent_one_has_no_sound_track(tmp_path):
    assert run(tmp_path, "--seconds", 1, "--no-sound", "--no-sheet") == 0
    with av.open(str(tmp_path / "cam.mp4")) as container:
        assert not container.streams.audio


def test_labels_are_the_log_by_thing(tmp_path):
    assert run(tmp_path, "--seconds", 12, "--scene", "desk", "--no-sheet") == 0
    world, labels = World(7, 1, "desk", 12.0), labels_in(tmp_path)
    told = {(o["id"], e["event"], e["t_s"]) for o in labels["objects"] for e in o["events"]}
    logged = {
        (e.identity, "exit" if e.kind is WorldEventKind.LEAVE else e.kind.value, e.t_ns / 1e9)
        for e in world.events
        if e.camera == 0
    }
    assert logged
    assert logged <= told
    at_borders = [e for o in labels["objects"] for e in o["events"] if e.get("side") in ("start", "end")]
    assert len(told) == len(logged) + len(at_borders)
    assert "hand" not in {o["kind"] for o in labels["objects"]}
    assert len(labels["count_per_s"]) == 12


def test_what_is_in_view_at_first_enters_from_the_start(tmp_path, desk):
    there = {s.identity for s in desk.sightings(0, 0) if s.share >= 0.5 and s.thing.kind != "hand"}
    assert there, "choose a seed with something on the desk"
    assert run(tmp_path, "--seconds", 20, "--scene", "desk", "--no-sheet", "--fps", 1) == 0
    first = {o["id"]: o["events"][0] for o in labels_in(tmp_path)["objects"]}
    entered = {e.identity for e in desk.events if e.kind is WorldEventKind.ENTER}
    assert there - entered
    for identity in there - entered:
        assert first[identity] == {"t_s": 0.0, "event": "enter", "side": "start"}


def test_more_cameras_are_more_files_of_one_world_and_one_sheet(tmp_path):
    assert run(tmp_path, "--seconds", 2, "--scene", "overlap", "--cams", 2) == 0
    assert names_in(tmp_path) == ["cam-1.json", "cam-1.mp4", "cam-2.json", "cam-2.mp4", "cam.png"]
    tracks = []
    for number in (1, 2):
        with av.open(str(tmp_path / f"cam-{number}.mp4")) as container:
            tracks.append(len(container.streams.audio))
        about = {"seed": 7, "scene": "overlap", "camera": number, "cameras": 2}
        assert labels_in(tmp_path, f"cam-{number}.json")["world"] == about
    assert tracks == [1, 0]


def test_boxes_lie_around_the_masks_of_their_frames(tmp_path):
    assert run(tmp_path, "--seconds", 2, "--scene", "desk", "--boxes", "--masks", "--no-sheet") == 0
    labels = labels_in(tmp_path)
    assert [moment["frame"] for moment in labels["boxes"]] == list(range(0, 20, 2))
    checked = 0
    with np.load(tmp_path / "cam.masks.npz") as masks:
        assert len(masks.files) == 20
        for moment in labels["boxes"]:
            mask = masks[member(moment["frame"])]
            assert mask.shape == (192, 320)
            assert {str(v) for v in np.unique(mask) if v} <= labels["masks"]["marks"].keys()
            for thing in moment["things"]:
                assert thing["box"] == box_of(mask == mark(thing["id"]))
                checked += thing["box"] is not None
    assert checked


@pytest.mark.parametrize("fps", [4, 7, 30])
def test_boxes_are_taken_at_the_first_frame_of_every_tick(tmp_path, fps):
    assert run(tmp_path, "--seconds", 2, "--boxes", "--no-sheet", "--fps", fps) == 0
    frames = [moment["frame"] for moment in labels_in(tmp_path)["boxes"]]
    assert frames == sorted({-(-tick * fps // 5) for tick in range(10) if -(-tick * fps // 5) < 2 * fps})


def test_a_box_is_tight():
    mask = np.zeros((10, 12), bool)
    assert box_of(mask) is None
    mask[2:5, 3], mask[4, 3:9] = True, True
    assert box_of(mask) == [3, 2, 6, 3]


def test_masks_come_back_as_they_were(tmp_path):
    masks = np.random.default_rng(0).integers(0, 256, (3, 9, 7), np.uint8)
    with MaskFile(tmp_path / "m.npz") as file:
        for number, mask in enumerate(masks):
            file.put(number, mask)
    with np.load(tmp_path / "m.npz") as found:
        assert all((found[member(n)] == mask).all() for n, mask in enumerate(masks))


def test_the_moment_of_an_event_marks_its_thing(desk):
    event = next(e for e in desk.events if e.camera == 0)
    page = moment_of(desk, event).page
    assert page.shape == (HEIGHT, WIDTH, 3)
    plain = cv2.resize(
        desk.picture(0, event.t_ns, NATIVE).pixels, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA
    )
    changed = (np.abs(page.astype(int) - plain) > 40).any(-1)
    seen = next(s for s in desk.sightings(0, event.t_ns) if s.identity == event.identity)
    rows, columns = np.nonzero(changed)
    assert 30 < len(rows) < changed.size / 4
    assert np.hypot(columns.mean() - 2 * seen.x, rows.mean() - 2 * seen.y) < 2 * seen.side + 30


def test_a_sheet_has_a_row_for_every_four_events(shapes):
    moments = moments_of(shapes)
    assert [m.event for m in moments] == [e for e in shapes.events if e.camera is not None]
    pages = [draw_sheet(shapes, moments[:number]) for number in (0, 1, 4, 5)]
    heights = [page.shape[0] for page in pages]
    assert heights[0] < heights[1] <= heights[2] < heights[3]
    assert len({page.shape[1] for page in pages}) == 1


def test_of_many_events_some_are_pictured_from_first_to_last():
    world = World(3, 1, "clash", 30.0)
    seen = [e for e in world.events if e.camera is not None]
    chosen = [m.event for m in moments_of(world, limit=3)]
    assert len(seen) > 3
    assert len(chosen) == 3
    assert (chosen[0], chosen[-1]) == (seen[0], seen[-1])


def test_bars_of_one_row_do_not_overlap(desk):
    lives = lives_of(desk, 0, 0.2)
    assert lives
    ends = {}
    for life, row in zip(lives, rows_of(lives), strict=True):
        assert life.start_s >= ends.get(row, 0.0)
        ends[row] = life.end_s


@pytest.mark.parametrize("text", ["", "word", "the person in orange bumps into the person in yellow " * 3])
def test_wrapped_lines_fit_and_lose_no_word(text):
    lines = wrap(text, 200)
    assert " ".join(lines).split() == text.split()
    assert all(text_width(line) <= 200 for line in lines)


@pytest.mark.parametrize("colours", [None, "truecolor"])
def test_a_terminal_shows_the_log_and_pictures_where_it_has_colours(shapes, colours):
    console = Console(
        file=io.StringIO(),
        width=100,
        force_terminal=colours is not None,
        color_system=colours,
        highlight=False,
    )
    console.print(Preview(shapes, moments_of(shapes)))
    shown = console.file.getvalue()
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert all(narrate(event) in plain for event in shapes.events)
    assert ("▀" in shown) == (colours is not None)
    assert max(map(len, plain.splitlines())) <= 100


def test_to_look_only_nothing_is_written(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run_cli(["world", "--seconds", "3", "--show"]) == 0
    assert "cam1: " in capsys.readouterr().out
    assert not names_in(tmp_path)


def test_all_scenes_are_listed(capsys):
    assert run_cli(["world", "--scene", "list"]) == 0
    listed = {line.split()[0] for line in capsys.readouterr().out.splitlines()}
    assert {*SCENE_NAMES, *MIXTURES} <= listed


def test_an_unknown_scene_is_refused_with_those_there_are(tmp_path, capsys):
    assert run(tmp_path, "--scene", "beach") == 2
    shown = capsys.readouterr().err
    assert "--scene beach: there is no such scene" in shown.splitlines()[-1]
    assert {*SCENE_NAMES, *MIXTURES} <= {line.split()[0] for line in shown.splitlines()}


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--size", "12"], "--size 12"),
        (["--size", "31x33"], "even numbers"),
        (["--save", "cam.txt"], "ends in .mp4, .mkv, .mov"),
    ],
)
def test_bad_options_are_one_line(tmp_path, capsys, options, complaint):
    assert run_cli(["world", "--save", str(tmp_path / "x.mp4"), "--seconds", "1", *options]) == 2
    shown = capsys.readouterr().err
    assert complaint in shown
    assert shown.count("\n") == 1
    assert not names_in(tmp_path)


def test_nothing_to_do_is_said(capsys):
    assert run_cli(["world"]) == 2
    assert "--save FILE.mp4" in capsys.readouterr().err


def test_a_folder_that_does_not_exist_is_named(tmp_path, capsys):
    assert run(tmp_path / "no") == 2
    assert "there is no folder" in capsys.readouterr().err


def test_an_interrupted_world_leaves_what_was_there_before(tmp_path):
    (tmp_path / "cam.mp4").write_text("older")
    command = [AGENT, "world", "--save", "cam.mp4", "--seconds", "600", "--no-sheet", "--masks"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        growing = tmp_path / "cam.mp4.partial"
        while process.poll() is None and not growing.exists():
            os.sched_yield()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 130
    assert names_in(tmp_path) == ["cam.mp4"]
    assert (tmp_path / "cam.mp4").read_text() == "older"


def test_files_appear_together_or_not_at_all(tmp_path):
    paths = [tmp_path / "a", tmp_path / "b"]
    with whole(paths):
        for path in paths:
            partial(path).write_text("new")
        assert not any(path.exists() for path in paths)
    assert names_in(tmp_path) == ["a", "b"]
    with pytest.raises(ConfigError, match="No space left"), whole(paths):
        partial(paths[0]).write_text("newer")
        raise OSError(28, "No space left on device", str(paths[0]))
    assert names_in(tmp_path) == ["a", "b"]
    assert paths[0].read_text() == "new"
