"""FFmpeg's WHIP client as a program of its own, for it blocks its process: `main` takes a URL and options as JSON."""

from __future__ import annotations

import json
import select
import sys
from fractions import Fraction

import av
import numpy as np

from millrace.streams.clock import monotonic_ns

FPS, RATE_HZ, CHUNK = 15, 48_000, 640


def main():
    """Send until the standard input ends."""
    url, options = sys.argv[1], json.loads(sys.argv[2])
    with av.open(url, "w", format="whip", options=options) as container:
        video = container.add_stream(
            "libx264", rate=FPS, options={"tune": "zerolatency", "profile": "baseline"}
        )
        video.width, video.height, video.pix_fmt = 320, 180, "yuv420p"
        video.codec_context.gop_size = FPS
        audio = container.add_stream("libopus", rate=RATE_HZ, layout="stereo")
        began_ns, number, wait_s = monotonic_ns(), 0, 0.0
        while not select.select([sys.stdin], [], [], wait_s)[0]:
            picture = np.full((180, 320, 3), number * 4 % 256, np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(video.encode(frame))
            for place in range(number * RATE_HZ // FPS, (number + 1) * RATE_HZ // FPS, CHUNK):
                container.mux(audio.encode(_tone(place)))
            number += 1
            wait_s = max(0, began_ns + number * 1_000_000_000 // FPS - monotonic_ns()) / 1e9


def _tone(place):
    wave = (8_000 * np.sin(2 * np.pi * 1_000 * (place + np.arange(CHUNK)) / RATE_HZ)).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(np.repeat(wave, 2)[None], format="s16", layout="stereo")
    frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, place, Fraction(1, RATE_HZ)
    return frame
