"""Scales decoded pictures to the view that perception reads."""

from __future__ import annotations

from typing import Any

import av
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter
from numpy.typing import NDArray

from .media import VIEW_HEIGHT, VIEW_WIDTH


class ViewMaker:
    """Turns decoded frames of any size and pixel format into views, uint8 [VIEW_HEIGHT, VIEW_WIDTH, 3] RGB.

    The scaler goes straight from the decoder's planes to the view; one instance a stream keeps its tables.
    """

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def view(self, frame: av.VideoFrame) -> NDArray[np.uint8]:
        """The view of a frame, upright if the file says how the camera was held."""
        num_turns = round(frame.rotation / 90) % 4
        is_lying = num_turns % 2 == 1
        small = self._reformatter.reformat(
            frame,
            width=VIEW_HEIGHT if is_lying else VIEW_WIDTH,
            height=VIEW_WIDTH if is_lying else VIEW_HEIGHT,
            format="rgb24",
            interpolation=Interpolation.AREA,
            threads=1,
        )
        pixels: NDArray[Any] = small.to_ndarray()
        return np.ascontiguousarray(np.rot90(pixels, num_turns)) if num_turns else pixels
