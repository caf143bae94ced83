"""Draws what does not move, as one camera sees it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .fittings import draw_slabs, draw_walls
from .ground import draw_beyond, draw_ceiling, draw_ground, draw_shade
from .rays import Plane, make_rays
from .sheet import Sheet
from .types import Lens, Light, Plan


@dataclass(frozen=True, slots=True, eq=False)
class Scenery:
    """A drawn background at one scale."""

    pixels: NDArray[np.uint8]  # [H, W, 4]: RGB and 0
    hiding: Plane  # [H, W] depth of walls and furniture, infinite elsewhere
    level: Plane  # [H, W] height of level surfaces, sheet.NO_LEVEL elsewhere
    can_hide: bool


def draw_scenery(plan: Plan, lens: Lens, light: Light, seed: int, margin_px: int, scale: int) -> Scenery:
    """The background with `margin_px` view pixels around it, `scale` pixels to a pixel of the view."""
    sheet = Sheet.blank(make_rays(lens, margin_px, scale), light, seed)
    rng = np.random.default_rng((seed, 11))
    draw_beyond(sheet, plan, rng)
    draw_ground(sheet, plan)
    draw_shade(sheet, plan, lens, margin_px, scale)
    if not plan.is_outdoors:
        draw_ceiling(sheet, plan)
    draw_walls(sheet, plan, rng)
    draw_slabs(sheet, plan)
    pixels = np.zeros((*sheet.depth.shape, 4), np.uint8)
    pixels[..., :3] = np.clip(sheet.colour * _lamplight(sheet, plan)[..., None], 0, 255)
    return Scenery(pixels, sheet.hiding, sheet.level, bool(np.isfinite(sheet.hiding).any()))


def _lamplight(sheet: Sheet, plan: Plan) -> Plane:
    """Uneven light [H, W]: brighter and darker regions across the picture, more so indoors."""
    height, width = sheet.depth.shape
    coarse = sheet.grain.rng.normal(0, 1, (3, 4)).astype(np.float32)
    wide = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(1 + np.float32(0.035 if plan.is_outdoors else 0.07) * wide, np.float32)
