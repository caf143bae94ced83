"""A background in the making: what each pixel shows so far, and how deep."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .outline import light_on
from .rays import Hits, Plane, Rays
from .texture import Grain
from .types import Light

NO_LEVEL = -9.0


@dataclass(slots=True, eq=False)
class Sheet:
    """Planes [H, W] that the ground, walls and furniture are drawn into."""

    rays: Rays
    colour: Plane  # [H, W, 3]
    depth: Plane  # of everything
    hiding: Plane  # of walls and furniture, infinite elsewhere
    level: Plane  # height of level surfaces, NO_LEVEL elsewhere
    light: Light
    grain: Grain

    @staticmethod
    def blank(rays: Rays, light: Light, seed: int) -> Sheet:
        """A sheet on which nothing has been drawn."""
        shape = rays.x.shape
        far = np.full(shape, np.inf, np.float32)
        colour = np.zeros((*shape, 3), np.float32)
        return Sheet(rays, colour, far, far.copy(), np.full(shape, NO_LEVEL, np.float32), light, Grain(seed))

    def gain(self, normal: Plane) -> Plane:
        """Light on surfaces with those normals [N, 3]."""
        towards = -np.array(self.light.direction)
        return np.asarray(light_on(normal @ towards, self.light), np.float32)

    def put(self, hits: Hits, colour: Plane, hiding: Plane, level: Plane | float) -> None:
        """Draw over the pixels that a surface covers."""
        self.colour[hits.at] = colour
        self.depth[hits.at] = hits.depth
        self.hiding[hits.at] = hiding
        self.level[hits.at] = level
