"""Pictures of failures: what the camera showed at the moment, with the thing framed."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from ...generation.embedding import NS_PER_TICK
from ...streams.media import VIEW_HEIGHT, VIEW_WIDTH
from ...streams.world.stage import Window
from ...streams.world.world import World
from .failures import Failure
from .papers import Setting

_ZOOM = 2
_WINDOW = Window(zoom=_ZOOM, width=VIEW_WIDTH * _ZOOM, height=VIEW_HEIGHT * _ZOOM)
_FRAME = (60, 180, 255)  # BGR
_QUALITY = 82


@dataclass(frozen=True, slots=True)
class Shot:
    """A failure and its picture as a data URI."""

    failure: Failure
    data_uri: str


def shots(failures: Sequence[Failure]) -> list[Shot]:
    """Render the moment of each failure, at the first tick that shows it."""
    return [Shot(failure, _picture(failure)) for failure in failures]


def _picture(failure: Failure) -> str:
    world = _world(failure.setting)
    t_ns = -(-failure.t_ns // NS_PER_TICK) * NS_PER_TICK
    pixels = np.ascontiguousarray(world.picture(failure.camera, t_ns, _WINDOW).pixels[..., ::-1])
    for seen in world.sightings(failure.camera, t_ns):
        if seen.identity == failure.identity:
            half = seen.side / 2 + 2
            left, top = round(_ZOOM * (seen.x - half)), round(_ZOOM * (seen.y - half))
            right, bottom = round(_ZOOM * (seen.x + half)), round(_ZOOM * (seen.y + half))
            cv2.rectangle(pixels, (left, top), (right, bottom), _FRAME, 1, cv2.LINE_AA)
    _, coded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return f"data:image/jpeg;base64,{base64.b64encode(coded.tobytes()).decode()}"


@lru_cache(maxsize=4)
def _world(setting: Setting) -> World:
    return setting.world()
