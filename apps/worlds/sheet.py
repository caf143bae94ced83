"""The contact sheet of a world: its timeline, and a picture of every event with the sentence that tells of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TypeVar

import cv2
import numpy as np

from ...streams.world.events import WorldEvent, WorldEventKind
from ...streams.world.language import narrate
from ...streams.world.world import World
from .ink import DIM, EVENT_COLOURS, TEXT, Page, blank, dot, text_width, wrap, write
from .moment import HEIGHT, WIDTH, Moment, moment_of
from .shots import NS_PER_S
from .timeline import draw_timeline

_Item = TypeVar("_Item")
MAX_MOMENTS = 40
_COLUMNS, _GAP, _EDGE = 4, 18, 26
_LINE, _SIZE = 19, 15  # height of a line, and of its letters
_SHEET_WIDTH = 2 * _EDGE + _COLUMNS * WIDTH + (_COLUMNS - 1) * _GAP


def moments_of(world: World, limit: int = MAX_MOMENTS) -> list[Moment]:
    """The events that cameras saw, drawn, in order of time; of more than `limit` some, evenly spread."""
    seen = [event for event in world.events if event.camera is not None]
    return [moment_of(world, event) for event in spread(seen, limit)]


def spread(items: Sequence[_Item], limit: int) -> list[_Item]:
    """At most `limit` of them, from the first to the last, evenly spread."""
    return [items[round(n)] for n in np.linspace(0, len(items) - 1, min(limit, len(items)))]


def draw_sheet(world: World, moments: Sequence[Moment]) -> Page:
    """The whole sheet, RGB [H, W, 3]."""
    inner = _SHEET_WIDTH - 2 * _EDGE
    rows = [moments[start : start + _COLUMNS] for start in range(0, len(moments), _COLUMNS)]
    parts = [_heading(world, moments, inner), draw_timeline(world, inner), blank(_GAP, inner)]
    parts += [_row(row, inner) for row in rows]
    return cv2.copyMakeBorder(  # type: ignore[return-value]
        np.concatenate(parts), 14, 4, _EDGE, _EDGE, cv2.BORDER_CONSTANT, value=blank(1, 1)[0, 0].tolist()
    )


def facts_of(world: World) -> str:
    """A line of what the world is."""
    cameras = "1 camera" if world.num_cameras == 1 else f"{world.num_cameras} cameras"
    return f"seed {world.seed}, {cameras}, {world.duration_s:g} s"


def count_kinds(world: World) -> dict[WorldEventKind, int]:
    """How many events there are of each kind that there is, in an order that is always the same."""
    found = Counter(event.kind for event in world.events)
    return {kind: found[kind] for kind in WorldEventKind if found[kind]}


def time_of(event: WorldEvent) -> str:
    """When an event was, as a person writes it."""
    return time_at(event.t_ns)


def time_at(t_ns: int) -> str:
    """A time as a person writes it."""
    return f"{t_ns / NS_PER_S:.1f} s"


def _heading(world: World, moments: Sequence[Moment], width: int) -> Page:
    page = blank(76, width)
    x = write(page, world.scene, 0, 30, TEXT, 28, bold=True)
    write(page, facts_of(world), x + 16, 29, DIM, 17)
    x = 0
    for kind, number in count_kinds(world).items():
        dot(page, x + 5, 56, 4, EVENT_COLOURS[kind])
        x = write(page, f"{number} {kind.value}", x + 15, 61, DIM, _SIZE) + 18
    seen = sum(event.camera is not None for event in world.events)
    if seen > len(moments):
        text = f"{len(moments)} of {seen} pictured"
        write(page, text, width - text_width(text), 61, DIM)
    return page


def _row(moments: Sequence[Moment], width: int) -> Page:
    lines = [_sentence(moment.event) for moment in moments]
    page = blank(HEIGHT + 2 * _LINE + 10 + _LINE * (max(map(len, lines)) - 1) + _GAP, width)
    for number, (moment, sentence) in enumerate(zip(moments, lines, strict=True)):
        left = number * (WIDTH + _GAP)
        page[:HEIGHT, left : left + WIDTH] = moment.page
        _caption(page, moment.event, sentence, left)
    return page


def _caption(page: Page, event: WorldEvent, sentence: Sequence[str], left: int) -> None:
    y = HEIGHT + _LINE
    dot(page, left + 5, y - 5, 4, EVENT_COLOURS[event.kind])
    time = time_of(event)
    write(page, f"cam{(event.camera or 0) + 1}", left + 16, y, DIM)
    write(page, time, left + WIDTH - text_width(time), y, DIM)
    for number, line in enumerate(sentence, start=1):
        write(page, line, left, y + number * _LINE + 2, TEXT)


def _sentence(event: WorldEvent) -> list[str]:
    _, _, said = narrate(event).partition(": ")
    return wrap(said, WIDTH, _SIZE)
