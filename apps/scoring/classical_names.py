"""What a blob is called: a rule on its shape for the kind, the nearest colour for the colour.

Both are linear discriminants (Fisher's, with one covariance for all classes) over a few plain measures; their
coefficients were fitted on training worlds by `classical_fit` and are kept in `classical_table`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ...streams.media import VIEW_HEIGHT, VIEW_WIDTH
from ...streams.world.events import COLOURS, HAND, LABELS, SHAPES, THINGS, Thing
from .classical_background import Floats, Sight
from .classical_blobs import Blob
from .classical_table import ACROSS_TABLE, ALONG_TABLE, COLOUR_TABLE, FAMILY_TABLE, WHOLE_TABLE

FAMILIES = (SHAPES, (*THINGS, HAND))  # together all of LABELS
VIEWS = ("whole", "across", "along")  # not cut off; by the left or right border; by the upper or lower
_TABLES = dict(zip(VIEWS, (WHOLE_TABLE, ACROSS_TABLE, ALONG_TABLE), strict=True))
_VOTES = 6  # views of one thing that tell the family of the stream
_HARMONICS = (2, 3, 4, 5, 6)
_SIDE = 48  # pixels to which a small blob is enlarged before it is measured


class Habit:
    """What a stream has shown so far, flat shapes or solid things: it hardly ever has both."""

    def __init__(self) -> None:
        self._odds = 0.0  # of shapes against things, natural log

    def see(self, shape: NDArray[np.float64]) -> None:
        """Take in one whole view's measures; views of one thing are far from independent."""
        flat, solid = _log_odds(FAMILY_TABLE, shape)
        self._odds = float(np.clip(self._odds + 0.3 * np.clip(flat - solid, -3, 3), -8, 8))

    def weigh(self, kinds: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log odds within each family [C] to shares of all kinds."""
        flat = 1 / (1 + np.exp(-self._odds))
        part = len(SHAPES)
        return np.concatenate([flat * _shares(kinds[:part]), (1 - flat) * _shares(kinds[part:])])


class Name:
    """What is believed of one thing's name: mean log odds over the views that it gave, the better ones counting more."""

    def __init__(self, habit: Habit) -> None:
        self.kinds = np.zeros(len(LABELS))
        self.colours = np.zeros(len(COLOURS))
        self.last_colour = COLOURS[0]  # of the last view by itself
        self.num_clear = 0
        self._habit = habit
        self._weight = self._colour_weight = 1e-6

    def see(self, blob: Blob, sight: Sight, share: float, is_real: bool = True) -> None:
        """Take in one more view, of that share of the thing: the rest is cut off by the border.

        What `is_real` has moved as things do: only from such the family of the stream is learnt.
        """
        view = view_of(blob)
        shape, colour = shape_features(blob, sight), colour_features(blob, sight)
        weight = 1.0 if view == VIEWS[0] else 0.15 * share**2
        if view == VIEWS[0]:
            if is_real and self.num_clear < _VOTES:
                self._habit.see(shape)
            self.num_clear += 1
        self.kinds += weight * _log_odds(_TABLES[view], shape)
        self._weight += weight
        odds = _log_odds(COLOUR_TABLE, colour)
        self.last_colour = COLOURS[int(np.argmax(odds))]
        fresh = 1.0 if view == VIEWS[0] else 0.3
        self.colours = 0.8 * self.colours + fresh * odds  # colours may change
        self._colour_weight = 0.8 * self._colour_weight + fresh

    def forget_colour(self) -> None:
        self.colours[:], self._colour_weight = 0, 1e-6

    def best(self) -> tuple[Thing, float]:
        """The likeliest name and its probability."""
        kinds, colours = self.kind_shares(), _shares(self.colours / self._colour_weight)
        thing = Thing(COLOURS[int(np.argmax(colours))], LABELS[int(np.argmax(kinds))])
        return thing, float(kinds.max() * colours.max())

    def share_of(self, kind: str | None) -> float:
        """Probability of one kind."""
        return float(self.kind_shares()[LABELS.index(kind)]) if kind in LABELS else 0.0

    def kind_shares(self) -> NDArray[np.float64]:
        """Probability of each of LABELS; several views count as more than one, but not as independent ones."""
        return self._habit.weigh(self.kinds / self._weight * float(np.clip(self._weight, 1, 3)))


def is_shape(blob: Blob, sight: Sight) -> bool:
    """Whether a blob has the sharp outline of a flat shape rather than that of furniture or a solid thing."""
    flat, solid = _log_odds(FAMILY_TABLE, shape_features(blob, sight))
    return bool(flat > solid)


def view_of(blob: Blob) -> str:
    """A thing that is cut off has another outline, so it has another rule."""
    if not blob.cut:
        return VIEWS[0]
    return VIEWS[1] if blob.cut & {"left", "right"} else VIEWS[2]


def shape_features(blob: Blob, sight: Sight) -> NDArray[np.float64]:
    """Measures of a blob's outline [20]."""
    alpha = _alpha(blob, sight)
    found, tree = cv2.findContours((alpha > 0.5).astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    if not found:
        return np.zeros(20)
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
        ]
    )


def colour_features(blob: Blob, sight: Sight) -> NDArray[np.float64]:
    """Measures of a blob's colour against the room's light; of what stands upright, that of its upper half."""
    distance = sight.distance[blob.box]
    # The rim is mixed with the room: the half that is farthest from it is the thing itself.
    core = blob.mask & (distance >= np.median(distance[blob.mask]))
    height, width = blob.mask.shape
    if height > 1.5 * width:
        upper = core.copy()
        upper[: height // 6] = False
        upper[height // 2 :] = False
        core = upper if upper.sum() >= 6 else core
    middle = np.median(sight.colour[blob.box][core], axis=0).astype(np.float64)
    light = max(float(sight.room[::4, ::4].mean()), 10.0)
    chroma = (middle + 4) / (middle.sum() + 12) - 1 / 3
    bright = float(middle.mean())
    lab = _lab(middle / max(bright, 20.0) * 110)
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
        ]
    )


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
    crop = sight.distance[y0:y1, x0:x1]
    strong = float(np.percentile(crop[own > 0], 75))
    alpha = np.minimum(crop / max(strong, 1.0), 1).astype(np.float32)
    alpha = np.where((own > 0) & (crop > 0.8 * strong), 1, alpha) * (
        cv2.dilate(own, np.ones((3, 3), np.uint8))
    )
    alpha = np.pad(alpha, 1)
    zoom = max(1, round(_SIDE / max(alpha.shape)))
    return np.asarray(cv2.resize(alpha, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_CUBIC), np.float32)


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


def _log_odds(table: NDArray[np.float64], features: NDArray[np.float64]) -> NDArray[np.float64]:
    """Table [C, F + 1], its last column the constant; log likelihoods but for a common term [C]."""
    return np.asarray(table[:, :-1] @ features + table[:, -1])


def _shares(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    scaled = np.exp(log_odds - log_odds.max())
    return np.asarray(scaled / scaled.sum())
