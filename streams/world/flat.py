"""Flat worlds: coloured shapes that move over muted rooms; the controlled half of StreamWorld."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ..media import VIEW_HEIGHT, VIEW_WIDTH
from .camera import MARGIN_PX, Optics, cameras_on, expose, make_optics
from .events import WorldEvent
from .floor import Actor, Collision, nearest_colours, populate
from .log import events_of, visible_share
from .motion import STEP_HZ, Floor
from .paint import Pixels, background, level_for, occluder, sprite
from .recipes import Recipe
from .stage import GLANCE, Picture, Sighting, SoundCue, Window, mark


@dataclass(slots=True)
class _View:
    """What one camera needs to draw a frame."""

    floor_index: int
    optics: Optics
    room: Pixels  # [H, W, 3] background around the view, MARGIN_PX wider on every side
    pillar: tuple[int, int, NDArray[np.float32]] | None
    noise_seed: int


class FlatStage:
    """One to four cameras over floors of shapes; see `stage.Stage`."""

    def __init__(
        self, num_cameras: int, recipe: Recipe, duration_s: float, unseen: bool, rng: np.random.Generator
    ) -> None:
        num_steps = round(duration_s * STEP_HZ)
        floors, floor_of, corners = cameras_on(num_cameras, rng.random() < recipe.shared_floor, rng)
        rooms = [_make_room(floor, recipe, rng) for floor in floors]
        populations = [
            populate(floor, recipe, num_steps, nearest_colours(float(room.mean())), unseen, rng)
            for floor, room in zip(floors, rooms, strict=True)
        ]
        self.actors = [actors for actors, _ in populations]  # by floor
        for identity, actor in enumerate((a for actors in self.actors for a in actors), start=1):
            actor.identity = identity
        self._views = [
            _make_view(floor_of[c], corners[c], rooms[floor_of[c]], recipe, num_steps, rng)
            for c in range(num_cameras)
        ]
        self.bit_rate, self.h264_share = recipe.bit_rate, recipe.h264
        self.cues: tuple[SoundCue, ...] = ()
        self.events = self._log([collisions for _, collisions in populations], num_steps)

    def picture(self, camera: int, t_ns: int, window: Window = GLANCE) -> Picture:
        """What a camera (from 0) sees at a time; any order of calls gives the same pictures."""
        view, step = self._views[camera], t_ns * STEP_HZ / 1e9
        shift = view.optics.shift_at(step)
        canvas = _crop(view.room, shift, window)
        identities = np.zeros((window.height, window.width), np.uint8)
        corner_px = view.optics.corner * VIEW_HEIGHT + shift + [window.x, window.y]
        for actor in self._present(view.floor_index, step):
            _paint_actor(canvas, identities, actor, step, corner_px, window.zoom)
        if view.pillar is not None:
            _paint_pillar(canvas, identities, view.pillar, window)
        rng = np.random.default_rng([view.noise_seed, t_ns // 1_000_000])
        return Picture(expose(canvas, view.optics, step, rng), identities)

    def sightings(self, camera: int, t_ns: int) -> list[Sighting]:
        """What is in a camera's view. A thing behind others counts as seen: only the borders are looked at."""
        view, step = self._views[camera], t_ns * STEP_HZ / 1e9
        corner_px = view.optics.corner * VIEW_HEIGHT + view.optics.shift_at(step)
        found = []
        for actor in self.actors[view.floor_index]:
            if actor.first_step <= step < actor.end_step:
                local = min(int(step) - actor.first_step, len(actor.path.scale) - 1)
                share = float(visible_share(actor, view.optics, np.array([actor.first_step + local]))[0])
                x, y = actor.position_at(step) * VIEW_HEIGHT - corner_px
                side = actor.side * float(actor.path.scale[local]) * VIEW_HEIGHT
                is_moving = bool(actor.path.is_moving[local])
                thing = actor.thing_at(int(step))
                if share > 0:
                    found.append(Sighting(actor.identity, thing, float(x), float(y), side, share, is_moving))
        return found

    def _present(self, floor_index: int, step: float) -> list[Actor]:
        here = [a for a in self.actors[floor_index] if a.first_step <= step < a.end_step]
        return sorted(here, key=lambda a: -a.depth)

    def _log(self, collisions: list[list[Collision]], num_steps: int) -> tuple[WorldEvent, ...]:
        found: list[WorldEvent] = []
        for camera, view in enumerate(self._views):
            found += events_of(
                camera, self.actors[view.floor_index], collisions[view.floor_index], view.optics, num_steps
            )
        return tuple(sorted(found, key=lambda e: (e.t_ns, e.camera)))


def _make_room(floor: Floor, recipe: Recipe, rng: np.random.Generator) -> Pixels:
    width = round(floor.width * VIEW_HEIGHT) + 2 * MARGIN_PX
    height = round(floor.height * VIEW_HEIGHT) + 2 * MARGIN_PX
    return background(width, height, int(rng.integers(recipe.clutter[0], recipe.clutter[1] + 1)), rng)


def _make_view(
    floor_index: int,
    corner: NDArray[np.float64],
    room: Pixels,
    recipe: Recipe,
    num_steps: int,
    rng: np.random.Generator,
) -> _View:
    x, y = (round(v * VIEW_HEIGHT) for v in corner)
    around = room[y : y + VIEW_HEIGHT + 2 * MARGIN_PX, x : x + VIEW_WIDTH + 2 * MARGIN_PX]
    return _View(
        floor_index=floor_index,
        optics=make_optics(corner, recipe, num_steps, rng),
        room=np.ascontiguousarray(around),
        pillar=occluder(VIEW_WIDTH, VIEW_HEIGHT, rng) if rng.random() < recipe.occluder else None,
        noise_seed=int(rng.integers(2**31)),
    )


def _crop(room: Pixels, shift: NDArray[np.float64], window: Window) -> Pixels:
    """The window out of its room, moved by `shift` pixels (bilinear between pixels)."""
    x, y = MARGIN_PX + shift[0] + window.x, MARGIN_PX + shift[1] + window.y
    if window is GLANCE and not shift.any():
        return room[MARGIN_PX : MARGIN_PX + VIEW_HEIGHT, MARGIN_PX : MARGIN_PX + VIEW_WIDTH].copy()
    step = 1 / window.zoom
    matrix = np.array([[step, 0, x + (step - 1) / 2], [0, step, y + (step - 1) / 2]], np.float32)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(room, matrix, (window.width, window.height), flags=flags), np.float32)


def _paint_pillar(
    canvas: Pixels,
    identities: NDArray[np.uint8],
    pillar: tuple[int, int, NDArray[np.float32]],
    window: Window,
) -> None:
    x, y, block = pillar
    left, top = (round((x - window.x) * window.zoom), round((y - window.y) * window.zoom))
    if window.zoom != 1:
        block = np.asarray(cv2.resize(block, None, fx=window.zoom, fy=window.zoom), np.float32)
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + block.shape[1], window.width), min(top + block.shape[0], window.height)
    if x0 < x1 and y0 < y1:
        canvas[y0:y1, x0:x1] = block[y0 - top : y1 - top, x0 - left : x1 - left]
        identities[y0:y1, x0:x1] = 0


def _paint_actor(
    canvas: Pixels,
    identities: NDArray[np.uint8],
    actor: Actor,
    step: float,
    corner_px: NDArray[np.float64],
    zoom: float,
) -> None:
    """Blend a thing's sprite at its sub-pixel place; the background gives way by its alpha."""
    local = min(int(step) - actor.first_step, len(actor.path.scale) - 1)
    side = actor.side * float(actor.path.scale[max(local, 0)]) * VIEW_HEIGHT * zoom
    x, y = (actor.position_at(step) * VIEW_HEIGHT - corner_px) * zoom - side / 2
    left, top = int(np.floor(x)), int(np.floor(y))
    size = int(np.ceil(side)) + 2
    height, width = identities.shape
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + size, width), min(top + size, height)
    if x0 >= x1 or y0 >= y1:
        return
    level = level_for(side)
    picture = sprite(actor.thing_at(int(step)), actor.texture_seed, level)
    ratio = level / side
    to_sprite = np.array(
        [[ratio, 0, (x0 - x + 0.5) * ratio - 0.5], [0, ratio, (y0 - y + 0.5) * ratio - 0.5]], np.float32
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    roi = (x1 - x0, y1 - y0)
    colour = cv2.warpAffine(picture.colour, to_sprite, roi, flags=flags)
    alpha = cv2.warpAffine(picture.alpha, to_sprite, roi, flags=flags)
    canvas[y0:y1, x0:x1] = canvas[y0:y1, x0:x1] * (1 - alpha[..., None]) + colour
    identities[y0:y1, x0:x1][alpha > 0.5] = mark(actor.identity)
