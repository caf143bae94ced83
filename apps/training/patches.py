"""Batches of labelled pictures for the encoder, rendered as they are needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from ...generation.embedding import NS_PER_TICK
from ...perception.encoder import PATCH
from ...perception.gaze import MIN_ZOOM, GazeConfig
from ...streams.media import VIEW_HEIGHT, VIEW_WIDTH
from ...streams.world.codec import h264_round_trip
from ...streams.world.labels import patch_labels
from ...streams.world.recipes import THINGS_MIX
from ...streams.world.stage import GLANCE, NATIVE_ZOOM, Window
from ...streams.world.ticks import log_uniform
from ...streams.world.world import World

TRAIN_SEEDS = 1_000_000  # seeds below are for scoring and calibration, never for training
# Few pictures of many worlds: of the same cup, seen a hundred times, the encoder learns that cup.
_TICKS = 7
_WORLD_S, _MOMENTS = 12, 4  # of each camera of a world
_RUSH_SHARE = (
    0.6  # share of worlds of things in which much happens: a picture costs the same and teaches more
)
_FOVEAS = 0.5  # of cameras whose pictures are magnified: what is small is told by these
_SMALL_PX = 40.0
_AS_LOOKED_AT = 0.6  # of these pictures, in which the thing fills about what the gaze wants it to
_SHAPE_SCENES = {"easy": 1, "standard": 2, "busy": 2, "shaky": 1, "dim": 1, "overlap": 1, "clash": 1}
_SCENES = {name: 0.35 * n / sum(_SHAPE_SCENES.values()) for name, n in _SHAPE_SCENES.items()} | {
    name: 0.65 * weight for name, weight in THINGS_MIX.items()
}


@dataclass(frozen=True, slots=True, eq=False)
class PatchBatch:
    """Pictures with the truth for each patch; `has_colour` is false where channels were exchanged."""

    views: Tensor  # uint8 [B, 96, 160, 3]
    before: Tensor  # uint8 [B, 96, 160, 3]
    thing: Tensor  # bool [B, 60]
    colour: Tensor  # int64 [B, 60]
    label: Tensor
    motion: Tensor
    centre: Tensor  # float32 [B, 60, 2]
    side: Tensor  # float32 [B, 60]
    has_colour: Tensor  # bool [B]


Sample = tuple[np.ndarray, ...]


def samples_of(seed: int, rng: np.random.Generator) -> list[Sample]:
    """Neighbouring pictures of some moments of a world, from each of its cameras, some of them magnified."""
    scene = str(rng.choice(list(_SCENES), p=list(_SCENES.values())))
    world = World(seed, 3, scene, _WORLD_S, rush=bool(rng.random() < _RUSH_SHARE))
    starts = [(c, int(rng.integers(0, _WORLD_S * 5 - _TICKS))) for c in (0, 1, 2) for _ in range(_MOMENTS)]
    return [sample for camera, start in starts for sample in _look(world, camera, start, rng)]


def _look(world: World, camera: int, start: int, rng: np.random.Generator) -> list[Sample]:
    times = [(start + n) * NS_PER_TICK for n in range(_TICKS)]
    window = _fovea(world, camera, times, rng) if rng.random() < _FOVEAS else GLANCE
    pictures = [world.picture(camera, t, window) for t in times]
    pixels = [p.pixels for p in pictures]
    if rng.random() < world.stage.h264_share:
        pixels = h264_round_trip(pixels, log_uniform(world.stage.bit_rate, rng), 5.0)
    found: list[Sample] = []
    for n in range(1, _TICKS):
        # A still camera is read rarely: the view read before may be older than a tick.
        before = max(0, n - (1 if rng.random() < 0.8 else int(rng.integers(2, 5))))
        labels = patch_labels(world, camera, pictures[n], times[n], times[before], window)
        truth = tuple(getattr(labels, f.name) for f in fields(labels))
        if labels.thing.any() or rng.random() < 0.2:
            found.append((pixels[n], pixels[before], *truth))
    return found


def _fovea(world: World, camera: int, times: Sequence[int], rng: np.random.Generator) -> Window:
    """A window around something small, as a fovea would choose it; the whole view if nothing is."""
    seen = [s for s in world.sightings(camera, times[_TICKS // 2]) if s.share > 0.5 and s.side < _SMALL_PX]
    if not seen:
        return GLANCE
    aim = seen[int(rng.integers(len(seen)))]
    zoom = float(rng.uniform(1.5, NATIVE_ZOOM))
    if rng.random() < _AS_LOOKED_AT:
        wanted_px = GazeConfig().wanted_side * PATCH * rng.uniform(0.7, 1.3)
        zoom = float(np.clip(wanted_px / max(aim.side, 1.0), MIN_ZOOM, NATIVE_ZOOM))
    width, height = VIEW_WIDTH / zoom, VIEW_HEIGHT / zoom
    x = aim.x - width * rng.uniform(0.3, 0.7)
    y = aim.y - height * rng.uniform(0.3, 0.7)
    return Window(float(np.clip(x, 0, VIEW_WIDTH - width)), float(np.clip(y, 0, VIEW_HEIGHT - height)), zoom)


def augment(sample: Sample, rng: np.random.Generator) -> Sample:
    """Mirror, exchange or invert channels (colour unknown then), and sometimes freeze time."""
    view, before, thing, colour, label, motion, centre, side = sample
    if rng.random() < 0.12:
        before, motion = view, np.zeros_like(motion)
    if rng.random() < 0.5:
        view, before = view[:, ::-1], before[:, ::-1]
        thing, colour, label, motion, centre, side = (
            _mirror(a) for a in (thing, colour, label, motion, centre, side)
        )
        centre = centre * np.array([-1, 1], np.float32)
        motion = np.where(motion > 0, (4 - (motion - 1)) % 8 + 1, 0)
    has_colour = rng.random() >= 0.5
    if not has_colour:
        order = rng.permutation(3)
        view, before = view[..., order], before[..., order]
        if rng.random() < 0.4:
            view, before = 255 - view, 255 - before
    return view, before, thing, colour, label, motion, centre, side, np.array(has_colour)


def _mirror(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values.reshape(6, 10, *values.shape[1:])[:, ::-1]).reshape(values.shape)


def collate(samples: list[Sample]) -> PatchBatch:
    """Samples as one batch."""
    return PatchBatch(
        *(torch.from_numpy(np.ascontiguousarray(np.stack(column))) for column in zip(*samples, strict=True))
    )
