"""The frames of one rendered camera as a file shows them, and the truth that goes with each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ...streams.world.stage import NATIVE
from ...streams.world.world import World

NS_PER_S = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Format:
    """How a camera becomes a file."""

    width: int  # pixels of the video
    height: int
    fps: int

    @property
    def size(self) -> tuple[int, int]:
        return self.width, self.height


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """One frame of the video."""

    number: int  # from 0
    t_ns: int
    pixels: NDArray[np.uint8]  # [height, width, 3] RGB
    identities: NDArray[np.uint8]  # [height, width]: as in `stage.Picture`


def num_frames(duration_s: float, fps: int) -> int:
    """How many frames a video of that length has."""
    return round(duration_s * fps)


def shots(world: World, camera: int, form: Format) -> Iterator[Shot]:
    """All frames of a camera (from 0) in order: rendered in its own resolution, then scaled."""
    for number in range(num_frames(world.duration_s, form.fps)):
        t_ns = number * NS_PER_S // form.fps
        picture = world.picture(camera, t_ns, NATIVE)
        shrinks = form.width < NATIVE.width
        pixels = _scaled(picture.pixels, form, cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
        yield Shot(number, t_ns, pixels, _scaled(picture.identities, form, cv2.INTER_NEAREST_EXACT))


def _scaled(image: NDArray[np.uint8], form: Format, interpolation: int) -> NDArray[np.uint8]:
    if image.shape[:2] == (form.height, form.width):
        return image
    return np.asarray(cv2.resize(image, form.size, interpolation=interpolation), np.uint8)
