from __future__ import annotations

import dataclasses
import io
import re

import numpy as np
import pytest
from rich.console import Console

from millrace.apps.closing import closing
from millrace.apps.picture import screen_svg
from millrace.apps.screen_state import ScreenState
from millrace.apps.views import LiveView, PlainView, make_view
from millrace.perception.blocks import CameraPlan
from millrace.runtime.inbox import IntakeStatistics
from millrace.runtime.metrics import Metrics
from millrace.runtime.plan import Plan, Sentence, TextDelta, TickReport
from millrace.streams.media import EventKind, SourceEvent, VideoFrame

MS = 1_000_000
SAID = Sentence(12_400 * MS, 12_500 * MS, "door", "cam1: a red disc enters")


def report() -> TickReport:
    return TickReport(
        t_ns=12_400 * MS,
        started_ns=12_400 * MS,
        ended_ns=12_484 * MS,
        plan=Plan({"door": CameraPlan()}, 9, 16, 0, 12_600 * MS),
        costs_ns={"look": 60 * MS, "read": 20 * MS, "write": 4 * MS},
        frames_read=["door"],
        skipped={},
        tokens_offered={"door": 60},
        tokens_kept={"door": 6},
        num_text_tokens=4,
        sentences=[SAID],
        busy_ns=84 * MS,
    )


def terminal(**options: object) -> Console:
    return Console(**{"file": io.StringIO(), "width": 80, "height": 24, **options})  # type: ignore[arg-type]


def seeing(*, has_pictures: bool = True, blue: int = 0) -> ScreenState:
    """A state with one camera that sees an orange or pink wall."""
    state = ScreenState(["door"], has_pictures=has_pictures, cameras=["door"])
    wall = np.full((96, 160, 3), (248, 128, blue), np.uint8)
    state.see({"door": VideoFrame("door", 0, wall)})
    return state


def shown(state: ScreenState, **options: object) -> str:
    console = terminal(force_terminal=True, **options)
    with make_view(state, console, measured, is_plain=False) as view:
        view.on_report(report())
    return output(console)


def output(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def measured() -> tuple[dict[str, float], float]:
    return {"door": 29.97}, 612.3


def test_without_a_terminal_sentences_and_troubles_are_lines() -> None:
    console = terminal()
    with make_view(ScreenState(["door"]), console, measured, is_plain=False) as view:
        assert isinstance(view, PlainView)
        view.on_event(SourceEvent("door", 0, EventKind.OPENED, "1280x720"))
        view.on_event(SourceEvent("door", 3_000 * MS, EventKind.SILENT, "door: nothing has come for 2.0 s"))
        view.on_report(report())
    assert output(console).splitlines() == [
        "   3.0 s  [silent] door: nothing has come for 2.0 s",
        "  12.4 s  door: a red disc enters",
    ]


def test_plain_lines_can_be_asked_for_in_a_terminal() -> None:
    console = terminal(force_terminal=True)
    assert isinstance(make_view(ScreenState([]), console, measured, is_plain=True), PlainView)
    assert isinstance(make_view(ScreenState([]), console, measured, is_plain=False), LiveView)


def test_the_live_screen_ends_with_the_last_state_and_shows_the_cursor_again() -> None:
    console = terminal(force_terminal=True)
    with make_view(ScreenState(["door"]), console, measured, is_plain=False) as view:
        view.on_report(report())
        view.on_delta(TextDelta(0, 0, "cam1"))
    text = output(console)
    assert "612 MB" in text and "a red disc enters" in text
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")


def test_the_live_screen_lets_go_of_the_terminal_when_the_run_fails() -> None:
    console = terminal(force_terminal=True)
    with pytest.raises(KeyboardInterrupt), make_view(ScreenState([]), console, measured, is_plain=False):
        raise KeyboardInterrupt
    assert "\x1b[?25h" in output(console)


@pytest.mark.parametrize(("colours", "code"), [("truecolor", "38;2;248;128;0;"), ("256", "38;5;")])
def test_the_live_screen_shows_what_the_cameras_see(colours: str, code: str) -> None:
    # Another colour for each: rich remembers the codes of a colour for all terminals of a process.
    text = shown(seeing(blue=0 if colours == "truecolor" else 160), color_system=colours)
    assert "▀" in text and code in text


@pytest.mark.parametrize("options", [{"color_system": "standard"}, {"color_system": None}, {"height": 23}])
def test_a_terminal_with_few_colours_or_lines_shows_no_pictures(options: dict[str, object]) -> None:
    assert "▀" not in shown(seeing(), **{"color_system": "truecolor", **options})


def test_pictures_can_be_refused() -> None:
    assert "▀" not in shown(seeing(has_pictures=False), color_system="truecolor")
    assert "#f88000" not in screen_svg(seeing(has_pictures=False), "agent run")


def test_after_a_late_tick_the_pictures_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    now_ns = 10**12
    monkeypatch.setattr("millrace.apps.views.perf_ns", lambda: now_ns)
    state = seeing()
    console = terminal(force_terminal=True, color_system="truecolor")
    with make_view(state, console, measured, is_plain=False) as view:
        for level, cost_ms, wait_ms, is_new in (
            (80, 84, 250, True), (160, 260, 250, False), (240, 260, 800, True)
        ):  # fmt: skip
            now_ns += wait_ms * MS
            state.see({"door": VideoFrame("door", 0, np.full((96, 160, 3), level, np.uint8))})
            before = len(output(console))
            view.on_report(dataclasses.replace(report(), busy_ns=cost_ms * MS))
            assert (f"38;2;{level};{level};{level}" in output(console)[before:]) == is_new, level


def test_the_saved_picture_draws_the_thumbnails_as_squares_without_gaps() -> None:
    svg = screen_svg(seeing(), "agent run", width=80)
    squares = re.findall(r"M(\d+) (\d+)h(\d+)v1h-(\d+)z", re.search(r'fill="#f88000" d="([^"]*)"', svg)[1])  # type: ignore[index]
    assert sum(int(width) for _, _, width, _ in squares) == 40 * 24
    rows = sorted({int(y) for _, y, _, _ in squares})
    assert rows == list(range(rows[0], rows[0] + 24))
    assert "▀" not in svg


def test_the_picture_stands_alone() -> None:
    state = ScreenState(["door"])
    state.update(report())
    svg = screen_svg(state, "agent run")
    assert "red&#160;disc" in svg
    assert "@font-face" not in svg and "url(http" not in svg


def test_the_closing_summary_counts_what_the_metrics_counted() -> None:
    metrics = Metrics(mode="realtime", budget_ns=200 * MS)
    metrics.add(report())
    summary = metrics.summary({"door": IntakeStatistics(300, 60, 238, {"full": 2}, 0, 0)})
    console = terminal()
    console.print(closing(summary))
    line = next(line for line in output(console).splitlines() if line.startswith("door"))
    assert line.split()[:7] == ["door", "300", "0.0", "1", "0", "238", "2"]
    assert "1 of 1 ticks within 200 ms" in output(console)
    assert "6 of 60 tokens read, 90% saved; 1 sentences" in output(console)
