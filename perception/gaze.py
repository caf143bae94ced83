"""Where in a camera's picture a second, closer look is worth most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..streams.media import MIN_NATIVE_ZOOM, VIEW_HEIGHT, VIEW_WIDTH
from ..streams.world.stage import Window
from .encoder import COLUMNS, NUM_PATCHES, PATCH, ROWS, EncoderConfig
from .pruning import MIDDLES, Floats, Opinion, cosine_distance, take_apart

MIN_ZOOM, MAX_ZOOM = MIN_NATIVE_ZOOM, 4.0
_SNAP = 4  # pixels of the view
_VIEW = np.array([VIEW_WIDTH, VIEW_HEIGHT], np.float32)

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class GazeConfig:
    """What draws the gaze; lengths in patches of the glance."""

    min_thing: float = 0.3  # probability from which a patch is foreground
    min_weak: float = 0.08  # from which one that moves is worth a closer look
    max_side: float = 1.5  # what is larger, the glance sees well enough
    wanted_side: float = 2.5  # in patches of the fovea: what a thing should fill
    min_change: float = 0.05  # cosine distance to what was there at the last closer look that counts as news
    refresh_ns: int = 1_900_000_000  # what rests is looked at again this often
    min_worth: float = 0.4
    stay: float = 0.6  # worth more where the gaze rests, at first
    dwell_ns: int = 1_500_000_000  # after so long it may as well go as stay, and ever rather go
    disappointment: float = 0.5  # worth less where it has just found nothing


class Gaze:
    """Chooses the window of one camera's fovea, look after look.

    Small things draw it, and faint ones that move, by what has changed since the last closer look at their place. It
    stays with a thing, and its window with it, but not for ever: what waits is worth more with time.
    """

    def __init__(self, encoder: EncoderConfig, config: GazeConfig | None = None) -> None:
        self.config = config or GazeConfig()
        self.window: Window | None = None  # of the last closer look
        self._encoder = encoder
        self._seen = np.zeros((NUM_PATCHES, encoder.width), np.float32)
        self._seen_ns = np.full(NUM_PATCHES, -(1 << 62), np.int64)
        self._since_ns = 0  # when the gaze came to the thing that it rests on
        self._dullness = np.zeros(NUM_PATCHES, np.float32)
        self._chased: Floats | None = None  # [2] middle of what moved in the last closer look, in patches

    def choose(self, features: Floats, t_ns: int, max_zoom: float) -> Window | None:
        """The window for a closer look, given the glance's features [60, F]; None where none is worth it.

        `max_zoom` is how much finer than the view the camera's own pixels are.
        """
        opinion = take_apart(features, self._encoder)
        is_watched = self._is_watched(opinion)
        worth = self._worth(opinion, is_watched, t_ns)
        best = int(worth.argmax())
        if worth[best] < self.config.min_worth:
            return None
        if not is_watched[best]:
            self._since_ns = t_ns
        is_sure = opinion.thing[best] >= self.config.min_thing
        side = float(opinion.side[best]) if is_sure else 0.0
        zoom = np.clip(self.config.wanted_side / max(side, 0.1), MIN_ZOOM, min(MAX_ZOOM, max_zoom))
        self.window = aim(self._middle(opinion, best), float(zoom), self.window)
        is_covered = covers(self.window)
        self._seen[is_covered], self._seen_ns[is_covered] = opinion.embeddings[is_covered], t_ns
        return self.window

    def learn(self, features: Floats) -> None:
        """Takes in what the closer look found, features [60, F] of the last window: the gaze follows what moves there."""
        assert self.window is not None
        opinion = take_apart(features, self._encoder)
        is_found = is_trusted(opinion, self.window, self.config) & (opinion.thing >= self.config.min_thing)
        self._dullness[covers(self.window)] = 0 if is_found.any() else self.config.disappointment
        moving = np.where(is_found & ~opinion.is_still, opinion.thing, 0)
        best = int(moving.argmax())
        self._chased = in_glance(opinion.middles[best], self.window) if moving[best] else None

    def _worth(self, opinion: Opinion, is_watched: Mask, t_ns: int) -> Floats:
        config = self.config
        change = np.minimum(cosine_distance(opinion.embeddings, self._seen), 1)
        is_small = (opinion.thing >= config.min_thing) & (opinion.side < config.max_side)
        is_faint = (opinion.thing >= config.min_weak) & (opinion.thing < config.min_thing) & ~opinion.is_still
        is_news = (change >= config.min_change) | (t_ns - self._seen_ns >= config.refresh_ns)
        smallness = np.where(is_small, 0.3 * (1 - opinion.side.clip(0) / config.max_side), 0)
        staying = config.stay * (1 - (t_ns - self._since_ns) / config.dwell_ns)
        worth = opinion.thing + change + smallness + staying * is_watched - self._dullness
        worth = np.where((is_small | is_faint) & is_news, worth, -np.inf)
        if self._chased is not None:
            place = place_of(self._chased)
            worth[place] = max(worth[place], config.min_worth + config.stay + staying)
        self._dullness *= 0.8
        return np.asarray(worth, np.float32)

    def _is_watched(self, opinion: Opinion) -> Mask:
        if self.window is None:
            return np.zeros(NUM_PATCHES, bool)
        is_watched = _is_in(opinion.middles * PATCH, self.window)
        if self._chased is not None:
            is_watched[place_of(self._chased)] = True
        return is_watched

    def _middle(self, opinion: Opinion, place: int) -> Floats:
        """Of the thing at a place, in patches: the closer look knew better, if it saw it just there."""
        chased = self._chased
        if chased is not None and place_of(chased) == place and opinion.thing[place] < self.config.min_thing:
            return chased
        return np.asarray(opinion.middles[place])


def aim(middle: Floats, zoom: float, before: Window | None = None) -> Window:
    """A window around `middle` (x, y), in patches of the glance, inside the picture.

    The window before is kept as long as the middle stays in its inner half and it is about as large: only then says the
    difference of two looks what has moved.
    """
    if before is not None and 2 / 3 < zoom / before.zoom < 3 / 2:
        zoom = before.zoom
    else:
        before = None
    x, y = (
        _corner(float(at) * PATCH, length, zoom, start)
        for at, length, start in zip(
            middle,
            (VIEW_WIDTH, VIEW_HEIGHT),
            (None, None) if before is None else (before.x, before.y),
            strict=True,
        )
    )
    return Window(x, y, zoom)


def in_glance(points: Floats, window: Window) -> Floats:
    """Points [..., 2] of the closer look in the glance, both in patches of their own."""
    return np.asarray(_corner_of(window) / PATCH + points / window.zoom, np.float32)


def place_of(point: Floats) -> int:
    """The number of the glance's patch in which a point (x, y) lies, in patches; the nearest, if it lies outside."""
    column = int(np.clip(point[0], 0, COLUMNS - 1))
    return column + COLUMNS * int(np.clip(point[1], 0, ROWS - 1))


def covers(window: Window) -> Mask:
    """The glance's patches whose middle lies in a window, and the one that holds the window's own middle."""
    is_inside = _is_in(MIDDLES * PATCH, window)
    is_inside[place_of(in_glance(np.array([COLUMNS / 2, ROWS / 2], np.float32), window))] = True
    return is_inside


def is_trusted(opinion: Opinion, window: Window, config: GazeConfig) -> Mask:
    """For each patch of a closer look, whether it may speak: of a small thing whose middle is in the window."""
    is_small = opinion.side / window.zoom < config.max_side
    is_inside = ((opinion.middles >= 0) & (opinion.middles <= np.array([COLUMNS, ROWS]))).all(1)
    return np.asarray(is_small & is_inside)


def _corner(at: float, length: int, zoom: float, start: float | None) -> float:
    size = length / zoom
    if start is not None and abs(at - start - size / 2) <= size / 4:
        return start
    snapped = round((at - size / 2) / _SNAP) * _SNAP
    return float(min(max(snapped, 0.0), length - size))


def _is_in(points: Floats, window: Window) -> Mask:
    """For each point [N, 2], in pixels of the view."""
    half = _VIEW / window.zoom / 2
    return np.array((np.abs(points - _corner_of(window) - half) <= half).all(1))


def _corner_of(window: Window) -> Floats:
    return np.array([window.x, window.y], np.float32)
