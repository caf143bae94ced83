"""Pieces of the foreground: what hangs together, how it is cut off, and whether it is only where something was."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ...streams.media import VIEW_HEIGHT, VIEW_WIDTH
from .classical_background import Floats, Mask, Sight

MIN_AREA = 10
_BORDER = 1  # pixels from the edge of the view within which a blob is cut off by it


@dataclass(frozen=True, slots=True, eq=False)
class Blob:
    """One piece: its box in pixels of the view (the last row and column are outside) and its own pixels."""

    x0: int
    y0: int
    x1: int
    y1: int
    mask: Mask  # [y1 - y0, x1 - x0]
    area: int
    colour: Floats  # [3] median

    @property
    def cut(self) -> frozenset[str]:
        """The sides of the view that cut it off."""
        sides = {
            "left": self.x0 <= _BORDER,
            "right": self.x1 >= VIEW_WIDTH - _BORDER,
            "top": self.y0 <= _BORDER,
            "bottom": self.y1 >= VIEW_HEIGHT - _BORDER,
        }
        return frozenset(side for side, is_cut in sides.items() if is_cut)

    @property
    def box(self) -> tuple[slice, slice]:
        return slice(self.y0, self.y1), slice(self.x0, self.x1)

    @property
    def middle(self) -> tuple[float, float]:
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2

    @property
    def centre(self) -> tuple[float, float]:
        """Its centre of mass (x, y)."""
        y, x = np.nonzero(self.mask)
        return float(x.mean()) + self.x0 + 0.5, float(y.mean()) + self.y0 + 0.5


def blobs_of(mask: Mask, colour: Floats) -> list[Blob]:
    """All pieces of at least MIN_AREA pixels."""
    number, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    found = []
    for label in range(1, number):
        x, y, w, h, area = (int(v) for v in stats[label])
        if area >= MIN_AREA:
            own = labels[y : y + h, x : x + w] == label
            found.append(blob_at(x, y, own, colour))
    return found


def blob_at(x: int, y: int, own: Mask, colour: Floats) -> Blob:
    """The blob of these pixels [h, w], its corner at (x, y)."""
    height, width = own.shape
    inside = colour[y : y + height, x : x + width][own]
    middle = np.median(inside, axis=0).astype(np.float32)
    return Blob(x, y, x + width, y + height, own, int(own.sum()), middle)


def joined(first: Blob, second: Blob, colour: Floats) -> Blob:
    """Two pieces as one."""
    x, y = min(first.x0, second.x0), min(first.y0, second.y0)
    own = np.zeros((max(first.y1, second.y1) - y, max(first.x1, second.x1) - x), bool)
    for blob in (first, second):
        own[blob.y0 - y : blob.y1 - y, blob.x0 - x : blob.x1 - x] |= blob.mask
    return blob_at(x, y, own, colour)


def is_ghost(blob: Blob, sight: Sight) -> bool:
    """Whether the outline is an edge of the background and not of the picture: something was there and has gone."""
    y0, y1 = max(blob.y0 - 3, 0), min(blob.y1 + 3, VIEW_HEIGHT)
    x0, x1 = max(blob.x0 - 3, 0), min(blob.x1 + 3, VIEW_WIDTH)
    own = np.zeros((y1 - y0, x1 - x0), np.uint8)
    own[blob.y0 - y0 : blob.y1 - y0, blob.x0 - x0 : blob.x1 - x0] = blob.mask
    inner, outer = cv2.erode(own, _CROSS) > 0, cv2.dilate(own, np.ones((5, 5), np.uint8)) > 0
    rim_in, rim_out = (own > 0) & ~inner, outer & (own == 0)
    rim_out &= sight.distance[y0:y1, x0:x1] < 1
    if not rim_in.any() or not rim_out.any():
        return False

    def step(picture: NDArray[np.float32]) -> float:
        crop = picture[y0:y1, x0:x1]
        return float(np.abs(np.median(crop[rim_in], 0) - np.median(crop[rim_out], 0)).max())

    return step(sight.room) > 2.0 * step(sight.colour) + 4


_CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)
