"""Is a camera still, and does it wake? Decided from small pictures and from packet sizes, without any I/O."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .clock import NS_PER_S

STILL_AFTER_NS = 3 * NS_PER_S  # so long must nothing change before decoding becomes sparse

_BLOCK = 8  # pixels of the view, a side
_STILL_LEVELS = 4.0  # of 255: the mean of a block may differ so much from the anchor's
_ALARM = 6.0
_TOLERATED_SURPRISE = 1.5


class Stillness:
    """Compares views with an anchor: still while no block's mean brightness has moved since the anchor."""

    def __init__(self) -> None:
        self._anchor: NDArray[np.float32] | None = None
        self._since_ns = 0
        self._seen_ns = 0

    def look(self, pixels: NDArray[np.uint8], t_ns: int) -> bool:
        """Take in a view [H, W, 3] at `t_ns`; True while it equals the anchor."""
        blocks = block_means(pixels)
        self._seen_ns = t_ns
        if self._anchor is not None and float(np.abs(blocks - self._anchor).max()) < _STILL_LEVELS:
            return True
        self._anchor = blocks
        self._since_ns = t_ns
        return False

    def disturb(self, t_ns: int) -> None:
        """Something other than the view tells of change: stillness counts from here."""
        self._since_ns = max(self._since_ns, t_ns)

    @property
    def is_still(self) -> bool:
        return self._anchor is not None and self._seen_ns - self._since_ns >= STILL_AFTER_NS


class Alarm:
    """Adds up surprise: one large packet rings it, and so does a row of slightly too large ones (CUSUM)."""

    def __init__(self) -> None:
        self._sum = 0.0

    def rings(self, surprise: float) -> bool:
        self._sum = max(0.0, self._sum + surprise - _TOLERATED_SURPRISE)
        return self._sum > _ALARM

    def reset(self) -> None:
        self._sum = 0.0


def block_means(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Mean brightness of each 8x8 block of a view [H, W, 3]; what fills no block is left out."""
    height, width = pixels.shape[0] // _BLOCK, pixels.shape[1] // _BLOCK
    whole = pixels[: height * _BLOCK, : width * _BLOCK]
    # Adding up bytes along the rows first keeps this near 50 microseconds.
    sums = whole.reshape(height, _BLOCK, width * _BLOCK * 3).sum(axis=1, dtype=np.uint16)
    blocks = sums.reshape(height, width, _BLOCK * 3).sum(axis=2, dtype=np.uint32)
    means: NDArray[np.float32] = (blocks / (_BLOCK * _BLOCK * 3)).astype(np.float32)
    return means
