"""What does not move, learnt from the pictures themselves: a mean kept steady, lit alike, free of things.

The recipe is the textbook's (Piccardi, "Background subtraction techniques: a review", 2004): a selective running mean,
its picture moved by a global Lucas-Kanade step and scaled by the median ratio of the light, shadows told by equal ratios.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ...streams.media import VIEW_HEIGHT, VIEW_WIDTH

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

_MARGIN = 48  # pixels around the view that a swaying camera may uncover
_RATE = 0.08  # of learning, a tick
_FORGET = 0.05  # of what differs and yet is no thing
_LOW, _HIGH = (
    1.0,
    2.0,
)  # in units of the threshold: a blob is all above low that hangs together with some above high
_SHADOW = (0.5, 0.97)  # ratio to the background that a shadow has, alike in all channels
_NUM_STEPS = 3  # of the alignment


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """One picture against the background, in the light of the first picture."""

    sharp: Floats  # [H, W, 3] RGB
    colour: Floats  # [H, W, 3] the same, smoothed
    room: Floats  # [H, W, 3] the background there
    distance: Floats  # [H, W] from the background, in units of the threshold
    mask: Mask  # [H, W] where something is
    shift: Floats  # [2] of the view on the room, in pixels: room = view + shift


class Background:
    """One camera's background. `look` at a picture, then `learn` from it where the tracker sees no thing."""

    def __init__(self) -> None:
        self.shift = np.zeros(2, np.float32)
        self._room: Floats | None = None  # [H + 2 margin, W + 2 margin, 3]
        self._known: Mask = np.zeros((0, 0), bool)
        self._noise = 4.0
        self._num_ticks = 0
        self._last = np.zeros((VIEW_HEIGHT, VIEW_WIDTH), bool)

    def look(self, pixels: NDArray[np.uint8]) -> Sight:
        """Where a picture [H, W, 3] differs from what is known."""
        colour = cv2.GaussianBlur(pixels, (0, 0), 0.9).astype(np.float32)
        if self._room is None:
            self._begin(colour)
        self._align(colour)
        room = self._view()
        light = self._light(colour, room)
        colour, sharp = colour / light, pixels.astype(np.float32) / light
        self._num_ticks += 1
        channels = cv2.split(cv2.absdiff(colour, room))
        spread = cv2.max(cv2.max(channels[0], channels[1]), channels[2])
        quiet = spread[~self._last]
        if quiet.size > 1000:
            self._noise += 0.2 * (float(np.median(quiet)) - self._noise)
        distance = spread / (8.0 + 3.0 * self._noise + 0.35 * _edges(room))
        mask = self._things(colour, room, distance)
        self._last = cv2.dilate(mask, np.ones((5, 5), np.uint8)) > 0
        return Sight(sharp, colour, room, distance, mask > 0, self.shift.copy())

    def learn(self, sight: Sight, things: Mask) -> None:
        """Take a picture in, but not where `things` [H, W] are."""
        rate = np.where(sight.mask, np.float32(_FORGET), np.float32(max(_RATE, 0.6 / self._num_ticks)))
        rate[things] = 0
        self._blend(sight.colour, rate)

    def replace(self, sight: Sight, where: Mask) -> None:
        """Believe that the picture shows the bare room in a region [H, W]: what was there has gone."""
        self._blend(sight.colour, where.astype(np.float32))

    def paint_over(self, sight: Sight, where: Mask) -> Sight:
        """Guess the room behind a region from its border, and look again."""
        picture = np.clip(sight.room, 0, 255).astype(np.uint8)
        guess = cv2.inpaint(picture, where.astype(np.uint8), 3, cv2.INPAINT_TELEA).astype(np.float32)
        self._blend(guess, where.astype(np.float32))
        spread = np.abs(sight.colour - guess).max(2) / (8.0 + 3.0 * self._noise)
        return Sight(
            sight.sharp,
            sight.colour,
            guess,
            np.where(where, spread, sight.distance),
            sight.mask | where,
            sight.shift,
        )

    def _begin(self, colour: Floats) -> None:
        pad = ((_MARGIN, _MARGIN), (_MARGIN, _MARGIN), (0, 0))
        self._room = np.ascontiguousarray(np.pad(colour, pad, mode="edge"))
        self._known = np.zeros(self._room.shape[:2], bool)
        self._known[_MARGIN:-_MARGIN, _MARGIN:-_MARGIN] = True

    def _view(self) -> Floats:
        assert self._room is not None
        x, y = self.shift + _MARGIN
        centre = (float(x + (VIEW_WIDTH - 1) / 2), float(y + (VIEW_HEIGHT - 1) / 2))
        return np.asarray(cv2.getRectSubPix(self._room, (VIEW_WIDTH, VIEW_HEIGHT), centre), np.float32)

    def _light(self, colour: Floats, room: Floats) -> Floats:
        """The median ratio of a picture to the room [3], where nothing was last time."""
        still = ~self._last[::2, ::2]
        if still.sum() < 300:
            still = np.ones_like(still)
        now, then = colour[::2, ::2][still], room[::2, ::2][still]
        ratio = np.median((now + 8) / (then + 8), axis=0)
        return np.asarray(np.clip(ratio, 0.3, 3.0), np.float32)

    def _align(self, colour: Floats) -> None:
        """Move the view so that it fits the room: robust Gauss-Newton steps at half the resolution."""
        start, still = self.shift.copy(), ~self._last[::2, ::2]
        now, first = _half(colour), 0.0
        for step in range(_NUM_STEPS + 1):
            room = _half(self._view())
            error = now / (cv2.mean(now)[0] / cv2.mean(room)[0]) - room
            error -= float(np.median(error[still])) if still.any() else 0.0
            cost = float(np.minimum(np.abs(error), 20)[still].mean()) if still.any() else 0.0
            if step == _NUM_STEPS:
                break
            first = first if step else cost
            move = self._step(error, room, still)
            if step == 0 and np.abs(move).max() < 0.15:
                return
            self.shift = np.clip(self.shift + move, 2 - _MARGIN, _MARGIN - 2).astype(np.float32)
        if cost > 0.97 * first:
            self.shift = start

    def _step(self, error: Floats, room: Floats, still: Mask) -> Floats:
        """How far the view should move [2]; a room without texture holds it where it is."""
        slopes = [cv2.Sobel(room, cv2.CV_32F, x, y, scale=0.125) for x, y in ((1, 0), (0, 1))]
        dx, dy = (s.ravel() for s in slopes)
        weight = (still / (1 + (error / (4 + 2 * self._noise)) ** 2)).ravel().astype(np.float32)
        stiff = 200.0 * (1 + self._noise)
        a, b, c = float(weight * dx @ dx) + stiff, float(weight * dx @ dy), float(weight * dy @ dy) + stiff
        u, v = float(weight * dx @ error.ravel()), float(weight * dy @ error.ravel())
        move = np.array([c * u - b * v, a * v - b * u]) * 2 / (a * c - b * b)
        return np.clip(move, -4, 4).astype(np.float32)

    def _things(self, colour: Floats, room: Floats, distance: Floats) -> NDArray[np.uint8]:
        low = (distance > _LOW) & ~_is_shadow(colour, room)
        mask = cv2.morphologyEx(low.astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
        mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
        number, labels = cv2.connectedComponents(mask)
        strong = np.bincount(labels[distance > _HIGH], minlength=number)
        keep = strong >= 4
        keep[0] = False
        return np.asarray(keep[labels], np.uint8)

    def _blend(self, colour: Floats, rate: Floats) -> None:
        assert self._room is not None
        whole = np.round(self.shift).astype(int)
        rest = self.shift - whole
        if np.abs(rest).max() > 0.02:
            matrix = np.array([[1, 0, rest[0]], [0, 1, rest[1]]], np.float32)
            size = (VIEW_WIDTH, VIEW_HEIGHT)
            colour = np.asarray(
                cv2.warpAffine(colour, matrix, size, borderMode=cv2.BORDER_REPLICATE), np.float32
            )
            rate = np.asarray(cv2.warpAffine(rate, matrix, size, flags=cv2.INTER_NEAREST), np.float32)
        x, y = whole + _MARGIN
        part = np.s_[y : y + VIEW_HEIGHT, x : x + VIEW_WIDTH]
        rate = np.where(self._known[part], rate, np.float32(1))
        self._known[part] = True
        self._room[part] += rate[..., None] * (colour - self._room[part])


def _half(colour: Floats) -> Floats:
    grey = cv2.resize(
        cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA
    )
    return np.asarray(cv2.GaussianBlur(grey, (3, 3), 0), np.float32)


def _edges(room: Floats) -> Floats:
    grey = cv2.cvtColor(room, cv2.COLOR_RGB2GRAY)
    dx, dy = cv2.Sobel(grey, cv2.CV_32F, 1, 0, scale=0.125), cv2.Sobel(grey, cv2.CV_32F, 0, 1, scale=0.125)
    return np.asarray(cv2.blur(np.abs(dx) + np.abs(dy), (3, 3)), np.float32)


def _is_shadow(colour: Floats, room: Floats) -> Mask:
    channels = cv2.split((colour + 4) / (room + 4))
    low = cv2.min(cv2.min(channels[0], channels[1]), channels[2])
    high = cv2.max(cv2.max(channels[0], channels[1]), channels[2])
    return np.asarray((low > _SHADOW[0]) & (high < _SHADOW[1]) & (high - low < 0.08))
