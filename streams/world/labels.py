"""Dense labels of a picture by patches of 16 x 16 pixels: what the encoder is trained on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..media import VIEW_HEIGHT, VIEW_WIDTH
from .events import COLOURS, SHAPES
from .floor import Actor
from .motion import STEP_HZ
from .world import Picture, World

PATCH = 16
ROWS, COLUMNS = VIEW_HEIGHT // PATCH, VIEW_WIDTH // PATCH
NUM_PATCHES = ROWS * COLUMNS
NUM_MOTIONS = 9  # 0 still, then eight headings anticlockwise from "right"
_STILL_PX = 0.8
_COVER = 0.25  # a patch is foreground when a thing covers this much of it, or
_SHARE = 0.4  # when it holds this much of all that is seen of the thing


@dataclass(frozen=True, slots=True, eq=False)
class PatchLabels:
    """Truth for each of the 60 patches, row by row; all but `thing` mean something only where `thing` is true."""

    thing: NDArray[np.bool_]  # [60]
    colour: NDArray[np.int64]  # [60] index into COLOURS
    shape: NDArray[np.int64]  # [60] index into SHAPES
    motion: NDArray[np.int64]  # [60] 0..8
    centre: NDArray[np.float32]  # [60, 2] from the patch's middle to the thing's, in patches (x, y)
    side: NDArray[np.float32]  # [60] side of the thing's square, in patches


def patch_labels(world: World, camera: int, picture: Picture, t_ns: int, before_ns: int) -> PatchLabels:
    """Labels of a picture at `t_ns`; motion is the way made since `before_ns`."""
    labels = PatchLabels(
        thing=np.zeros(NUM_PATCHES, bool),
        colour=np.zeros(NUM_PATCHES, np.int64),
        shape=np.zeros(NUM_PATCHES, np.int64),
        motion=np.zeros(NUM_PATCHES, np.int64),
        centre=np.zeros((NUM_PATCHES, 2), np.float32),
        side=np.zeros(NUM_PATCHES, np.float32),
    )
    actors, best = world.actor_by_identity(camera), np.zeros(NUM_PATCHES)
    grid = picture.identities.reshape(ROWS, PATCH, COLUMNS, PATCH)
    for identity in np.unique(picture.identities):
        if identity == 0:
            continue
        cover = (grid == identity).sum((1, 3)).reshape(-1) / PATCH**2
        mine = ((cover >= _COVER) | (cover >= _SHARE * cover.sum())) & (cover > best)
        best = np.maximum(best, cover)
        _fill(labels, mine, world, camera, actors[int(identity)], t_ns, before_ns)
    return labels


def _fill(
    labels: PatchLabels,
    mine: NDArray[np.bool_],
    world: World,
    camera: int,
    actor: Actor,
    t_ns: int,
    before_ns: int,
) -> None:
    step, before = t_ns * STEP_HZ / 1e9, before_ns * STEP_HZ / 1e9
    places = np.flatnonzero(mine)
    middle = world.to_view(camera, actor.position_at(step), step) / PATCH
    labels.thing[places] = True
    labels.colour[places] = COLOURS.index(actor.colour_at(int(step)))
    labels.shape[places] = SHAPES.index(actor.thing.shape)
    labels.motion[places] = _heading(actor.position_at(step) - actor.position_at(before))
    labels.centre[places] = middle - np.stack([places % COLUMNS + 0.5, places // COLUMNS + 0.5], 1)
    labels.side[places] = actor.side_at(np.array([int(step)]))[0] * VIEW_HEIGHT / PATCH


def _heading(way: NDArray[np.float64]) -> int:
    x, y = way * VIEW_HEIGHT
    if np.hypot(x, y) < _STILL_PX:
        return 0
    return 1 + round(float(np.arctan2(-y, x)) / (np.pi / 4)) % 8
