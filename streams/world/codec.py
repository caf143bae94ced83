"""Real H.264 artefacts: pictures through x264 and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

import av
import numpy as np
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray


def h264_round_trip(
    pictures: Sequence[NDArray[np.uint8]], bit_rate: float, fps: float
) -> list[NDArray[np.uint8]]:
    """Encode [H, W, 3] pictures at `bit_rate` bits a second and decode them again, as many as went in."""
    encoder = av.CodecContext.create("libx264", "w")
    height, width = pictures[0].shape[:2]
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, 1000), Fraction(fps).limit_denominator(1000)
    encoder.bit_rate, encoder.thread_count = int(bit_rate), 1
    encoder.options = {"preset": "veryfast", "tune": "zerolatency"}
    decoder = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    packets = [
        p
        for n, picture in enumerate(pictures)
        for p in encoder.encode(_frame(picture, round(n * 1000 / fps)))
    ]
    packets += encoder.encode(None)
    frames = [frame for packet in packets for frame in decoder.decode(packet)] + decoder.decode(None)
    # One reformatter for all: each would set up its scaler anew, which costs more than the decoding.
    reformatter = VideoReformatter()
    rgb = (reformatter.reformat(frame, format="rgb24") for frame in frames)
    return [np.asarray(frame.to_ndarray(), np.uint8) for frame in rgb]


def write_video(
    path: str, pictures: Iterable[NDArray[np.uint8]], fps: int, bit_rate: float, preset: str = "veryfast"
) -> None:
    """Write [H, W, 3] pictures as an H.264 file."""
    with av.open(path, "w") as container:
        stream = None
        for picture in pictures:
            if stream is None:
                stream = container.add_stream("libx264", rate=fps, options={"preset": preset})
                stream.height, stream.width = picture.shape[:2]
                stream.pix_fmt, stream.bit_rate = "yuv420p", int(bit_rate)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        if stream is not None:
            container.mux(stream.encode(None))


def _frame(picture: NDArray[np.uint8], pts: int) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
    frame.pts, frame.time_base = pts, Fraction(1, 1000)
    return frame
