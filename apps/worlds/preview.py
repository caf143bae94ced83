"""The essence of a contact sheet in a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
from rich.color import Color
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.style import Style
from rich.table import Table
from rich.text import Text

from ...streams.world.events import WorldEvent
from ...streams.world.language import narrate
from ...streams.world.speech import Utterance
from ...streams.world.world import World
from ..thumbnails import GAP, MIN_COLUMNS, Picture, Thumbnails, ThumbnailSize, fit_thumbnails, shrink
from .ink import EVENT_COLOURS
from .moment import WIDTH, Moment
from .sheet import count_kinds, facts_of, spread, time_at, time_of

PICTURE_COLOURS = ("256", "truecolor")
_MAX_PICTURES, _A_ROW = 9, 3
_MAX_LINES = 60  # of the log


class Preview:
    """A world for rich to print: a headline, pictures of some events where the terminal has colours, the log."""

    def __init__(self, world: World, moments: Sequence[Moment]) -> None:
        self._world, self._moments = world, moments

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield _headline(self._world)
        if console.color_system in PICTURE_COLOURS:
            yield from _pictures(self._moments, options.max_width)
        yield Text()
        yield _log(self._world)


def _headline(world: World) -> Text:
    counts = ", ".join(f"{number} {kind.value}" for kind, number in count_kinds(world).items())
    return Text.assemble((world.scene, "bold"), f"  {facts_of(world)}", (f"  {counts}", "dim"))


def _pictures(moments: Sequence[Moment], width: int) -> Iterator[RenderableType]:
    """Rows of thumbnails, each with the time and the camera above."""
    if width < MIN_COLUMNS:
        return
    a_row = min(_A_ROW, max(1, width // 26))
    chosen = spread(moments, _MAX_PICTURES)
    for start in range(0, len(chosen), a_row):
        row = chosen[start : start + a_row]
        size = fit_thumbnails(a_row, width, width)
        if size is not None:
            yield Text()
            yield Group(_captions(row, size), Thumbnails([_small(moment, size) for moment in row]))


def _small(moment: Moment, size: ThumbnailSize) -> Picture:
    """The frame with a plain box around the thing: an outline or letters would be lost at this size."""
    picture = shrink(moment.frame, size)
    left, top, right, bottom = (round(edge * size.columns / WIDTH) for edge in moment.box)
    cv2.rectangle(picture, (left - 1, top - 1), (right, bottom), EVENT_COLOURS[moment.event.kind], 1)
    return picture


def _captions(row: Sequence[Moment], size: ThumbnailSize) -> Table:
    line = Table.grid(padding=(0, GAP, 0, 0))
    for _ in row:
        line.add_column(width=size.columns, no_wrap=True, overflow="ellipsis")
    line.add_row(*(_told(moment.event) for moment in row))
    return line


def _log(world: World) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(justify="right", style="dim", no_wrap=True)
    table.add_column()
    lines = [(event.t_ns, Text(narrate(event), _style(event))) for event in world.events]
    lines += [(said.t_ns, _quoted(said)) for said in world.speech]
    lines.sort(key=lambda line: line[0])
    for t_ns, line in lines[:_MAX_LINES]:
        table.add_row(time_at(t_ns), line)
    if len(lines) > _MAX_LINES:
        table.add_row("", Text(f"and {len(lines) - _MAX_LINES} more, in the labels", "dim"))
    return table


def _quoted(said: Utterance) -> Text:
    """What somebody says, and what would be right to answer."""
    answer = "" if said.answer is None else f"  ({said.answer})"
    return Text.assemble((f'"{said.text}"', "italic"), (answer, "dim"))


def _told(event: WorldEvent) -> Text:
    _, _, said = narrate(event).partition(": ")
    return Text.assemble((f"{time_of(event)} ", "dim"), (said, _style(event)))


def _style(event: WorldEvent) -> Style:
    return Style(color=Color.from_rgb(*EVENT_COLOURS[event.kind]))
