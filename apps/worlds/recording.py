"""The files of one rendered camera: video, labels and masks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...streams.world.world import World
from .labels import labels_of, to_text
from .masks import MaskFile
from .shots import Format, shots
from .truth import TICK_HZ, Truth
from .video import CONTAINERS, write_clip
from .whole import partial


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be written of each camera."""

    form: Format
    bit_rate: int  # of the video, bits a second
    has_sound: bool  # the first camera hears
    has_masks: bool
    has_boxes: bool


def files_of(video: Path, wanted: Wanted) -> list[Path]:
    """All that `write_camera` writes for a video."""
    return [video, video.with_suffix(".json"), *([masks_of(video)] if wanted.has_masks else [])]


def masks_of(video: Path) -> Path:
    """Where the masks of a video are."""
    return video.with_suffix(".masks.npz")


def write_camera(
    world: World, camera: int, video: Path, wanted: Wanted, on_frame: Callable[[], object]
) -> None:
    """Write a camera (from 0) as partial files (see `whole`); `on_frame` is called after every frame."""
    truth = Truth(world, camera, wanted.form) if wanted.has_boxes or wanted.has_masks else None
    samples = world.soundtrack.samples if wanted.has_sound and camera == 0 else None
    with ExitStack() as stack:
        masks = stack.enter_context(MaskFile(partial(masks_of(video)))) if wanted.has_masks else None
        frames = _frames(world, camera, wanted.form, truth, masks, on_frame)
        container = CONTAINERS[video.suffix.lower()]
        write_clip(
            partial(video), frames, wanted.form.size, samples, wanted.form.fps, wanted.bit_rate, container
        )
    labels = labels_of(world, camera, video.name, wanted.form)
    if truth is not None and wanted.has_boxes:
        labels |= {"boxes_per_s": TICK_HZ, "boxes": truth.boxes}
    if truth is not None and wanted.has_masks:
        labels["masks"] = {"file": masks_of(video).name, "marks": truth.marks}
    partial(video.with_suffix(".json")).write_text(to_text(labels), encoding="utf-8")


def _frames(
    world: World,
    camera: int,
    form: Format,
    truth: Truth | None,
    masks: MaskFile | None,
    on_frame: Callable[[], object],
) -> Iterator[NDArray[np.uint8]]:
    for shot in shots(world, camera, form):
        if masks is not None:
            masks.put(shot.number, shot.identities)
        if truth is not None:
            truth.look(shot)
        yield shot.pixels
        on_frame()
