"""The picture of what the agent sees: its cameras in a grid, what it read of them, what it says, what it costs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from ...perception.blocks import Glimpse
from ...streams.media import VIEW_HEIGHT, VIEW_WIDTH, NativePicture, VideoFrame

Picture = NDArray[np.uint8]

WIDTH, HEIGHT = 640, 432
_GRID_HEIGHT = 384  # the rest is the strip below
_PATCH = 16  # pixels of the view
_COLUMNS, _ROWS = VIEW_WIDTH // _PATCH, VIEW_HEIGHT // _PATCH
_NIGHT, _FRAME, _WHITE, _GREY = (13, 17, 23), (48, 54, 61), (230, 237, 243), (139, 148, 158)
_AMBER, _RED = (255, 176, 59), (255, 123, 114)
_STAGES = [(88, 166, 255), (63, 185, 80), (188, 140, 255), (210, 153, 34), (57, 197, 207), (177, 186, 196)]
_KEPT_SHARE, _THING_SHARE = 0.38, 0.22  # of the heat over the picture
_JPEG = (cv2.IMWRITE_JPEG_QUALITY, 85)
_FONT = cv2.FONT_HERSHEY_SIMPLEX


@dataclass(frozen=True, slots=True, eq=False)
class Tile:
    """One camera."""

    label: str
    frame: VideoFrame | None = None
    glimpse: Glimpse | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Board:
    """All that is drawn, gathered on the event loop; `draw` may then run in any thread."""

    tiles: Sequence[Tile]
    caption: str = ""
    costs_ms: Mapping[str, float] = field(default_factory=dict)
    latency_ms: float = 0.0
    budget_ms: float = 200.0


def draw(board: Board) -> Picture:
    """RGB uint8 [HEIGHT, WIDTH, 3]."""
    canvas = np.full((HEIGHT, WIDTH, 3), _NIGHT, np.uint8)
    for (left, top, width, height), tile in zip(_places(len(board.tiles)), board.tiles, strict=True):
        canvas[top : top + height, left : left + width] = _draw_tile(tile, width, height)
    _draw_strip(canvas, board)
    return canvas


def to_planes(picture: Picture) -> Picture:
    """RGB [H, W, 3] as planes of 4:2:0, uint8 [H * 3 / 2, W]: what an encoder takes."""
    return np.ascontiguousarray(cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420)).astype(np.uint8, copy=False)


def to_jpeg(frame: VideoFrame) -> bytes:
    """A camera's picture alone, twice the view where it has so many pixels."""
    _, coded = cv2.imencode(".jpg", cv2.cvtColor(_finest(frame), cv2.COLOR_RGB2BGR), _JPEG)
    return coded.tobytes()


def _places(num: int) -> Sequence[tuple[int, int, int, int]]:
    columns = math.ceil(math.sqrt(max(1, num)))
    width = WIDTH // columns // 2 * 2
    height = width * VIEW_HEIGHT // VIEW_WIDTH
    rows = math.ceil(num / columns)
    above = max(0, _GRID_HEIGHT - rows * height) // 2
    return [(n % columns * width, above + n // columns * height, width, height) for n in range(num)]


def _draw_tile(tile: Tile, width: int, height: int) -> Picture:
    picture: Picture = np.full((height, width, 3), _FRAME, np.uint8)
    if tile.frame is None:
        _write(picture, f"{tile.label}: waiting", (10, height // 2), _GREY)
    else:
        large = cv2.resize(_finest(tile.frame), (width, height), interpolation=cv2.INTER_LINEAR)
        picture = large.astype(np.uint8, copy=False)
        if tile.glimpse is not None:
            picture = _heat(picture, tile.glimpse)
            _boxes(picture, tile.glimpse)
        _write(picture, tile.label, (8, 18), _WHITE)
    cv2.rectangle(picture, (0, 0), (width - 1, height - 1), _NIGHT, 1)
    return picture


def _finest(frame: VideoFrame) -> Picture:
    """Twice the view where the camera has so many pixels."""
    native: NativePicture | None = frame.native
    if native is None or native.max_zoom < 2:
        return frame.pixels
    halves = [np.hstack([native.crop(x, y, 2.0) for x in (0, VIEW_WIDTH / 2)]) for y in (0, VIEW_HEIGHT / 2)]
    return np.vstack(halves)


def _heat(picture: Picture, glimpse: Glimpse) -> Picture:
    share = np.clip(np.asarray(glimpse.things, np.float32) - 0.5, 0, 0.5) * 2 * _THING_SHARE
    share[list(glimpse.kept)] = _KEPT_SHARE
    size = (picture.shape[1], picture.shape[0])
    smooth = cv2.resize(share.reshape(_ROWS, _COLUMNS), size, interpolation=cv2.INTER_LINEAR)[..., None]
    warm = picture * (1 - smooth) + np.array(_AMBER, np.float32) * smooth
    return np.asarray(warm, np.uint8)


def _boxes(picture: Picture, glimpse: Glimpse) -> None:
    step_x, step_y = picture.shape[1] / _COLUMNS, picture.shape[0] / _ROWS
    for name, (left, top, right, bottom) in group(glimpse.kept, glimpse.names):
        corner = (round(left * step_x), round(top * step_y))
        cv2.rectangle(picture, corner, (round(right * step_x), round(bottom * step_y)), _AMBER, 1)
        _write(picture, name, (corner[0] + 3, max(12, corner[1] - 4)), _AMBER, 0.4)


def group(kept: Sequence[int], names: Sequence[str]) -> list[tuple[str, tuple[int, int, int, int]]]:
    """Neighbouring patches of one name as boxes: left, top, right, bottom in patches."""
    left_over = dict(zip(kept, names, strict=False))
    boxes = []
    while left_over:
        first, name = left_over.popitem()
        found, edge = [first], [first]
        while edge:
            patch = edge.pop()
            column = patch % _COLUMNS
            beside = [patch - _COLUMNS, patch + _COLUMNS]
            beside += [patch - 1] * (column > 0) + [patch + 1] * (column < _COLUMNS - 1)
            near = [other for other in beside if left_over.get(other) == name]
            for other in near:
                del left_over[other]
            found += near
            edge += near
        columns, rows = [patch % _COLUMNS for patch in found], [patch // _COLUMNS for patch in found]
        boxes.append((name, (min(columns), min(rows), max(columns) + 1, max(rows) + 1)))
    return boxes


def _draw_strip(canvas: Picture, board: Board) -> None:
    _write(canvas, board.caption[:86], (10, _GRID_HEIGHT + 19), _WHITE)
    left, top, bottom = 10, HEIGHT - 16, HEIGHT - 8
    width = WIDTH - 140
    cv2.rectangle(canvas, (left, top), (left + width, bottom), _FRAME, -1)
    at = float(left)
    for number, cost_ms in enumerate(board.costs_ms.values()):
        end = min(left + width, at + cost_ms / max(1.0, board.budget_ms) * width)
        cv2.rectangle(canvas, (round(at), top), (round(end), bottom), _STAGES[number % len(_STAGES)], -1)
        at = end
    colour = _RED if board.latency_ms > board.budget_ms else _GREY
    _write(
        canvas,
        f"{board.latency_ms:.0f} of {board.budget_ms:.0f} ms",
        (left + width + 10, bottom),
        colour,
        0.4,
    )


def _write(
    picture: Picture, text: str, at: tuple[int, int], colour: tuple[int, int, int], size: float = 0.48
) -> None:
    plain = text.encode("ascii", "replace").decode()
    cv2.putText(picture, plain, at, _FONT, size, _NIGHT, 3, cv2.LINE_AA)
    cv2.putText(picture, plain, at, _FONT, size, colour, 1, cv2.LINE_AA)
