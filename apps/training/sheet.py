"""A narrated picture: moments of one world in a row, and under each what happened and what was said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from ...generation.embedding import NS_PER_TICK
from ...streams.world.language import narrate, read_statement
from ...streams.world.questions import REPLY
from ..scoring.matching import match
from ..scoring.replies import answers
from ..scoring.sitting import Line, Sitting
from .rehearsal import MODEL, Scene

Picture = NDArray[np.uint8]  # [H, W, 3], blue, green, red
Colour = tuple[int, int, int]

COLUMNS, CELLS = 4, 12
_LINE_PX, _MARGIN_PX, _LETTER_PX = 15, 8, 5.7
_SCALE = 0.38
_GROUND, _PLAIN, _DIM = (23, 17, 13), (243, 237, 230), (158, 148, 139)
_RIGHT, _WRONG, _MISSED = (80, 185, 63), (73, 81, 248), (65, 153, 210)


@dataclass(frozen=True, slots=True)
class _Text:
    tick: int
    text: str
    colour: Colour


def draw_sheet(scene: Scene, sitting: Sitting, title: str) -> Picture:
    """Events are white where they were told and orange where not; sentences green where right, else red."""
    num_ticks = len(scene.ticks)
    edges = [num_ticks * n // CELLS for n in range(CELLS + 1)]
    texts = sorted([*_happened(sitting), *_asked(sitting), *_said(sitting)], key=lambda text: text.tick)
    width = 160 * max(2, len(scene.names)) + 2 * _MARGIN_PX
    wrapped = [
        [part for text in texts if low < text.tick <= high for part in _wrapped(text, width)]
        for low, high in pairwise(edges)
    ]
    cells = []
    for n, lines in enumerate(wrapped):
        row = wrapped[n // COLUMNS * COLUMNS : (n // COLUMNS + 1) * COLUMNS]
        height = 96 + _LINE_PX * (2 + max(map(len, row))) + _MARGIN_PX
        # The moment shown is that of the first line under it.
        tick = min(lines[0].tick if lines else edges[n] + 1, num_ticks)
        cells.append(_cell(scene.pictures[tick - 1], tick, lines, (height, width)))
    rows = [np.hstack(cells[n : n + COLUMNS]) for n in range(0, CELLS, COLUMNS)]
    return np.vstack([_headline(title, scene, rows[0].shape[1]), *rows])


def _cell(pictures: Sequence[Picture], tick: int, lines: Sequence[_Text], size: tuple[int, int]) -> Picture:
    cell = _blank(*size)
    for camera, picture in enumerate(pictures):
        left = _MARGIN_PX + 160 * camera
        cell[:96, left : left + 158] = picture[:, :158, ::-1]
    top = 96 + _LINE_PX
    _write(cell, f"{tick * NS_PER_TICK / 1e9:.1f} s", top, _DIM)
    for n, line in enumerate(lines, start=1):
        _write(cell, line.text, top + n * _LINE_PX, line.colour)
    return cell


def _headline(title: str, scene: Scene, width: int) -> Picture:
    setting = scene.sheet.setting
    head = _blank(_LINE_PX + 2 * _MARGIN_PX, width)
    legend = "- happened   > said (green: right, red: wrong)   ? asked   orange: not told"
    _write(head, f"{title}   {scene.scene}, seed {setting.seed}   {legend}", _LINE_PX + 2, _PLAIN)
    return head


def _happened(sitting: Sitting) -> list[_Text]:
    lines = [line for line, _ in _statements(sitting)]
    hit = {b for _, b in _pairs(sitting)} if lines else set[int]()
    return [
        _Text(max(1, -(-event.t_ns // NS_PER_TICK)), f"- {narrate(event)}", _PLAIN if n in hit else _MISSED)
        for n, event in enumerate(sitting.events)
    ]


def _asked(sitting: Sitting) -> list[_Text]:
    sheet = sitting.sheet
    queries = [(q.asked.tick, f"? {q.text} ({q.asked.answer})") for q in sheet.queries]
    return [
        _Text(tick, text, _DIM) for tick, text in [*queries, *((o.tick, f"? {o.text}") for o in sheet.orders)]
    ]


def _said(sitting: Sitting) -> list[_Text]:
    hit = {a for a, _ in _pairs(sitting)}
    right = {id(line) for n, (line, _) in enumerate(_statements(sitting)) if n in hit}
    right |= {id(line) for line in _replies(sitting) if _is_right(sitting, line)}
    lines = sitting.transcripts[MODEL].lines
    return [_Text(line.tick, f"> {line.text}", _RIGHT if id(line) in right else _WRONG) for line in lines]


def _statements(sitting: Sitting) -> list[tuple[Line, object]]:
    read = [(line, read_statement(line.text, line.t_ns)) for line in sitting.transcripts[MODEL].lines]
    return [(line, statement) for line, statement in read if statement is not None]


def _pairs(sitting: Sitting) -> list[tuple[int, int]]:
    read = (read_statement(line.text, line.t_ns) for line in sitting.transcripts[MODEL].lines)
    return match([statement.event for statement in read if statement], sitting.events)


def _replies(sitting: Sitting) -> list[Line]:
    return [line for line in sitting.transcripts[MODEL].lines if line.text.startswith(REPLY)]


def _is_right(sitting: Sitting, line: Line) -> bool:
    given = [a for a in answers([sitting], MODEL) if a.query.asked.tick <= line.tick]
    return bool(given) and given[-1].is_right


def _wrapped(text: _Text, width: int) -> list[_Text]:
    """A text in lines that fit, the later ones set in."""
    room, lines = int((width - 2 * _MARGIN_PX) / _LETTER_PX), [""]
    for word in text.text.split():
        if len(lines[-1]) + 1 + len(word) > room:
            lines.append(" ")
        lines[-1] += f" {word}" if lines[-1] else word
    return [_Text(text.tick, line, text.colour) for line in lines]


def _blank(height: int, width: int) -> Picture:
    return np.full((height, width, 3), _GROUND, np.uint8)


def _write(picture: Picture, text: str, y: int, colour: Colour) -> None:
    cv2.putText(picture, text, (_MARGIN_PX, y), cv2.FONT_HERSHEY_SIMPLEX, _SCALE, colour, 1, cv2.LINE_AA)
