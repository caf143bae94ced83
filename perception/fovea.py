"""The fovea: a closer look at one part of a camera's picture, told in the glance's terms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..streams.media import MIN_NATIVE_ZOOM, NativePicture
from ..streams.world.stage import Window
from .blocks import FOVEA_TOKENS
from .encoder import COLUMNS, EncoderConfig
from .gaze import Gaze, in_glance, is_trusted
from .pruning import MIDDLES, Floats, Places, Pruner, take_apart

_REACH = 0.75  # patches of the glance: so far may its idea of a small thing's middle be off


@dataclass(frozen=True, slots=True, eq=False)
class CloserLook:
    """One window of a camera's picture, in two frames; what the encoder reads."""

    now: NDArray[np.uint8]  # [96, 160, 3]
    before: NDArray[np.uint8]  # the same part of the frame read before; `now` itself where that is gone


class Fovea:
    """The fovea of one camera: where it looks, what it said last, and the frame before in its own pixels."""

    def __init__(self, encoder: EncoderConfig, make_pruner: Callable[[], Pruner]) -> None:
        self.gaze = Gaze(encoder)
        self._encoder = encoder
        self._make_pruner = make_pruner
        self._pruner, self._pruner_window = make_pruner(), self.gaze.window
        self._before: NativePicture | None = None
        self._cropped: tuple[NativePicture, Window, NDArray[np.uint8]] | None = None  # the last of all crops

    def look(
        self, native: NativePicture | None, features: Floats, t_ns: int, *, is_granted: bool
    ) -> CloserLook | None:
        """What to encode of the frame just read, given the glance's features [60, F]; None for nothing.

        To be called with every frame that is read, also where no fovea is granted.
        """
        before, self._before = self._before, native
        if not is_granted or native is None or native.max_zoom < MIN_NATIVE_ZOOM:
            return None
        window = self.gaze.choose(features, t_ns, native.max_zoom)
        if window is None:
            return None
        then = None if before is None else self._crop(before, window)
        now = self._crop(native, window)
        return CloserLook(now, now if then is None else then)

    def _crop(self, native: NativePicture, window: Window) -> NDArray[np.uint8]:
        """What the gaze rests on was cropped for the look before already."""
        if self._cropped is None or self._cropped[0] is not native or self._cropped[1] != window:
            self._cropped = native, window, crop(native, window)
        return self._cropped[2]

    def tokens(self, features: Floats, t_ns: int) -> tuple[Floats, Places]:
        """What is kept of the closer look's features [60, F]: features [N, F] and places [N] in the glance."""
        window = self.gaze.window
        assert window is not None
        if window != self._pruner_window:
            # What was kept at a place of another window says nothing of what is there now.
            self._pruner, self._pruner_window = self._make_pruner(), window
        self.gaze.learn(features)
        heard = features.copy()
        may_speak = is_trusted(take_apart(features, self._encoder), window, self.gaze.config)
        heard[~may_speak, self._encoder.width] = 0  # the probability of a thing
        return told_in_glance(features, self._pruner.select(heard, t_ns, FOVEA_TOKENS), window)

    def unspoken(self, glance: Floats, places: Places, told: Floats, told_places: Places) -> Places:
        """Those of the glance's kept places [N], of its features [60, F], of whose thing the closer look says nothing.

        `told` [M, F] at `told_places` [M] is what `tokens` gave.
        """
        if not len(told_places) or not len(places):
            return places
        opinion, config = take_apart(glance, self._encoder), self.gaze.config
        theirs = MIDDLES[told_places] + told[:, -3:-1]
        apart = np.linalg.norm(opinion.middles[places][:, None] - theirs[None], axis=-1).min(1)
        is_same = (apart < _REACH) & (opinion.side[places] < config.max_side)
        is_told = is_same & (opinion.thing[places] >= config.min_thing)
        return np.asarray(places[~is_told])


def crop(native: NativePicture, window: Window) -> NDArray[np.uint8]:
    return native.crop(window.x, window.y, window.zoom)


def told_in_glance(features: Floats, places: Places, window: Window) -> tuple[Floats, Places]:
    """Patches `places` [N] of a closer look [60, F] as the glance would say it: features [N, F], places [N].

    A place is the glance's patch that holds the middle of the fovea's; the way to the thing's middle counts from
    the middle of that patch, and lengths are in patches of the glance.
    """
    told = features[places].copy()
    middles = in_glance(MIDDLES[places], window)
    cells = np.floor(middles)
    told[:, -3:-1] = middles + told[:, -3:-1] / window.zoom - (cells + 0.5)
    told[:, -1] /= window.zoom
    return told, (cells[:, 0] + COLUMNS * cells[:, 1]).astype(np.int64)
