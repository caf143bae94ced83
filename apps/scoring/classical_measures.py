"""Plain measures, from which things are named: of an outline, of a colour in the light of the room, of the room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ...streams.media import VIEW_HEIGHT, VIEW_WIDTH
from .classical_background import Floats, Mask, Sight
from .classical_blobs import Blob

VIEWS = ("whole", "across", "along")  # not cut off; by the left or right border; by the upper or lower
_HARMONICS = (2, 3, 4, 5, 6)
_PLAIN = [
    0,
    6,
    15,
    18,
    19,
]  # of the measures of an outline: fill, height to width, side, lower edge, spread of colour
_SMALL = 22  # pixels: what is smaller is measured in the picture before it was smoothed
_LARGE = 120  # pixels of area
_SIDE = 48  # pixels to which a small blob is enlarged before it is measured


def view_of(blob: Blob) -> str:
    """A thing that is cut off has another outline, so it has another rule."""
    if not blob.cut:
        return VIEWS[0]
    return VIEWS[1] if blob.cut & {"left", "right"} else VIEWS[2]


def room_features(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Measures of a whole picture [H, W, 3]: its edges, its colours, and what changes from top to bottom [12]."""
    colour = cv2.GaussianBlur(picture, (0, 0), 0.9).astype(np.float32)
    grey = cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY)
    light = max(float(grey.mean()), 8.0)
    across, along = (cv2.Sobel(grey, cv2.CV_32F, x, y, scale=0.125) for x, y in ((1, 0), (0, 1)))
    edges = np.hypot(across, along) / light
    chroma = ((colour + 6) / (colour.sum(2, keepdims=True) + 18)).reshape(-1, 3)
    rows = grey.mean(1) / light
    dark, bright = np.percentile(grey, [5, 95])
    third = VIEW_HEIGHT // 3
    return np.array(
        [
            np.log(edges.mean() + 0.002),
            *np.log(np.percentile(edges, [50, 75, 90, 97]) + 0.002),
            chroma.std(0).mean() * 20,
            np.abs(chroma.mean(0) - 1 / 3).max() * 10,
            rows.std() * 4,
            np.log(bright / (dark + 4)),
            (np.abs(along).mean() - np.abs(across).mean()) / light * 50,
            rows[:third].mean() - rows[-third:].mean(),
            np.abs(np.diff(rows)).max() * 5,
        ],
        float,
    )


def shape_features(blob: Blob, sight: Sight) -> NDArray[np.float64]:
    """Measures of a blob's outline, and products of the plainest of them [37]: a rule may then be a curve."""
    measures = _outline(blob, sight)
    plain = measures[_PLAIN]
    return np.concatenate([measures, np.outer(plain, plain)[np.triu_indices(len(_PLAIN))]])


def _outline(blob: Blob, sight: Sight) -> NDArray[np.float64]:
    alpha = _alpha(blob, sight)
    found, tree = cv2.findContours((alpha > 0.5).astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    if not found:
        return np.zeros(22)
    areas = [cv2.contourArea(c) * (1 if node[3] < 0 else -1) for c, node in zip(found, tree[0], strict=True)]
    outer = found[int(np.argmax(areas))]
    area = max(areas) + 1.0
    holes = -sum(a for a in areas if a < 0) / area
    height, width = blob.y1 - blob.y0, blob.x1 - blob.x0
    x, y, box_width, box_height = cv2.boundingRect(outer)
    hull = cv2.contourArea(cv2.convexHull(outer)) + 1.0
    circle = np.pi * cv2.minEnclosingCircle(outer)[1] ** 2 + 1.0
    turned = cv2.minAreaRect(outer)[1]
    moments = cv2.moments(outer)
    hu = cv2.HuMoments(moments).ravel()
    mass = max(moments["m00"], 1.0)
    lean = (moments["m10"] / mass - x) / box_width - 0.5, (moments["m01"] / mass - y) / box_height - 0.5
    return np.array(
        [
            area / (box_width * box_height),
            area / hull,
            holes,
            4 * np.pi * area / (cv2.arcLength(outer, True) ** 2 + 1.0),
            area / circle,
            area / (turned[0] * turned[1] + 1.0),
            np.log(height / width),
            abs(np.log(height / width)),
            *_harmonics(outer, moments),
            np.log(hu[0] + 1e-6),
            np.log(hu[1] + 1e-5),
            np.log(width * height) / 2,
            abs(lean[0]),
            lean[1],
            blob.y1 / VIEW_HEIGHT,
            np.log(4 + sight.colour[blob.box][blob.mask].std(0).mean()),
            *_middle_and_corners(alpha),
        ]
    )


def _middle_and_corners(alpha: Floats) -> tuple[float, float]:
    """How full the middle of the box and its corners are: a small ring has no hole that a contour could find."""
    height, width = alpha.shape
    third, fifth = (height // 3, width // 3), (max(height // 5, 1), max(width // 5, 1))
    middle = alpha[third[0] : height - third[0], third[1] : width - third[1]]
    rows, columns = np.r_[: fifth[0], height - fifth[0] : height], np.r_[: fifth[1], width - fifth[1] : width]
    return float(middle.mean()), float(alpha[np.ix_(rows, columns)].mean())


def colour_features(blob: Blob, sight: Sight) -> NDArray[np.float64]:
    """Measures of a blob's colour against the room's light; of what stands upright, that of its upper half."""
    core = _core(blob, sight)
    height, width = blob.mask.shape
    if height > 1.5 * width:
        upper = core.copy()
        upper[: height // 6] = False
        upper[height // 2 :] = False
        core = upper if upper.sum() >= 6 else core
    middle = np.median(sight.sharp[blob.box][core], axis=0).astype(np.float64)
    light = max(float(sight.room[::4, ::4].mean()), 10.0)
    chroma = (middle + 10) / (middle.sum() + 30) - 1 / 3
    bright = float(middle.mean())
    lab = _lab(middle / max(bright, 40.0) * 110)
    return np.array(
        [
            *(6 * chroma),
            np.log(bright + 8),
            np.log((bright + 8) / light),
            np.log(light),
            *(lab / 40),
            float(np.abs(chroma).max() * 6),
            float(np.hypot(lab[0], lab[1]) / 40),
            bright / 100,
            (bright - light) / 100,
            np.log((float(middle.max()) + 8) / light),
            np.log((float(middle.min()) + 8) / light),
        ]
    )


def _core(blob: Blob, sight: Sight) -> Mask:
    """The pixels of a blob that are not mixed with the room: those within, of what is small the ones farthest from it."""
    if blob.area > _LARGE:
        core = cv2.erode(blob.mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        if core.sum() > blob.area // 4:
            return np.asarray(core)
    distance = sight.distance[blob.box]
    return np.asarray(blob.mask & (distance >= np.percentile(distance[blob.mask], 65)))


def _lab(colour: NDArray[np.float64]) -> NDArray[np.float64]:
    pixel = np.clip(colour / 255, 0, 1).astype(np.float32).reshape(1, 1, 3)
    return np.asarray(cv2.cvtColor(pixel, cv2.COLOR_RGB2Lab).ravel()[1:], np.float64)


def _alpha(blob: Blob, sight: Sight) -> Floats:
    """How much of each pixel is the thing, enlarged: small outlines are smoother than their pixels."""
    y0, y1, x0, x1 = (
        max(blob.y0 - 1, 0),
        min(blob.y1 + 1, VIEW_HEIGHT),
        max(blob.x0 - 1, 0),
        min(blob.x1 + 1, VIEW_WIDTH),
    )
    own = np.zeros((y1 - y0, x1 - x0), np.uint8)
    own[blob.y0 - y0 : blob.y1 - y0, blob.x0 - x0 : blob.x1 - x0] = blob.mask
    is_small = max(blob.mask.shape) < _SMALL
    crop = _sharp_distance(sight, y0, y1, x0, x1) if is_small else sight.distance[y0:y1, x0:x1]
    strong = float(np.percentile(crop[own > 0], 75))
    alpha = np.minimum(crop / max(strong, 1.0), 1).astype(np.float32)
    alpha = np.where((own > 0) & (crop > 0.8 * strong), 1, alpha) * (
        cv2.dilate(own, np.ones((3, 3), np.uint8))
    )
    alpha = np.pad(alpha, 1)
    zoom = max(1, round(_SIDE / max(alpha.shape)))
    return np.asarray(cv2.resize(alpha, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_CUBIC), np.float32)


def _sharp_distance(sight: Sight, y0: int, y1: int, x0: int, x1: int) -> Floats:
    """As `sight.distance`, of the picture before it was smoothed, which makes small outlines round."""
    difference = cv2.absdiff(sight.sharp[y0:y1, x0:x1], sight.room[y0:y1, x0:x1]).max(2)
    return np.asarray(cv2.GaussianBlur(difference, (0, 0), 0.45), np.float32)


def _harmonics(outer: NDArray[np.generic], moments: Mapping[str, float]) -> Sequence[float]:
    """Strength of the corners that go two, three, four, five, six times round: Fourier terms of the radius."""
    mass = max(moments["m00"], 1e-3)
    points = np.asarray(outer[:, 0, :], float) - np.array([moments["m10"] / mass, moments["m01"] / mass])
    radius, angle = np.hypot(points[:, 0], points[:, 1]), np.arctan2(points[:, 1], points[:, 0])
    bins = ((angle + np.pi) * (48 / (2 * np.pi))).astype(int) % 48
    counts = np.bincount(bins, minlength=48)
    profile = np.bincount(bins, radius, 48) / np.maximum(counts, 1)
    if not counts.all():
        known = np.flatnonzero(counts)
        profile = np.interp(np.arange(48), known, profile[known], period=48)
    waves = np.abs(np.fft.rfft(profile)) / max(profile.sum(), 1e-3)
    return [float(np.sqrt(waves[n])) for n in _HARMONICS]
