"""Dense labels of a picture by patches of 16 x 16 pixels: what the encoder is trained on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..media import VIEW_HEIGHT, VIEW_WIDTH
from .events import COLOURS, HAND, LABELS
from .stage import GLANCE, Picture, Sighting, Window, mark
from .world import World

PATCH = 16
ROWS, COLUMNS = VIEW_HEIGHT // PATCH, VIEW_WIDTH // PATCH
NUM_PATCHES = ROWS * COLUMNS
NUM_MOTIONS = 9  # 0 still, then eight headings anticlockwise from "right"
_STILL_PX = 0.8
_FAR = 5.0  # patches
_COVER = 0.25  # a patch is foreground when a thing covers this much of it, or
_SHARE = 0.4  # when it holds this much of all that is seen of the thing


@dataclass(frozen=True, slots=True, eq=False)
class PatchLabels:
    """Truth for each of the 60 patches, row by row; all but `thing` mean something only where `thing` is true."""

    thing: NDArray[np.bool_]  # [60]
    colour: NDArray[np.int64]  # [60] index into COLOURS; -1 where it has no name (hands)
    label: NDArray[np.int64]  # [60] index into LABELS
    motion: NDArray[np.int64]  # [60] 0..8
    centre: NDArray[np.float32]  # [60, 2] from the patch's middle to the thing's, in patches (x, y)
    side: NDArray[np.float32]  # [60] side of the thing's square, in patches


def patch_labels(
    world: World, camera: int, picture: Picture, t_ns: int, before_ns: int, window: Window = GLANCE
) -> PatchLabels:
    """Labels of a picture of `window` at `t_ns`; motion is the way made since `before_ns`."""
    labels = PatchLabels(
        thing=np.zeros(NUM_PATCHES, bool),
        colour=np.zeros(NUM_PATCHES, np.int64),
        label=np.zeros(NUM_PATCHES, np.int64),
        motion=np.zeros(NUM_PATCHES, np.int64),
        centre=np.zeros((NUM_PATCHES, 2), np.float32),
        side=np.zeros(NUM_PATCHES, np.float32),
    )
    now = {mark(s.identity): s for s in world.sightings(camera, t_ns)}
    before = {s.identity: s for s in world.sightings(camera, before_ns)}
    best = np.zeros(NUM_PATCHES)
    grid = picture.identities.reshape(ROWS, PATCH, COLUMNS, PATCH)
    for number in np.unique(picture.identities):
        sighting = now.get(int(number))
        if sighting is None:
            continue
        cover = (grid == number).sum((1, 3)).reshape(-1) / PATCH**2
        mine = ((cover >= _COVER) | (cover >= _SHARE * cover.sum())) & (cover > best)
        best = np.maximum(best, cover)
        _fill(labels, mine, sighting, before.get(sighting.identity, sighting), window)
    return labels


def _fill(
    labels: PatchLabels, mine: NDArray[np.bool_], now: Sighting, before: Sighting, window: Window
) -> None:
    places = np.flatnonzero(mine)
    middle = np.array([now.x - window.x, now.y - window.y]) * window.zoom / PATCH
    labels.thing[places] = True
    labels.colour[places] = -1 if now.thing.kind == HAND else COLOURS.index(now.thing.colour)
    labels.label[places] = LABELS.index(now.thing.kind)
    # What rests is still, however much the camera shakes.
    way = (now.x - before.x, now.y - before.y) if now.is_moving else (0.0, 0.0)
    labels.motion[places] = _heading(way[0] * window.zoom, way[1] * window.zoom)
    way_to_middle = middle - np.stack([places % COLUMNS + 0.5, places // COLUMNS + 0.5], 1)
    # The middle of a thing larger than the picture is nowhere to be seen.
    labels.centre[places] = np.clip(way_to_middle, -_FAR, _FAR)
    labels.side[places] = min(now.side * window.zoom / PATCH, 2 * _FAR)


def _heading(x: float, y: float) -> int:
    if np.hypot(x, y) < _STILL_PX:
        return 0
    return 1 + round(float(np.arctan2(-y, x)) / (np.pi / 4)) % 8
