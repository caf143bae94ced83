"""A video file with sound: H.264 and AAC, side by side."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from ...streams.media import SAMPLE_RATE_HZ

CONTAINERS = {".mp4": "mp4", ".mkv": "matroska", ".mov": "mov"}  # by the end of a file's name
_AUDIO_FRAME = 1024  # samples of one AAC frame


def write_clip(
    path: Path,
    frames: Iterable[NDArray[np.uint8]],
    size: tuple[int, int],
    samples: NDArray[np.float32] | None,
    fps: int,
    bit_rate: int,
    container_format: str = "mp4",
) -> None:
    """Mux frames [H, W, 3] of one size (W, H) as H.264, and mono samples at 16 kHz, if any, as AAC."""
    with av.open(str(path), "w", format=container_format) as container:
        video = container.add_stream("libx264", rate=fps, options={"preset": "veryfast"})
        video.width, video.height = size
        video.pix_fmt, video.bit_rate = "yuv420p", bit_rate
        sounds = _SoundTrack(container, samples) if samples is not None else None
        for number, pixels in enumerate(frames, start=1):
            container.mux(video.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            if sounds is not None:
                sounds.mux_until(number * SAMPLE_RATE_HZ // fps)
        container.mux(video.encode(None))
        if sounds is not None:
            sounds.finish()


class _SoundTrack:
    """Gives the sound frame by frame, so that both tracks lie side by side in the file."""

    def __init__(self, container: av.container.OutputContainer, samples: NDArray[np.float32]) -> None:
        self._container, self._samples, self._given = container, samples, 0
        self._stream = container.add_stream("aac", rate=SAMPLE_RATE_HZ, layout="mono")

    def mux_until(self, end: int) -> None:
        while self._given + _AUDIO_FRAME <= min(end, len(self._samples)):
            frame = _sound(self._samples[self._given : self._given + _AUDIO_FRAME], self._given)
            self._container.mux(self._stream.encode(frame))
            self._given += _AUDIO_FRAME

    def finish(self) -> None:
        self._container.mux(self._stream.encode(None))


def _sound(samples: NDArray[np.float32], start: int) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None]), format="fltp", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE_HZ, start, Fraction(1, SAMPLE_RATE_HZ)
    return frame
