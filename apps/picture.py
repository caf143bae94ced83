"""Saves the screen as an SVG picture, for a README or a report."""

from __future__ import annotations

import io
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.segment import Segment, Segments
from rich.terminal_theme import TerminalTheme

from ..errors import ConfigError
from .screen import draw_thumbnails, render
from .screen_state import ScreenState
from .thumbnails import HALF_BLOCK, MAX_COLUMNS, fit_thumbnails

_BLUES = [(88, 166, 255), (188, 140, 255), (57, 197, 207), (177, 186, 196)]  # blue, magenta, cyan, white
_LIGHT_BLUES = [(121, 192, 255), (210, 168, 255), (86, 212, 221), (240, 246, 252)]
NIGHT = TerminalTheme(
    background=(13, 17, 23),
    foreground=(230, 237, 243),
    normal=[(72, 79, 88), (255, 123, 114), (63, 185, 80), (210, 153, 34), *_BLUES],
    bright=[(110, 118, 129), (255, 161, 152), (86, 211, 100), (227, 179, 65), *_LIGHT_BLUES],
)
# How rich lays out an SVG, in its units: half a character is a square.
PIXEL_SIZE = 12.2
TOP = 1.5
FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"


def save_picture(state: ScreenState, path: Path, title: str, width: int = 92) -> None:
    """Writes what the screen shows at this moment; raises ConfigError where the file cannot be written."""
    try:
        path.write_text(screen_svg(state, title, width), encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"{path}: the picture cannot be written ({error.strerror}); name another place"
        ) from None


def screen_svg(state: ScreenState, title: str, width: int = 92) -> str:
    """The screen as an SVG document that asks nothing of any other host."""
    console = Console(
        record=True, file=io.StringIO(), width=width, force_terminal=True, color_system="truecolor"
    )
    size = fit_thumbnails(len(state.cameras), width, MAX_COLUMNS) if state.has_pictures else None
    thumbnails = None if size is None else draw_thumbnails(state, size)
    lines = console.render_lines(render(state, width, thumbnails=thumbnails), pad=False)
    pixels = [pixel for row, line in enumerate(lines) for pixel in _pixels(line, row)]
    text = [part for line in lines for part in (*_without_pixels(line), Segment.line())]
    console.print(Segments(text), end="")
    svg = console.export_svg(title=title, theme=NIGHT, unique_id="millrace")
    svg = svg.replace('<g class="millrace-matrix">', _pixel_paths(pixels) + '<g class="millrace-matrix">', 1)
    # rich points to fonts on a host of others; a picture in a repository has to stand alone.
    svg = re.sub(r"@font-face\s*\{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font-family: [^;]*;", f"font-family: {FONTS};", svg)
    # Some viewers would strip the spaces that a line begins with.
    return svg.replace("<svg ", '<svg xml:space="preserve" ', 1)


@dataclass(frozen=True, slots=True)
class Pixel:
    """Equal pixels side by side, two to a line of text."""

    x: int
    y: int
    width: int
    colour: str  # `#rrggbb`


def _pixels(line: Sequence[Segment], row: int) -> Iterator[Pixel]:
    """What half blocks show. As characters they would not touch: the lines of an SVG stand further apart."""
    x = 0
    for segment in line:
        if _is_pixels(segment):
            assert segment.style is not None
            for y, colour in enumerate((segment.style.color, segment.style.bgcolor), start=2 * row):
                if colour is not None:
                    yield Pixel(x, y, segment.cell_length, colour.get_truecolor(NIGHT).hex)
        x += segment.cell_length


def _without_pixels(line: Sequence[Segment]) -> list[Segment]:
    return [Segment(" " * part.cell_length) if _is_pixels(part) else part for part in line]


def _is_pixels(segment: Segment) -> bool:
    return segment.text.startswith(HALF_BLOCK) and segment.style is not None


def _pixel_paths(pixels: Sequence[Pixel]) -> str:
    """One path for each colour, in a group where a pixel is 1 by 1."""
    by_colour = defaultdict[str, list[str]](list)
    for pixel in pixels:
        by_colour[pixel.colour].append(f"M{pixel.x} {pixel.y}h{pixel.width}v1h-{pixel.width}z")
    paths = "".join(f'<path fill="{colour}" d="{"".join(parts)}"/>' for colour, parts in by_colour.items())
    place = f'transform="translate(0 {TOP}) scale({PIXEL_SIZE})" shape-rendering="crispEdges"'
    return f"<g {place}>{paths}</g>" if paths else ""
