"""How one thing looks, to find it again where it overlaps others: robust matching of a few hundred points."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ...streams.media import VIEW_HEIGHT, VIEW_WIDTH
from .classical_background import Floats, Sight
from .classical_blobs import Blob

_NUM_INSIDE, _NUM_OUTSIDE = 120, 60
_UNLIKE = 70.0  # distance in RGB from which colours are simply different
_OUT_OF_VIEW = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """Points in and around a thing, relative to its middle, with their colours."""

    inside: NDArray[np.int64]  # [N, 2] x, y
    colours: Floats  # [N, 3]
    outside: NDArray[np.int64]  # [M, 2]
    mean: Floats  # [3]
    mask: NDArray[np.uint8]  # [h, w]
    corner: tuple[float, float]  # of the mask, relative to the middle
    area: int
    is_whole: bool

    def locate(
        self, colour: Floats, at: tuple[float, float], reach: int, most: float
    ) -> tuple[float, float] | None:
        """The middle (x, y) near `at` where the picture [H, W, 3] fits best, or None where it costs more than `most`."""
        middle = np.array([round(at[0]), round(at[1])])
        coarse = middle + _steps(reach, 2)
        best = coarse[int(np.argmin(self._cost(colour, coarse, at)[0]))]
        places = best + _steps(1, 1)
        total, hidden = self._cost(colour, places, at)
        if hidden[int(np.argmin(total))] > most:
            return None
        near = np.exp(-(total - total.min()) / 0.015)
        found = (near[:, None] * places).sum(0) / near.sum()
        return float(found[0]), float(found[1])

    def _cost(
        self, colour: Floats, places: NDArray[np.int64], at: tuple[float, float]
    ) -> tuple[NDArray[np.float64], Floats]:
        """What speaks against each place [K], and the part of it that is the thing's own points being otherwise."""
        hidden = self._unlike(colour, places, self.inside, self.colours)
        alike = 1 - self._unlike(colour, places, self.outside, self.mean[None])
        return hidden + 0.35 * alike + 0.0015 * ((places - np.array(at)) ** 2).sum(1), hidden

    def stamp(self, canvas: NDArray[np.uint8], at: tuple[float, float]) -> None:
        """Mark where the thing is, a little larger than it is."""
        x, y = round(at[0] + self.corner[0]), round(at[1] + self.corner[1])
        height, width = self.mask.shape
        x0, y0, x1, y1 = max(x, 0), max(y, 0), min(x + width, VIEW_WIDTH), min(y + height, VIEW_HEIGHT)
        if x0 < x1 and y0 < y1:
            canvas[y0:y1, x0:x1] |= self.mask[y0 - y : y1 - y, x0 - x : x1 - x]

    def _unlike(
        self, colour: Floats, places: NDArray[np.int64], points: NDArray[np.int64], wanted: Floats
    ) -> Floats:
        """Mean difference 0..1 for each place [K]; points out of the view cost a little."""
        if not len(points):
            return np.zeros(len(places), np.float32)
        x, y = places[:, None, 0] + points[None, :, 0], places[:, None, 1] + points[None, :, 1]
        known = (x >= 0) & (x < VIEW_WIDTH) & (y >= 0) & (y < VIEW_HEIGHT)
        seen = colour[np.clip(y, 0, VIEW_HEIGHT - 1), np.clip(x, 0, VIEW_WIDTH - 1)]
        difference = ((seen - wanted[None]) ** 2).sum(-1) * np.float32(1 / _UNLIKE**2)
        cost = np.where(known, np.minimum(difference, 1), np.float32(_OUT_OF_VIEW))
        return np.asarray(cost.mean(1), np.float32)


def _steps(reach: int, stride: int) -> NDArray[np.int64]:
    """Offsets (x, y) [K, 2] of a square grid."""
    steps = np.arange(-reach, reach + 1, stride)
    return np.stack(np.meshgrid(steps, steps), -1).reshape(-1, 2)


def template_of(blob: Blob, sight: Sight, middle: tuple[float, float]) -> Template:
    """Learn a blob's looks; the middle is that of the whole thing, in pixels of the view."""
    pad = 4
    own = np.pad(blob.mask.astype(np.uint8), pad)
    ring = cv2.dilate(own, np.ones((7, 7), np.uint8)) - cv2.dilate(own, np.ones((3, 3), np.uint8))
    core = cv2.erode(own, np.ones((2, 2), np.uint8)) if blob.area > 60 else own
    corner = np.array([blob.x0 - pad, blob.y0 - pad])
    centre = np.array([round(middle[0]), round(middle[1])])
    inside = _some(core, _NUM_INSIDE) + corner
    colours = sight.colour[inside[:, 1].clip(0, VIEW_HEIGHT - 1), inside[:, 0].clip(0, VIEW_WIDTH - 1)]
    return Template(
        inside=inside - centre,
        colours=colours,
        outside=_some(ring, _NUM_OUTSIDE) + corner - centre,
        mean=blob.colour,
        mask=np.asarray(cv2.dilate(own, np.ones((5, 5), np.uint8)), np.uint8),
        corner=(float(corner[0] - middle[0]), float(corner[1] - middle[1])),
        area=blob.area,
        is_whole=not blob.cut,
    )


def _some(mask: NDArray[np.generic], most: int) -> NDArray[np.int64]:
    """Evenly chosen points (x, y) of a mask."""
    y, x = np.nonzero(mask)
    points = np.stack([x, y], 1)
    return np.asarray(
        points if len(points) <= most else points[np.linspace(0, len(points) - 1, most).astype(int)]
    )
