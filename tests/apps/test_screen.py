from __future__ import annotations

import io

import numpy as np
import pytest
from rich.console import Console

from millrace.apps.screen import activity_bar, draw_thumbnails, render, render_text, sentence_line
from millrace.apps.screen_state import ScreenState, stages_of
from millrace.apps.thumbnails import fit_thumbnails
from millrace.perception.blocks import CameraPlan
from millrace.runtime.plan import Plan, Sentence, TextDelta, TickReport
from millrace.streams.media import EventKind, SourceEvent, VideoFrame

MS = 1_000_000
CAMERAS = ["cam1", "cam2", "door", "yard"]


def report(t_ms: int = 200, cost_ms: int = 84, sentences: tuple[Sentence, ...] = ()) -> TickReport:
    return TickReport(
        t_ns=t_ms * MS,
        started_ns=t_ms * MS,
        ended_ns=(t_ms + cost_ms) * MS,
        plan=Plan({name: CameraPlan() for name in CAMERAS}, 9, 16, 0, (t_ms + 200) * MS),
        costs_ns={
            "take": MS, "plan": MS, "look": (cost_ms - 40) * MS, "sample": 2 * MS, "encode": 30 * MS,
            "read": 20 * MS, "write": 12 * MS,
        },
        frames_read=["cam1", "door"],
        skipped={"cam2": "still"},
        tokens_offered={"cam1": 60, "door": 60},
        tokens_kept={"cam1": 6, "door": 3},
        num_text_tokens=4,
        sentences=sentences,
        busy_ns=cost_ms * MS,
    )  # fmt: skip


def test_the_screen_fits_80_columns() -> None:
    state = ScreenState(CAMERAS)
    for tick in range(300):
        said = Sentence(
            tick * MS, tick * MS, "door", "cam3: a large striped purple triangle leaves to the right"
        )
        state.update(report(200 * tick, 1234, (said,)))
    state.measure({"cam1": 29.97, "cam2": 30.0}, 1_400.0)
    for line in render_text(state, 80).splitlines():
        assert len(line.rstrip()) <= 80, line


def with_pictures(state: ScreenState, width: int) -> list[str]:
    size = fit_thumbnails(len(state.cameras), width, 20)
    assert size is not None
    console = Console(file=io.StringIO(), width=width, color_system=None)
    with console.capture() as capture:
        console.print(render(state, width, thumbnails=draw_thumbnails(state, size)))
    return capture.get().splitlines()


@pytest.mark.parametrize("width", [80, 91, 120, 200])
def test_pictures_never_make_a_line_too_long(width: int) -> None:
    state = ScreenState([*CAMERAS, "a camera with a name far too long"])
    state.cameras = list(state.rows)
    state.update(report())
    assert max(len(line.rstrip()) for line in with_pictures(state, width)) <= width
    names = next(line for line in with_pictures(state, width) if line.startswith("cam1 ") and "%" not in line)
    assert "a camera" in names


def test_the_height_is_the_same_before_and_after_the_first_picture() -> None:
    state = ScreenState(CAMERAS, cameras=CAMERAS)
    before = len(with_pictures(state, 80))
    state.see({"door": VideoFrame("door", 0, np.zeros((96, 160, 3), np.uint8))})
    assert len(with_pictures(state, 80)) == before


def test_only_the_newest_picture_of_a_camera_is_kept() -> None:
    state = ScreenState(CAMERAS, cameras=CAMERAS)
    pixels = np.zeros((96, 160, 3), np.uint8)
    for index in range(3):
        state.see({"door": VideoFrame("door", index, pixels, index=index)})
    state.see({})
    assert [frame.index for frame in state.frames.values()] == [2]


def test_before_the_first_word_it_says_what_is_waited_for() -> None:
    state = ScreenState(CAMERAS)
    assert "warming up" in render_text(state)
    state.update(report())
    assert "warming up" not in render_text(state) and "watching" in render_text(state)
    state.hear(TextDelta(0, 0, "cam2:"))
    assert "watching" not in render_text(state)


def test_the_height_stays_the_same_while_it_runs() -> None:
    state = ScreenState(CAMERAS)
    before = len(render_text(state).splitlines())
    state.note(SourceEvent("yard", 0, EventKind.BROKEN, "yard: the file is cut off"))
    for tick in range(30):
        said = Sentence(tick * MS, tick * MS, "door", "cam3: a disc stops")
        state.update(report(200 * tick, sentences=(said,)))
    for word in ["a", "very", "long"] * 20:
        state.hear(TextDelta(0, 0, word))
    assert len(render_text(state).splitlines()) == before


def test_a_line_shows_what_was_read_offered_kept_and_saved() -> None:
    state = ScreenState(CAMERAS)
    state.note(SourceEvent("cam1", 0, EventKind.OPENED, "640x480"))
    state.update(report())
    state.update(report(400))
    state.measure({"cam1": 29.97}, 612.0)
    line = next(line for line in render_text(state).splitlines() if line.startswith("cam1"))
    assert line.split()[:7] == ["cam1", "live", "30.0", "2", "120", "12", "90%"]


def test_late_ticks_are_counted() -> None:
    state = ScreenState(CAMERAS)
    state.update(report(200, 84))
    state.update(report(400, 260))
    assert "met 1 of 2" in render_text(state)
    assert "260 of 200 ms" in render_text(state)


def test_words_appear_as_they_are_written_and_go_when_the_sentence_ends() -> None:
    state = ScreenState(CAMERAS)
    for word in ("cam2:", "a", "red"):
        state.hear(TextDelta(0, 0, word))
    assert "cam2: a red▌" in render_text(state)
    state.hear(TextDelta(0, 0, "", is_end=True))
    state.update(report(sentences=(Sentence(12_400 * MS, 0, "cam2", "cam2: a red disc enters"),)))
    assert "  12.4 s  cam2: a red disc enters" in render_text(state)
    assert "cam2: a red▌" not in render_text(state)


def test_a_broken_source_is_seen_in_its_line_and_as_a_note() -> None:
    state = ScreenState(CAMERAS)
    state.note(SourceEvent("yard", 0, EventKind.BROKEN, "yard: the file is cut off"))
    text = render_text(state)
    assert "yard: the file is cut off" in text
    assert next(line for line in text.splitlines() if line.startswith("yard")).split()[1] == "broken"


def test_a_camera_that_brings_pictures_is_live() -> None:
    state = ScreenState(CAMERAS)
    state.note(SourceEvent("yard", 0, EventKind.ENDED, "yard: ended"))
    state.measure({"cam1": 30.0, "cam2": 0.0, "yard": 10.0}, 612.0)
    assert [row.state for row in state.rows.values()] == ["live", "opening", "opening", "ended"]


def test_a_camera_is_called_by_the_name_it_was_given() -> None:
    line = sentence_line(12_400 * MS, "cam3: a red disc enters", "door", CAMERAS)
    assert line.plain == "  12.4 s  door: a red disc enters"
    assert sentence_line(0, "three beeps", None, CAMERAS).plain == "   0.0 s  three beeps"


@pytest.mark.parametrize(
    ("values", "bar"), [([0, 1, 8], " ▁█"), ([0, 0], "  "), ([], ""), ([1, 50, 100], "▁▄█")]
)
def test_an_activity_bar_has_one_character_a_tick(values: list[int], bar: str) -> None:
    assert activity_bar(values, max(values, default=0)) == bar


def test_stages_add_up_to_the_whole_tick() -> None:
    costs = {"take": 1, "plan": 2, "look": 50, "sample": 5, "encode": 40, "prune": 3, "read": 20, "write": 9}
    stages = stages_of(costs)
    assert sum(stages.values()) == 1 + 2 + 50 + 20 + 9
    assert stages["encode"] == 40 and stages["rest"] == 1 + 2 + 2
    assert sum(stages_of({"look": 7, "read": 1}).values()) == 8


def test_the_percentiles_look_at_the_last_ticks() -> None:
    state = ScreenState(CAMERAS)
    assert state.percentile_ms(95) is None
    for cost_ms in range(1, 101):
        state.update(report(200, cost_ms))
    assert state.percentile_ms(50) == pytest.approx(51)
    assert state.percentile_ms(95) == pytest.approx(96)
