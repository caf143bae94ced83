"""A rendered camera in its own pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..media import VIEW_HEIGHT, VIEW_WIDTH
from .stage import NATIVE_ZOOM, Window
from .world import World


@dataclass(frozen=True, slots=True)
class WorldNative:
    """A rendered camera's picture in its own pixels, of which a part is rendered when it is looked at."""

    world: World
    camera: int  # from 0
    t_ns: int  # of the world

    @property
    def max_zoom(self) -> float:
        return NATIVE_ZOOM

    def crop(self, x: float, y: float, zoom: float) -> NDArray[np.uint8]:
        """See `NativePicture.crop`."""
        x, y = (
            min(max(at, 0.0), length - length / zoom) for at, length in ((x, VIEW_WIDTH), (y, VIEW_HEIGHT))
        )
        return self.world.picture(self.camera, self.t_ns, Window(x, y, zoom)).pixels
