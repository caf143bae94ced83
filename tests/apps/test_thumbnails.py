from __future__ import annotations

import io

import numpy as np
import pytest
from rich.color import Color
from rich.console import Console
from rich.segment import Segment

from millrace.apps.thumbnails import Thumbnails, ThumbnailSize, fit_thumbnails, shrink

RED, BLUE = (248, 0, 0), (0, 0, 248)


def lines_of(thumbnails: Thumbnails) -> list[list[Segment]]:
    console = Console(file=io.StringIO(), width=80, color_system="truecolor", force_terminal=True)
    return console.render_lines(thumbnails, pad=False)


def colours_of(segment: Segment) -> tuple[Color | None, Color | None]:
    assert segment.style is not None
    return segment.style.color, segment.style.bgcolor


@pytest.mark.parametrize(
    ("num_cameras", "width", "num_rows", "size"),
    [
        (4, 80, 11, ThumbnailSize(19, 6)),
        (4, 163, 20, ThumbnailSize(40, 12)),
        (4, 400, 20, ThumbnailSize(40, 12)),
        (1, 80, 20, ThumbnailSize(40, 12)),
        (1, 80, 5, ThumbnailSize(16, 5)),
        (4, 40, 20, None),
        (1, 80, 2, None),
        (0, 80, 20, None),
    ],
)
def test_pictures_are_as_large_as_there_is_room(
    num_cameras: int, width: int, num_rows: int, size: ThumbnailSize | None
) -> None:
    assert fit_thumbnails(num_cameras, width, num_rows) == size


@pytest.mark.parametrize("num_cameras", range(1, 8))
def test_pictures_side_by_side_keep_within_80_columns(num_cameras: int) -> None:
    size = fit_thumbnails(num_cameras, 80, 20)
    assert size is not None
    picture = shrink(None, size)
    for line in lines_of(Thumbnails([picture] * num_cameras)):
        assert Segment.get_line_length(line) <= 80


def test_the_upper_pixel_is_the_foreground_and_the_lower_one_the_background() -> None:
    picture = np.array([[RED] * 10, [BLUE] * 10] * 3, np.uint8)
    lines = lines_of(Thumbnails([picture]))
    assert len(lines) == 3
    for line in lines:
        assert [segment.text for segment in line] == ["▀" * 10]  # equal neighbours are one run
        assert colours_of(line[0]) == (Color.from_rgb(*RED), Color.from_rgb(*BLUE))


def test_pixels_stand_where_they_are_in_the_frame() -> None:
    frame = np.zeros((96, 160, 3), np.uint8)
    frame[:, 80:] = RED
    small = shrink(frame, ThumbnailSize(20, 6))
    assert small.shape == (12, 20, 3)
    (line, *_) = lines_of(Thumbnails([small, small]))
    assert [len(segment.text) for segment in line] == [10, 10, 1, 10, 10]
    assert colours_of(line[1])[0] == Color.from_rgb(*RED)


def test_a_frame_of_any_size_is_shrunk_to_its_mean() -> None:
    frame = np.zeros((480, 640, 3), np.uint8)
    frame[::2] = 240
    assert (shrink(frame, ThumbnailSize(19, 6)) == 120).all()
