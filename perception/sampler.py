"""Adaptive frame sampling: a still camera is looked at rarely, a busy one at every tick."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ..streams.media import VideoFrame

STILL, NO_BUDGET = "still", "no budget"


@dataclass(frozen=True, slots=True)
class SamplerConfig:
    """When a frame is worth reading; levels are grey values of 8 x 8 pixel means."""

    key_look_ns: int = 2_000_000_000  # a forced look at least this often
    calm_hint: float = 0.05  # a packet-size novelty below this needs no look at the pixels
    min_change: float = 3.0
    noise_factor: float = 6.0  # a change must stand out of the picture's own noise this many times
    sure_change: float = 12.0


class FrameSampler:
    """Decides for one camera whether a frame is read. What it compares with is the last frame that *was* read."""

    def __init__(self, config: SamplerConfig | None = None) -> None:
        self.config = config or SamplerConfig()
        self._read_thumb: NDArray[np.float32] | None = None
        self._read_ns = 0
        self._settling = False

    def wants(self, frame: VideoFrame) -> bool:
        """True when the frame should be read; the sampler then takes it as read.

        One more look follows the last change: only that look shows that something has come to rest.
        """
        changed = self._has_changed(frame)
        due = self._read_thumb is None or frame.t_ns - self._read_ns >= self.config.key_look_ns
        if not (changed or due or self._settling):
            return False
        self._settling = changed
        self._read_thumb, self._read_ns = _thumbnail(frame.pixels), frame.t_ns
        return True

    def _has_changed(self, frame: VideoFrame) -> bool:
        if self._read_thumb is None:
            return True
        if frame.change is not None and frame.change < self.config.calm_hint:
            return False
        difference = _thumbnail(frame.pixels) - self._read_thumb
        # The median is the light's own swing, the median deviation its noise: neither is news.
        difference = np.abs(difference - np.median(difference))
        noise = 1.4826 * float(np.median(difference))
        most = float(difference.max())
        return most > self.config.sure_change or most > max(
            self.config.min_change, self.config.noise_factor * noise
        )


def _thumbnail(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(grey, (20, 12), interpolation=cv2.INTER_AREA), np.float32)
