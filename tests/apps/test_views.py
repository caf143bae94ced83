from __future__ import annotations

import io

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
from millrace.streams.media import EventKind, SourceEvent

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


def terminal(**options: bool) -> Console:
    return Console(file=io.StringIO(), width=80, height=24, **options)  # type: ignore[arg-type]


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
