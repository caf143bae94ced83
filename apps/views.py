"""What a person sees while it runs: a live screen in a terminal, plain lines everywhere else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Protocol

from rich.console import Console
from rich.live import Live

from ..runtime.plan import TextDelta, TickReport
from ..streams.clock import NS_PER_MS, perf_ns
from ..streams.media import EventKind, SourceEvent
from .screen import NUM_SENTENCES, draw_thumbnails, render, sentence_line
from .screen_state import ScreenState
from .thumbnails import MIN_HEIGHT, Thumbnails, ThumbnailSize, fit_thumbnails

MIN_REDRAW_NS = 90 * NS_PER_MS  # drawing costs a few milliseconds of the same two cores that do the work
MIN_REDRAW_PICTURES_NS = 190 * NS_PER_MS  # at most once a tick
LATE_REDRAW_PICTURES_NS = 1_000 * NS_PER_MS  # after a tick that came late: the work goes first
LINES_BESIDE_SENTENCES = 6  # of the screen, not counting one a source
LINES_BESIDE_PICTURES = 2  # an empty one, and the names
MIN_SENTENCES = 3
PICTURE_COLOURS = ("256", "truecolor")  # what rich calls a terminal with colours enough for a picture

Measure = Callable[[], tuple[Mapping[str, float], float]]  # frames a second by camera, resident memory in MB


class View(Protocol):
    """Shows a run; a context that begins with the first tick and ends with the last."""

    def __enter__(self) -> View: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def on_event(self, event: SourceEvent) -> None: ...

    def on_delta(self, delta: TextDelta) -> None: ...

    def on_report(self, report: TickReport) -> None: ...


class PlainView:
    """Sentences and troubles as lines, for pipes, logs and people who want no screen."""

    def __init__(self, state: ScreenState, console: Console, measure: Measure) -> None:
        self._state, self._console, self._measure = state, console, measure

    def __enter__(self) -> PlainView:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._state.measure(*self._measure())

    def on_event(self, event: SourceEvent) -> None:
        self._state.note(event)
        if event.kind is not EventKind.OPENED:
            line = sentence_line(event.t_ns, f"[{event.kind}] {event.detail}", None, [])
            self._console.print(line, soft_wrap=True)

    def on_delta(self, delta: TextDelta) -> None:
        self._state.hear(delta)

    def on_report(self, report: TickReport) -> None:
        self._state.update(report)
        self._state.measure(*self._measure())
        for said in report.sentences:
            names = list(self._state.rows)
            self._console.print(sentence_line(said.t_ns, said.text, said.camera, names), soft_wrap=True)


class LiveView:
    """The live screen: redrawn after each tick and, not too often, as words are written."""

    def __init__(self, state: ScreenState, console: Console, measure: Measure) -> None:
        self._state, self._console, self._measure = state, console, measure
        self._live = Live(console=console, auto_refresh=False, vertical_overflow="crop")
        self._drawn_ns = 0
        self._thumbnails: Thumbnails | None = None
        self._pictured_ns = 0

    def __enter__(self) -> LiveView:
        self._live.__enter__()
        self._draw()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._state.measure(*self._measure())
        self._draw()
        self._live.__exit__(kind, error, trace)

    def on_event(self, event: SourceEvent) -> None:
        self._state.note(event)

    def on_delta(self, delta: TextDelta) -> None:
        self._state.hear(delta)
        self._draw_if_due()

    def on_report(self, report: TickReport) -> None:
        self._state.update(report)
        self._state.measure(*self._measure())
        self._draw_if_due()

    def _draw_if_due(self) -> None:
        if perf_ns() - self._drawn_ns >= MIN_REDRAW_NS:
            self._draw()

    def _draw(self) -> None:
        self._drawn_ns = perf_ns()
        room = self._console.height - LINES_BESIDE_SENTENCES - len(self._state.rows)
        size = self._thumbnail_size(room - LINES_BESIDE_PICTURES - MIN_SENTENCES)
        self._thumbnails = None if size is None else self._take_pictures(size)
        room -= 0 if size is None else size.rows + LINES_BESIDE_PICTURES
        num_sentences = max(MIN_SENTENCES, min(NUM_SENTENCES, room))
        screen = render(self._state, self._console.width, num_sentences, self._thumbnails)
        self._live.update(screen, refresh=True)

    def _thumbnail_size(self, num_rows: int) -> ThumbnailSize | None:
        is_able = self._console.color_system in PICTURE_COLOURS and self._console.height >= MIN_HEIGHT
        if not (is_able and self._state.has_pictures):
            return None
        return fit_thumbnails(len(self._state.cameras), self._console.width, num_rows)

    def _take_pictures(self, size: ThumbnailSize) -> Thumbnails:
        """The last ones, unless it is time for new ones or the terminal has another size now."""
        interval_ns = LATE_REDRAW_PICTURES_NS if self._state.is_late else MIN_REDRAW_PICTURES_NS
        is_due = perf_ns() - self._pictured_ns >= interval_ns
        if self._thumbnails is not None and self._thumbnails.size == size and not is_due:
            return self._thumbnails
        self._pictured_ns = perf_ns()
        return draw_thumbnails(self._state, size)


def make_view(state: ScreenState, console: Console, measure: Measure, *, is_plain: bool) -> View:
    """The live screen where there is a terminal to draw it on and nobody asked for plain lines."""
    kind = PlainView if is_plain or not console.is_terminal or console.is_dumb_terminal else LiveView
    return kind(state, console, measure)
