"""Saves the screen as an SVG picture, for a README or a report."""

from __future__ import annotations

import io
import re
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme

from ..errors import ConfigError
from .screen import render
from .screen_state import ScreenState

_BLUES = [(88, 166, 255), (188, 140, 255), (57, 197, 207), (177, 186, 196)]  # blue, magenta, cyan, white
_LIGHT_BLUES = [(121, 192, 255), (210, 168, 255), (86, 212, 221), (240, 246, 252)]
NIGHT = TerminalTheme(
    background=(13, 17, 23),
    foreground=(230, 237, 243),
    normal=[(72, 79, 88), (255, 123, 114), (63, 185, 80), (210, 153, 34), *_BLUES],
    bright=[(110, 118, 129), (255, 161, 152), (86, 211, 100), (227, 179, 65), *_LIGHT_BLUES],
)
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
    console.print(render(state, width))
    svg = console.export_svg(title=title, theme=NIGHT, unique_id="millrace")
    # rich points to fonts on a host of others; a picture in a repository has to stand alone.
    svg = re.sub(r"@font-face\s*\{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font-family: [^;]*;", f"font-family: {FONTS};", svg)
    # Some viewers would strip the spaces that a line begins with.
    return svg.replace("<svg ", '<svg xml:space="preserve" ', 1)
