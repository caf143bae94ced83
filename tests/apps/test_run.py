from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from millrace.apps.cli import run_cli

AGENT = Path(sys.executable).with_name("agent")
LIMIT_S = 60

Agent = Callable[..., subprocess.CompletedProcess[str]]


def report_of(done: subprocess.CompletedProcess[str], path: Path) -> dict[str, Any]:
    assert done.returncode == 0, done.stdout + done.stderr
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def run_files(agent: Agent, model: Path, report: Path, *paths: Path) -> dict[str, Any]:
    sources = [word for path in paths for word in ("--source", path)]
    return report_of(agent("run", "--fast", "--model", model, "--json", report, *sources), report)


def test_without_a_camera_it_says_so_and_renders_some(agent: Agent, model: Path, tmp_path: Path) -> None:
    report = tmp_path / "r.json"
    done = agent("run", "--cams", 2, "--seconds", 1, "--model", model, "--json", report)
    document = report_of(done, report)
    assert "no camera was found: rendering 2 cameras instead" in done.stdout or Path("/dev/video0").exists()
    assert len(document["sources"]) == 2


def test_the_report_has_what_was_promised(agent: Agent, model: Path, clips: Path, tmp_path: Path) -> None:
    document = run_files(agent, model, tmp_path / "r.json", clips / "good.mp4")
    assert document["version"] == 1
    assert document["ticks"]["count"] >= 15  # three seconds, five ticks a second
    assert {"count", "late", "p50_ms", "p95_ms", "p99_ms"} <= set(document["ticks"])
    assert {"look", "read", "write"} <= set(document["stages"])
    assert {"p50_ms", "p95_ms"} <= set(document["stages"]["read"])
    assert {"rss_mb_at_20s", "rss_mb_end"} <= set(document["memory"])
    source = document["sources"][0]
    assert (source["name"], source["frames_in"], source["dropped"], source["state"]) == (
        "good",
        75,
        0,
        "ended",
    )
    assert source["frames_read"] > 0 and source["fps_in"] == pytest.approx(25, rel=0.1)
    assert 0 < document["tokens"]["kept"] <= document["tokens"]["offered"]
    assert {"t_s", "t_out_s", "camera", "text", "event"} <= set(document["sentences"][0])


def test_closer_looks_can_be_switched_off(agent: Agent, model: Path, tmp_path: Path) -> None:
    report, source = tmp_path / "r.json", "world:seed=7,scene=easy,cameras=1,seconds=3"
    words = ("run", "--fast", "--model", model, "--json", report, "--source", source)
    looks = [
        report_of(agent(*words, *flags), report)["sources"][0]["closer_looks"]
        for flags in ((), ("--no-fovea",))
    ]
    assert looks[0] > 0 == looks[1]


def test_two_fast_runs_say_the_same(agent: Agent, model: Path, clips: Path, tmp_path: Path) -> None:
    said = [
        run_files(agent, model, tmp_path / name, clips / "good.mp4", clips / "good.mkv")["sentences"]
        for name in ("a.json", "b.json")
    ]
    assert said[0] == said[1] and said[0]


def test_a_dash_prints_the_report_and_nothing_else(agent: Agent, model: Path, clips: Path) -> None:
    done = agent("run", "--fast", "--model", model, "--json", "-", "--source", clips / "good.mp4")
    assert json.loads(done.stdout)["version"] == 1
    assert "good" in done.stderr


def test_the_screen_can_be_saved_as_a_picture(agent: Agent, model: Path, clips: Path, tmp_path: Path) -> None:
    picture = tmp_path / "screen.svg"
    done = agent("run", "--fast", "--model", model, "--source", clips / "good.mp4", "--screenshot", picture)
    assert done.returncode == 0
    assert "millrace" in picture.read_text(encoding="utf-8")


def bad_file(folder: Path, name: str, clips: Path) -> Path:
    """A file that cannot be played, of the kind that its name tells."""
    path = folder / name
    whole = (clips / "good.mp4").read_bytes()
    contents = {"empty.mp4": b"", "text.mp4": b"this is no video\n" * 40, "cut.mp4": whole[: len(whole) // 2]}
    if name in contents:
        path.write_bytes(contents[name])
    return path


@pytest.mark.parametrize("name", ["missing.mp4", "empty.mp4", "text.mp4", "cut.mp4"])
def test_a_file_that_cannot_be_played_is_one_line_that_names_it(
    agent: Agent, model: Path, clips: Path, tmp_path: Path, name: str
) -> None:
    done = agent("run", "--model", model, "--source", bad_file(tmp_path, name, clips))
    assert_refused(done, name)


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ("what is this", "what is this"),
        ("97", "/dev/video97"),
        ("/dev/video97", "/dev/video97"),
        ("rtsp:///1", "rtsp:///1"),
        ("world:seed=blue", "blue"),
    ],
)
def test_a_source_that_cannot_be_is_one_line_that_names_it(
    agent: Agent, model: Path, source: str, named: str
) -> None:
    assert_refused(agent("run", "--model", model, "--source", source), named)


def assert_refused(done: subprocess.CompletedProcess[str], named: str) -> None:
    assert done.returncode == 2, done.stdout + done.stderr
    complaint = done.stderr.strip()
    assert complaint.startswith("error: ") and named in complaint
    assert "\n" not in complaint
    assert re.search("; |give|must be", complaint), "it says what to do"


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--cams", 9), "cams is 9"),
        (("--cams", 1, "--source", "world:", "--source", "world:"), "--cams 1"),
        (("--budget-ms", 1), "budget_ms is 1"),
        (("--seconds", "-3"), "seconds is -3"),
        (("--model", "nothing.safetensors"), "nothing.safetensors"),
        (("--json", "nowhere/r.json"), "nowhere"),
        (("--screenshot", "nowhere/s.svg"), "nowhere"),
    ],
)
def test_a_setting_out_of_range_is_one_line_that_names_it(
    capsys: pytest.CaptureFixture[str], options: tuple[object, ...], named: str
) -> None:
    assert run_cli(["run", *map(str, options)]) == 2
    complaint = capsys.readouterr().err
    assert named in complaint and complaint.count("\n") == 1


def test_a_model_that_is_none_is_one_line_that_names_it(agent: Agent, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"\x00" * 100)
    assert_refused(agent("run", "--model", path, "--source", "world:"), "model.safetensors")


def test_one_bad_source_among_four_is_told_and_the_others_run_on(
    agent: Agent, model: Path, clips: Path, tmp_path: Path
) -> None:
    bad = bad_file(tmp_path, "cut.mp4", clips)
    document = run_files(
        agent, model, tmp_path / "r.json", clips / "good.mp4", bad, clips / "good.mkv", clips / "good.mp4"
    )
    states = {source["name"]: source["state"] for source in document["sources"]}
    assert states == {"good": "ended", "cut": "broken", "good-2": "ended", "good-3": "ended"}
    read = {source["name"]: source["frames_read"] for source in document["sources"]}
    assert read["cut"] == 0 and all(count for name, count in read.items() if name != "cut")


def test_a_file_cut_in_the_middle_is_played_up_to_the_cut(
    agent: Agent, model: Path, clips: Path, tmp_path: Path
) -> None:
    whole = (clips / "good.mkv").read_bytes()
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole[: len(whole) * 2 // 3])
    document = run_files(agent, model, tmp_path / "r.json", cut)
    assert 0 < document["sources"][0]["frames_in"] < 75
    assert document["sources"][0]["state"] == "broken"


def test_a_file_without_pictures_is_heard_and_it_says_so(
    agent: Agent, model: Path, sound_clip: Path, tmp_path: Path
) -> None:
    report = tmp_path / "r.json"
    done = agent("run", "--fast", "--model", model, "--json", report, "--source", sound_clip)
    document = report_of(done, report)
    assert "sound: no video track, only its sound is read" in done.stdout
    assert document["tokens"]["kept"] > 0


def test_ctrl_c_ends_with_a_summary_and_a_report(model: Path, tmp_path: Path) -> None:
    report = tmp_path / "r.json"
    command = [AGENT, "run", "--source", "world:", "--model", model, "--json", report]
    screen, status = play_in_terminal(command, until=rb"met [1-9]")
    assert status == 0
    assert "ticks within 200 ms" in screen and "Traceback" not in screen
    assert json.loads(report.read_text(encoding="utf-8"))["ticks"]["count"] > 0


def test_the_live_screen_is_drawn_in_a_terminal_and_the_cursor_comes_back(model: Path) -> None:
    screen, _ = play_in_terminal([AGENT, "run", "--source", "world:", "--model", model], until=rb"met [1-9]")
    assert "tokens a tick" in screen and "budget 200 ms" in screen
    assert screen.rindex("\x1b[?25h") > screen.rindex("\x1b[?25l")


def play_in_terminal(command: list[Path | str], until: bytes) -> tuple[str, int]:
    """Runs a command in a terminal of its own, presses Ctrl-C when `until` is seen; what was shown, exit code."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "30"}
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    try:
        shown = read_until(ours, until)
        process.send_signal(signal.SIGINT)
        shown += read_until(ours, None)
        return shown.decode(errors="replace"), process.wait(LIMIT_S)
    finally:
        process.kill()
        process.wait(LIMIT_S)
        os.close(ours)


def read_until(terminal: int, pattern: bytes | None) -> bytes:
    """All that is shown until the pattern, or until the program has ended."""
    shown = b""
    while pattern is None or not re.search(pattern, shown):
        try:
            chunk = os.read(terminal, 65536)
        except OSError:  # the other end is closed
            return shown
        if not chunk:
            return shown
        shown += chunk
    return shown


@pytest.mark.skipif(
    not files("millrace.generation.weights").joinpath("nano.safetensors").is_file(),
    reason="generation/weights has no nano.safetensors yet",
)
def test_the_model_that_ships_speaks_about_a_rendered_room(agent: Agent, tmp_path: Path) -> None:
    report = tmp_path / "r.json"
    done = agent("run", "--fast", "--cams", 1, "--seconds", 20, "--json", report)
    document = report_of(done, report)
    assert document["sentences"], done.stdout
    understood = [sentence for sentence in document["sentences"] if sentence["event"] is not None]
    assert len(understood) >= len(document["sentences"]) / 2
