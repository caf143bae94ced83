"""A world over time at a glance: who is in view of which camera, what happens, and what is heard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ...streams.media import SAMPLE_RATE_HZ
from ...streams.world.events import HAND, Thing, WorldEvent, WorldEventKind
from ...streams.world.record import VISIBLE
from ...streams.world.world import World
from .ink import (
    DIM,
    EVENT_COLOURS,
    LINE,
    PANEL,
    TEXT,
    THING_COLOURS,
    Page,
    bar,
    blank,
    dot,
    text_width,
    write,
)
from .shots import NS_PER_S

_MARGIN = 46  # for the names of the lanes
_ROW, _BAR = 25, 5  # height of a life's row, and of the bar under its name
_SOUND = 52  # height of the waveform
_LOUD = 0.2  # a swing that fills the lane where nothing is louder
_AXIS = 22
_PAD = 6  # above and below what is in a lane
_LABEL = 12  # size of letters
_MAX_ROWS = 6  # of a lane; more lives at once share the last one
_LOOK_S = 0.2  # between two looks at who is in view
_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600)  # between two times of the axis


@dataclass(frozen=True, slots=True)
class Life:
    """One thing in one camera's view from when to when, in seconds."""

    identity: int
    thing: Thing
    start_s: float
    end_s: float


def draw_timeline(world: World, width: int) -> Page:
    """Lanes one under another: each camera with its lives and events, the sound, the time."""
    lanes = [_camera_lane(world, camera, width) for camera in range(world.num_cameras)]
    lanes += [_sound_lane(world, width), _axis(world, width)]
    gap = blank(3, width)
    return np.concatenate([part for lane in lanes for part in (lane, gap)][:-1])


def lives_of(world: World, camera: int, step_s: float) -> list[Life]:
    """When things can be seen, looked at every `step_s` seconds, in order of their beginning."""
    open_lives: dict[int, Life] = {}
    done: list[Life] = []
    for number in range(int(world.duration_s / step_s)):
        t_s = number * step_s
        now = {s.identity: s for s in world.sightings(camera, round(t_s * NS_PER_S)) if s.share >= VISIBLE}
        done += [open_lives.pop(identity) for identity in list(open_lives) if identity not in now]
        for identity, seen in now.items():
            if seen.thing.kind != HAND:
                start_s = open_lives[identity].start_s if identity in open_lives else t_s
                open_lives[identity] = Life(identity, seen.thing, start_s, t_s + step_s)
    return sorted([*done, *open_lives.values()], key=lambda life: (life.start_s, life.identity))


def rows_of(lives: Sequence[Life]) -> list[int]:
    """A row for each life, so that no two of a row overlap while there are rows enough."""
    ends: list[float] = []
    rows = []
    for life in lives:
        free = [row for row, end_s in enumerate(ends) if end_s <= life.start_s]
        row = free[0] if free else min(len(ends), _MAX_ROWS - 1)
        ends[row : row + 1] = [life.end_s]
        rows.append(row)
    return rows


def _camera_lane(world: World, camera: int, width: int) -> Page:
    lives = lives_of(world, camera, max(_LOOK_S, world.duration_s / width))
    rows = rows_of(lives)
    page = blank(2 * _PAD + _ROW * (1 + max(rows, default=0)), width, PANEL)
    write(page, f"cam{camera + 1}", 8, _PAD + _LABEL + 4, TEXT, _LABEL)
    ends = [0] * _MAX_ROWS
    for life, row in zip(lives, rows, strict=True):
        ends[row] = _draw_life(page, life, _PAD + row * _ROW, ends[row], world)
    places = {life.identity: row for life, row in zip(lives, rows, strict=True)}
    for event in world.events:
        if event.camera == camera:
            y = _PAD + places.get(event.identity or 0, 0) * _ROW + _ROW - 6
            _draw_event(page, event, _x(event.t_ns / NS_PER_S, world, width), y)
    return page


def _draw_life(page: Page, life: Life, top: int, free_from: int, world: World) -> int:
    """A bar in the thing's colour and, where there is room, its name above; returns up to where room is taken."""
    left, right = (round(_x(t_s, world, page.shape[1])) for t_s in (life.start_s, life.end_s))
    low = top + _ROW - 3
    bar(page, left, low - _BAR, max(right, left + 2), low, THING_COLOURS[life.thing.colour])
    text = str(life.thing)
    x = min(left, page.shape[1] - text_width(text, _LABEL) - 6)
    return write(page, text, x, top + _LABEL, TEXT, _LABEL) + 6 if x >= free_from else free_from


def _draw_event(page: Page, event: WorldEvent, x: float, y: float) -> None:
    dot(page, x, y, 5, PANEL)
    dot(page, x, y, 3.7, EVENT_COLOURS[event.kind])


def _sound_lane(world: World, width: int) -> Page:
    heard = [(event.t_ns, str(event.sound)) for event in world.events if event.sound]
    heard += [(said.t_ns, f'"{said.text}"') for said in world.speech]
    labels = list(_placed(sorted(heard), world, width))
    num_rows = 1 + max((row for _, _, row in labels), default=-1)
    page = blank(2 * _PAD + _SOUND + 15 * num_rows, width, PANEL)
    write(page, "mic", 8, _PAD + _SOUND // 2 + 4, TEXT, _LABEL)
    _draw_wave(page, world)
    for _, x, row in labels:
        page[_PAD : _PAD + _SOUND + 15 * row + 6, x] = EVENT_COLOURS[WorldEventKind.SOUND]
    for text, x, row in labels:
        write(page, text, x + 4, _PAD + _SOUND + 15 * row + 11, TEXT, _LABEL)
    if not heard:
        write(page, "no sound that is told", _MARGIN, _PAD + _SOUND + 11, DIM, _LABEL)
    return page


def _placed(heard: Sequence[tuple[int, str]], world: World, width: int) -> Iterator[tuple[str, int, int]]:
    """Names of sounds with x and a row, so that they do not cover each other; what has no room is left out."""
    ends = [0, 0, 0]
    for t_ns, text in heard:
        x = min(round(_x(t_ns / NS_PER_S, world, width)), width - text_width(text, _LABEL) - 8)
        row = next((row for row, end in enumerate(ends) if end < x), None)
        if row is not None:
            ends[row] = x + text_width(text, _LABEL) + 10
            yield text, x, row


def _draw_wave(page: Page, world: World) -> None:
    """The greatest swing of the sound in every column, quiet parts drawn up."""
    width = page.shape[1]
    columns = round(_x(world.duration_s, world, width)) - _MARGIN
    samples = np.abs(world.soundtrack.samples[: round(world.duration_s * SAMPLE_RATE_HZ)])
    parts = np.array_split(samples, columns)
    peaks = np.array([float(part.max()) if len(part) else 0.0 for part in parts])
    tall = (peaks / max(float(peaks.max(initial=0.0)), _LOUD)) ** 0.6 * (_SOUND / 2 - 1)
    middle = _PAD + _SOUND // 2
    for column, height in enumerate(tall):
        reach = max(round(float(height)), 0)
        page[middle - reach : middle + reach + 1, _MARGIN + column] = (72, 108, 150)


def _axis(world: World, width: int) -> Page:
    page = blank(_AXIS, width)
    step_s = next((s for s in _STEPS_S if world.duration_s / s <= 16), _STEPS_S[-1])
    for t_s in range(0, int(world.duration_s) + 1, step_s):
        x = round(_x(t_s, world, width))
        bar(page, x, 0, x + 1, 5, LINE)
        text = f"{t_s} s"
        write(page, text, min(x - 4, width - text_width(text, _LABEL) - 2), 18, DIM, _LABEL)
    return page


def _x(t_s: float, world: World, width: int) -> float:
    return _MARGIN + (width - _MARGIN - 10) * t_s / world.duration_s
