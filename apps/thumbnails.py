"""Small pictures of what the cameras see, drawn with half blocks: two pixels a character, one above the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.color import Color
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.segment import Segment
from rich.style import Style

from ..streams.media import VIEW_HEIGHT, VIEW_WIDTH

HALF_BLOCK = "▀"
GAP = 1  # columns between two pictures
MIN_COLUMNS, MAX_COLUMNS = 10, 40  # of one picture
MIN_HEIGHT = 24  # of a terminal; in a lower one the sentences need the room
_EMPTY = (24, 28, 34)  # where no picture has come yet
_STEPS = np.uint8(0xF8)  # 32 steps of each colour: more neighbours are equal, and no eye sees it this small

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class ThumbnailSize:
    """The size of one picture on the screen, made by `fit_thumbnails`."""

    columns: int  # also its width in pixels
    rows: int  # of two pixels each


def fit_thumbnails(num_cameras: int, width: int, num_rows: int) -> ThumbnailSize | None:
    """The largest pictures, in the shape of the view, that stand side by side; None where there is no room.

    `width` is that of the terminal in columns, `num_rows` how many of its lines may be used.
    """
    if not num_cameras:
        return None
    side_by_side = (width - GAP * (num_cameras - 1)) // num_cameras
    columns = min(MAX_COLUMNS, side_by_side, num_rows * 2 * VIEW_WIDTH // VIEW_HEIGHT)
    if columns < MIN_COLUMNS:
        return None
    return ThumbnailSize(columns, max(1, round(columns * VIEW_HEIGHT / VIEW_WIDTH / 2)))


def shrink(pixels: Picture | None, size: ThumbnailSize) -> Picture:
    """The picture [H, W, 3] as a thumbnail [2 * rows, columns, 3]; a dark one where there is none."""
    if pixels is None:
        return np.full((2 * size.rows, size.columns, 3), _EMPTY, np.uint8)
    small = cv2.resize(pixels, (size.columns, 2 * size.rows), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8) & _STEPS


class Thumbnails:
    """A row of pictures of one size, for rich to print; the work is done once, when it is made."""

    def __init__(self, pictures: Sequence[Picture]) -> None:
        """Each picture is [2 * rows, columns, 3]; there is at least one."""
        height, width = pictures[0].shape[:2]
        self.size = ThumbnailSize(width, height // 2)
        self._width = (width + GAP) * len(pictures) - GAP
        self._lines = [list(_line(parts)) for parts in zip(*map(_halves, pictures), strict=True)]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in self._lines:
            yield from line
            yield Segment.line()

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(self._width, self._width)


def _halves(picture: Picture) -> NDArray[np.int64]:
    """Upper and lower pixel of each character as one number: [rows, columns]."""
    packed = picture.astype(np.int64) @ np.array([1 << 16, 1 << 8, 1])
    halves: NDArray[np.int64] = (packed[0::2] << 24) | packed[1::2]
    return halves


def _line(parts: Sequence[NDArray[np.int64]]) -> Iterator[Segment]:
    for number, cells in enumerate(parts):
        if number:
            yield Segment(" " * GAP)
        starts = [0, *(np.flatnonzero(np.diff(cells)) + 1).tolist()]
        lengths = np.diff([*starts, len(cells)]).tolist()
        for colours, length in zip(cells[starts].tolist(), lengths, strict=True):
            yield _run(colours, length)


@lru_cache(maxsize=4096)
def _run(colours: int, length: int) -> Segment:
    """Equal characters side by side. Kept, for a still camera shows the same ones again and again."""
    upper, lower = _colour(colours >> 24), _colour(colours & 0xFFFFFF)
    return Segment(HALF_BLOCK * length, Style(color=upper, bgcolor=lower))


def _colour(packed: int) -> Color:
    return Color.from_rgb(packed >> 16, packed >> 8 & 255, packed & 255)
