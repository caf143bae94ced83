"""A camera's picture in its own pixels: kept as it came, and converted only where the fovea looks."""

from __future__ import annotations

import threading
from functools import lru_cache

import av
import cv2
import numpy as np
from av.video.plane import VideoPlane
from av.video.reformatter import Interpolation, VideoReformatter
from numpy.typing import NDArray

from .media import MIN_NATIVE_ZOOM, VIEW_HEIGHT, VIEW_WIDTH

Pixels = NDArray[np.uint8]
Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels of the picture as it is stored

_ALIGNMENT = 2  # pixels; colour planes of 4:2:0 have half as many
_REPLACEMENT = "gbrp"  # for formats out of which no part can be copied


class ArrayNative:
    """A picture that is an array already, RGB or (`is_bgr`) BGR, [H, W, 3]."""

    def __init__(self, pixels: Pixels, *, is_bgr: bool = False) -> None:
        self._pixels, self._is_bgr = pixels, is_bgr

    @property
    def max_zoom(self) -> float:
        return zoom_of(self._pixels.shape[1], self._pixels.shape[0])

    def crop(self, x: float, y: float, zoom: float) -> Pixels:
        """See `NativePicture.crop`."""
        left, top, right, bottom = box_of(self._pixels.shape[1], self._pixels.shape[0], x, y, zoom)
        part = self._pixels[top:bottom, left:right]
        small = cv2.resize(part, (VIEW_WIDTH, VIEW_HEIGHT), interpolation=cv2.INTER_AREA)
        return np.ascontiguousarray(small[:, :, ::-1] if self._is_bgr else small).astype(np.uint8, copy=False)


def native_of(pixels: Pixels, *, is_bgr: bool = False, copy: bool = False) -> ArrayNative | None:
    """An array [H, W, 3] as a native picture, or None where it has hardly more pixels than the view."""
    if zoom_of(pixels.shape[1], pixels.shape[0]) < MIN_NATIVE_ZOOM:
        return None
    return ArrayNative(pixels.copy() if copy else pixels, is_bgr=is_bgr)


class DecodedNative:
    """A decoded frame of FFmpeg. A crop copies its part of the planes and scales that alone."""

    def __init__(self, frame: av.VideoFrame, cropper: Cropper) -> None:
        self._frame, self._cropper = frame, cropper
        self._num_turns = round(frame.rotation / 90) % 4

    @property
    def max_zoom(self) -> float:
        width, height = self._frame.width, self._frame.height
        return zoom_of(height, width) if self._num_turns % 2 else zoom_of(width, height)

    def crop(self, x: float, y: float, zoom: float) -> Pixels:
        """See `NativePicture.crop`."""
        width, height = self._frame.width, self._frame.height
        is_lying = self._num_turns % 2 == 1
        upright = box_of(height, width, x, y, zoom) if is_lying else box_of(width, height, x, y, zoom)
        stored = _turned_back(upright, width, height, self._num_turns)
        pixels = self._cropper.crop(self._frame, stored, is_lying=is_lying)
        return np.ascontiguousarray(np.rot90(pixels, self._num_turns)) if self._num_turns else pixels


class Cropper:
    """Scales parts of the frames of one stream; one instance a stream keeps the scaler's tables. Thread-safe."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()
        self._lock = threading.Lock()

    def native(self, frame: av.VideoFrame) -> DecodedNative | None:
        """The frame in its own pixels, or None where it has hardly more than the view."""
        native = DecodedNative(frame, self)
        return native if native.max_zoom >= MIN_NATIVE_ZOOM else None

    def crop(self, frame: av.VideoFrame, box: Box, *, is_lying: bool) -> Pixels:
        """A box of a frame as it is stored, scaled to the view, or to the view lying on its side."""
        with self._lock:
            small = self._reformatter.reformat(
                _cut_out(frame, box),
                width=VIEW_HEIGHT if is_lying else VIEW_WIDTH,
                height=VIEW_WIDTH if is_lying else VIEW_HEIGHT,
                format="rgb24",
                interpolation=Interpolation.AREA,
                threads=1,
            )
            pixels: Pixels = small.to_ndarray().astype(np.uint8, copy=False)
        return pixels


def zoom_of(width: int, height: int) -> float:
    """How many times finer than the view a picture is, the lesser of both ways."""
    return min(width / VIEW_WIDTH, height / VIEW_HEIGHT)


def box_of(width: int, height: int, x: float, y: float, zoom: float) -> Box:
    """The pixels of a picture, width by height, that a window of the view covers: even, and inside the picture."""
    left, right = _span(width, x / VIEW_WIDTH, 1 / zoom)
    top, bottom = _span(height, y / VIEW_HEIGHT, 1 / zoom)
    return left, top, right, bottom


def _span(length: int, start: float, share: float) -> tuple[int, int]:
    num = max(_ALIGNMENT, min(round(length * share / _ALIGNMENT) * _ALIGNMENT, length))
    first = round(length * start / _ALIGNMENT) * _ALIGNMENT
    first = max(0, min(first, (length - num) // _ALIGNMENT * _ALIGNMENT))
    return first, min(first + num, length)


def _turned_back(box: Box, width: int, height: int, num_turns: int) -> Box:
    """A box of the upright picture in the stored one (width x height), which turns to the left set upright."""
    left, top, right, bottom = box
    return (
        box,
        (width - bottom, left, width - top, right),
        (width - right, height - bottom, width - left, height - top),
        (top, height - right, bottom, height - left),
    )[num_turns]


def _cut_out(frame: av.VideoFrame, box: Box) -> av.VideoFrame:
    steps = bytes_per_pixel(frame.format.name)
    if steps is None:
        # Rare: slower, and right.
        frame, steps = frame.reformat(format=_REPLACEMENT), (1, 1, 1)
    left, top, right, bottom = box
    part = av.VideoFrame(right - left, bottom - top, frame.format.name)
    for source, target, step in zip(frame.planes, part.planes, steps, strict=True):
        x, y = left * source.width // frame.width * step, top * source.height // frame.height
        rows, into = _rows(source), _rows(target)
        into[: target.height, : target.width * step] = rows[
            y : y + target.height, x : x + target.width * step
        ]
    part.colorspace, part.color_range = frame.colorspace, frame.color_range
    return part


def _rows(plane: VideoPlane) -> NDArray[np.uint8]:
    return np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)  # type: ignore[call-overload, no-any-return]


@lru_cache(maxsize=64)
def bytes_per_pixel(format_name: str) -> tuple[int, ...] | None:
    """For each plane of a pixel format; None where pixels share bytes, as in packed 4:2:2 or with a palette."""
    known = av.VideoFormat(format_name, 16, 16)
    if known.has_palette or known.is_bit_stream:
        return None
    steps = []
    for plane in sorted({component.plane for component in known.components}):
        parts = [component for component in known.components if component.plane == plane]
        bits = parts[0].bits
        is_plain = bits == 8 or (len(parts) == 1 and 8 < bits <= 16)
        if not is_plain or len({(part.bits, part.width) for part in parts}) > 1:
            return None
        steps.append(len(parts) * (1 if bits == 8 else 2))
    return tuple(steps)
