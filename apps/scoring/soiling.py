"""A clip once more with dirt on its pictures, as a worse camera, lens, light or line would have sent it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from ...errors import ConfigError
from ...streams.media import VIEW_WIDTH

Picture = NDArray[np.uint8]  # [H, W, 3]
_FINE_BITS = 12e6  # a second, where the codec is not the dirt
_SWING_S = 4.0
_FREEZE_EACH_S = 8.0
_TIME_BASE = Fraction(1, 90_000)


@dataclass(frozen=True, slots=True)
class Soil:
    """One dirt in one amount; `clean` writes the pictures as they are."""

    name: str
    amount: float
    unit: str

    def __str__(self) -> str:
        return f"{self.name} {self.amount:g} {self.unit}" if self.unit else self.name


CLEAN = Soil("clean", 0.0, "")
SOILS = (
    *(Soil("H.264", kbits, "kbit/s") for kbits in (300.0, 100.0)),
    *(Soil("noise", deviation, "grey values") for deviation in (16.0, 32.0)),
    *(Soil("blur", deviation, "px of the view") for deviation in (1.0, 2.0)),
    *(Soil("light", share, "of what it was") for share in (0.5, 0.25)),
    *(Soil("light swings by", share, "in 4 s") for share in (0.3, 0.6)),
    *(Soil("shake", deviation, "px of the view") for deviation in (0.5, 2.0)),
    *(Soil("frozen", seconds, "s in 8 s") for seconds in (0.5, 2.0)),
)


def soil_clip(clip: Path, soil: Soil, out: Path) -> None:
    """Write `clip` with that dirt on every picture, at the same times and with the same sound. The same every time.

    Raises ConfigError where the clip cannot be read.
    """
    try:
        with av.open(str(clip)) as source, av.open(str(out), "w") as target:
            _copy(source, target, soil)
    except (OSError, IndexError, av.FFmpegError) as error:
        raise ConfigError(f"clip {clip}: {error}; give a video that can be played") from None


def _copy(source: av.container.InputContainer, target: av.container.OutputContainer, soil: Soil) -> None:
    video = source.streams.video[0]
    out = target.add_stream("libx264", rate=video.average_rate or 30, options={"preset": "veryfast"})
    out.width, out.height, out.pix_fmt = video.width // 2 * 2, video.height // 2 * 2, "yuv420p"
    out.bit_rate = int(soil.amount * 1000 if soil.name == "H.264" else _FINE_BITS)
    out.time_base = out.codec_context.time_base = _TIME_BASE
    sounds = source.streams.audio[:1]
    copies = {sound.index: target.add_stream_from_template(sound) for sound in sounds}
    dirty = _WAYS.get(soil.name)
    rng = np.random.default_rng(0)
    shown: Picture | None = None
    for packet in source.demux(video, *sounds):
        if packet.stream.index in copies:
            if packet.dts is not None:
                packet.stream = copies[packet.stream.index]
                target.mux(packet)
            continue
        for frame in packet.decode():
            assert isinstance(frame, av.VideoFrame)
            picture = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)[: out.height, : out.width]
            if soil.name != "frozen" or shown is None or frame.time % _FREEZE_EACH_S >= soil.amount:
                shown = picture if dirty is None else dirty(picture, soil.amount, frame.time, rng)
            written = av.VideoFrame.from_ndarray(np.ascontiguousarray(shown), format="rgb24")
            written.pts, written.time_base = round(frame.time / _TIME_BASE), _TIME_BASE
            target.mux(out.encode(written))
    target.mux(out.encode(None))


def _noise(picture: Picture, amount: float, t_s: float, rng: np.random.Generator) -> Picture:
    """Each pixel for itself: what a sensor adds in the dark."""
    return _as_picture(picture + np.float32(amount) * rng.standard_normal(picture.shape, np.float32))


def _blur(picture: Picture, amount: float, t_s: float, rng: np.random.Generator) -> Picture:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), amount * picture.shape[1] / VIEW_WIDTH), np.uint8)


def _darken(picture: Picture, amount: float, t_s: float, rng: np.random.Generator) -> Picture:
    return _as_picture(picture * np.float32(amount))


def _swing(picture: Picture, amount: float, t_s: float, rng: np.random.Generator) -> Picture:
    return _as_picture(picture * np.float32(1 + amount * np.sin(2 * np.pi * t_s / _SWING_S)))


def _shake(picture: Picture, amount: float, t_s: float, rng: np.random.Generator) -> Picture:
    """The whole picture somewhere else at every frame; its border is stretched."""
    height, width = picture.shape[:2]
    x, y = rng.normal(0, amount * width / VIEW_WIDTH, 2)
    moved = cv2.warpAffine(
        picture, np.array([[1, 0, x], [0, 1, y]]), (width, height), borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(moved, np.uint8)


def _as_picture(picture: NDArray[np.float32]) -> Picture:
    return np.asarray(np.clip(picture, 0, 255), np.uint8)


_WAYS: dict[str, Callable[[Picture, float, float, np.random.Generator], Picture]] = {
    "noise": _noise,
    "blur": _blur,
    "light": _darken,
    "light swings by": _swing,
    "shake": _shake,
}
