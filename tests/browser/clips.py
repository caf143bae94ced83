"""Files that Chromium plays as its camera (`--use-file-for-fake-video-capture`)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

WIDTH, HEIGHT = 320, 192


def write_clip(path: Path, shades: Iterable[int], fps: int) -> Path:
    """A picture of one grey for each shade, as YUV4MPEG2; the browser plays it in a loop."""
    colour = np.full(WIDTH * HEIGHT // 2, 128, np.uint8).tobytes()
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{fps}:1 Ip A1:1 C420\n".encode())
        for shade in shades:
            file.write(b"FRAME\n" + np.full(WIDTH * HEIGHT, shade, np.uint8).tobytes() + colour)
    return path


def as_camera(path: Path) -> str:
    """The flag for it."""
    return f"--use-file-for-fake-video-capture={path}"
