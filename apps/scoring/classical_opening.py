"""What stands in the first picture: no background is known yet, so only what is far from the rest in colour."""

from __future__ import annotations

import cv2
import numpy as np

from .classical_background import Floats, Mask, Sight
from .classical_blobs import Blob, blobs_of

_COLOURFUL = 0.13  # distance of a pixel's chromaticity from the median, 0..1
_LIGHT = (0.36, 1.7)  # times the median: black and white things are beyond
_AREA = (20, 2400)  # pixels
_FILL = 0.2  # of its box: less is a streak of the room


def opening_things(sight: Sight) -> list[Blob]:
    """Colourful compact pieces of the first picture, as blobs."""
    return [b for b in blobs_of(_colourful(sight.colour), sight.colour) if _is_compact(b)]


def _colourful(colour: Floats) -> Mask:
    chroma = (colour + 6) / (colour.sum(2, keepdims=True) + 18)
    far = np.abs(chroma - np.median(chroma.reshape(-1, 3), axis=0)).max(2)
    light = colour.sum(2)
    light /= np.median(light)
    stands_out = (far > _COLOURFUL) | (light < _LIGHT[0]) | (light > _LIGHT[1])
    mask = cv2.morphologyEx(stands_out.astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    return np.asarray(mask > 0)


def _is_compact(blob: Blob) -> bool:
    width, height = blob.x1 - blob.x0, blob.y1 - blob.y0
    return (
        _AREA[0] <= blob.area <= _AREA[1]
        and blob.area > _FILL * width * height
        and max(width, height) < 4 * min(width, height)
    )
