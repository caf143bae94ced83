"""Colours and lettering of drawn pages: dark, RGB."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ...streams.world.events import WorldEventKind

Page = NDArray[np.uint8]  # [H, W, 3] RGB
Colour = tuple[int, int, int]

NIGHT: Colour = (13, 17, 23)
PANEL: Colour = (22, 27, 34)
LINE: Colour = (48, 54, 61)
DIM: Colour = (125, 133, 144)
TEXT: Colour = (230, 237, 243)
BLUE: Colour = (88, 166, 255)
EVENT_COLOURS: dict[WorldEventKind, Colour] = {
    WorldEventKind.ENTER: (63, 185, 80),
    WorldEventKind.LEAVE: (255, 123, 114),
    WorldEventKind.STOP: (227, 179, 65),
    WorldEventKind.GO: BLUE,
    WorldEventKind.COLLIDE: (188, 140, 255),
    WorldEventKind.COLOUR: (57, 197, 207),
    WorldEventKind.SOUND: TEXT,
}
THING_COLOURS: dict[str, Colour] = {
    "red": (224, 72, 66),
    "green": (70, 168, 84),
    "blue": (72, 120, 230),
    "yellow": (232, 200, 72),
    "purple": (160, 92, 214),
    "cyan": (70, 190, 208),
    "white": (226, 230, 234),
    "black": (62, 68, 76),
    "grey": (140, 146, 152),
    "orange": (236, 142, 58),
    "brown": (146, 100, 66),
}
_PIXELS_A_SCALE = 30.0  # size of letters at scale 1
_FONT = cv2.FONT_HERSHEY_SIMPLEX  # a clean outline font in OpenCV 5, and strokes in OpenCV 4


def blank(height: int, width: int, colour: Colour = NIGHT) -> Page:
    """An empty page."""
    return np.full((height, width, 3), colour, np.uint8)


def text_width(text: str, size: int = 15, bold: bool = False) -> int:
    """How many pixels a line takes."""
    (width, _), _ = cv2.getTextSize(text, _FONT, size / _PIXELS_A_SCALE, 1 + bold)
    return int(width)


def write(
    page: Page, text: str, x: int, y: int, colour: Colour = TEXT, size: int = 15, bold: bool = False
) -> int:
    """Write a line of ASCII with its left end at x and its baseline at y; returns where it ends."""
    cv2.putText(page, text, (x, y), _FONT, size / _PIXELS_A_SCALE, colour, 1 + bold, cv2.LINE_AA)
    return x + text_width(text, size, bold)


def wrap(text: str, width: int, size: int = 15) -> list[str]:
    """A sentence in lines that are no wider than `width` pixels, but for single words that are."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and text_width(longer, size) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def dot(page: Page, x: float, y: float, radius: float, colour: Colour) -> None:
    """A round dot, smooth at its edge, at a place between pixels."""
    cv2.circle(page, _fine(x, y), round(radius * 16), colour, -1, cv2.LINE_AA, 4)


def stroke(page: Page, points: NDArray[Any], colour: Colour, width: int = 1, is_closed: bool = False) -> None:
    """A smooth line through points [N, 2]."""
    fine = np.round(points * 16).astype(np.int32)
    cv2.polylines(page, [fine], is_closed, colour, width, cv2.LINE_AA, 4)


def bar(page: Page, left: int, top: int, right: int, bottom: int, colour: Colour) -> None:
    """A filled rectangle; right and bottom are outside of it."""
    page[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = colour


def shade(page: Page, left: int, top: int, right: int, bottom: int, keep: float = 0.3) -> None:
    """Darken a rectangle, so that letters on it can be read."""
    part = page[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    part[:] = (part * keep + np.array(NIGHT) * (1 - keep)).astype(np.uint8)


def _fine(x: float, y: float) -> tuple[int, int]:
    return round(x * 16), round(y * 16)
