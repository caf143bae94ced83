"""Files that Chromium plays as its camera (`--use-file-for-fake-video-capture`)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from millrace.apps.worlds.shots import Format, shots
from millrace.apps.worlds.video import write_clip
from millrace.streams.world.world import World

WIDTH, HEIGHT = 320, 192
WORLD = Format(640, 384, 10)


def write_shades(path: Path, shades: Iterable[int], fps: int) -> Path:
    """A picture of one grey for each shade; the browser plays it in a loop."""
    return _write(path, (np.full((HEIGHT, WIDTH, 3), shade, np.uint8) for shade in shades), fps)


def write_world(path: Path, world: World) -> Path:
    """The first camera of a rendered world."""
    return _write(path, (shot.pixels for shot in shots(world, 0, WORLD)), WORLD.fps)


def write_video(path: Path) -> Path:
    """A short H.264 file of the same kind of pictures."""
    pictures = [
        np.full((HEIGHT, WIDTH, 3), shade, np.uint8) for shade in (40, 90, 140, 190) for _ in range(10)
    ]
    write_clip(path, pictures, (WIDTH, HEIGHT), None, 10, 200_000)
    return path


def as_camera(path: Path) -> str:
    """The flag for it."""
    return f"--use-file-for-fake-video-capture={path}"


def _write(path: Path, pictures: Iterable[NDArray[np.uint8]], fps: int) -> Path:
    """As YUV4MPEG2, each picture RGB [H, W, 3]."""
    with path.open("wb") as file:
        for number, picture in enumerate(pictures):
            if number == 0:
                height, width = picture.shape[:2]
                file.write(f"YUV4MPEG2 W{width} H{height} F{fps}:1 Ip A1:1 C420\n".encode())
            file.write(b"FRAME\n" + cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420).tobytes())
    return path
