"""A world: floors, things, cameras and sound for some seconds, all from one seed, with the exact log of events."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from ..media import VIEW_HEIGHT, VIEW_WIDTH
from .camera import MARGIN_PX, Optics, cameras_on, expose, make_optics
from .events import WorldEvent
from .floor import Actor, Collision, nearest_colours, populate
from .log import events_of
from .motion import STEP_HZ, Floor
from .paint import Pixels, background, level_for, occluder, sprite
from .recipes import Recipe, pick_recipe
from .sound import Soundtrack, make_soundtrack


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One rendered frame of one camera, with its truth."""

    pixels: NDArray[np.uint8]  # [96, 160, 3] RGB
    identities: NDArray[np.uint8]  # [96, 160]: identity of the thing seen at each pixel, 0 for background


@dataclass(slots=True)
class _View:
    """What one camera needs to draw a frame."""

    floor_index: int
    optics: Optics
    room: Pixels  # [H, W, 3] background around the view, MARGIN_PX wider on every side
    pillar: tuple[int, int, NDArray[np.float32]] | None
    noise_seed: int


@dataclass(slots=True, eq=False)
class World:
    """One to four cameras and a microphone for `duration_s` seconds. The same arguments give the same world.

    `scene` is a recipe's name or `mixed`. `events` is the exact log, in order of time.
    Raises SourceError for an unknown scene.
    """

    seed: int
    num_cameras: int = 4
    scene: str = "mixed"
    duration_s: float = 30.0
    recipe: Recipe = field(init=False)
    events: tuple[WorldEvent, ...] = field(init=False)
    soundtrack: Soundtrack = field(init=False)
    actors: list[list[Actor]] = field(init=False)  # by floor
    _views: list[_View] = field(init=False)

    def __post_init__(self) -> None:
        rng = np.random.default_rng([self.seed, self.num_cameras])
        self.scene, self.recipe = pick_recipe(self.scene, rng)
        num_steps = round(self.duration_s * STEP_HZ)
        floors, floor_of, corners = cameras_on(self.num_cameras, rng.random() < self.recipe.shared_floor, rng)
        rooms = [_make_room(floor, self.recipe, rng) for floor in floors]
        populations = [
            populate(floor, self.recipe, num_steps, nearest_colours(float(room.mean())), rng)
            for floor, room in zip(floors, rooms, strict=True)
        ]
        self.actors = [actors for actors, _ in populations]
        self._views = [
            _make_view(floor_of[c], corners[c], rooms[floor_of[c]], self.recipe, num_steps, rng)
            for c in range(self.num_cameras)
        ]
        self.soundtrack = make_soundtrack(self.recipe, self.duration_s, rng)
        self.events = self._log([collisions for _, collisions in populations], num_steps)

    def picture(self, camera: int, t_ns: int) -> Picture:
        """What a camera (from 0) sees at a time; any order of calls gives the same pictures."""
        view, step = self._views[camera], t_ns * STEP_HZ / 1e9
        shift = view.optics.shift_at(step)
        canvas = _crop(view.room, shift)
        identities = np.zeros((VIEW_HEIGHT, VIEW_WIDTH), np.uint8)
        corner_px = view.optics.corner * VIEW_HEIGHT + shift
        for actor in self._present(view.floor_index, step):
            _paint_actor(canvas, identities, actor, step, corner_px)
        if view.pillar is not None:
            x, y, block = view.pillar
            canvas[y : y + block.shape[0], x : x + block.shape[1]] = block
            identities[y : y + block.shape[0], x : x + block.shape[1]] = 0
        rng = np.random.default_rng([view.noise_seed, t_ns // 1_000_000])
        return Picture(expose(canvas, view.optics, step, rng), identities)

    def actor_by_identity(self, camera: int) -> dict[int, Actor]:
        """The things that may appear in a camera's masks."""
        return {actor.identity: actor for actor in self.actors[self._views[camera].floor_index]}

    def to_view(self, camera: int, position: NDArray[np.float64], step: float) -> NDArray[np.float64]:
        """A place on the floor [2] in the pixels (x, y) of a camera's picture."""
        optics = self._views[camera].optics
        return np.asarray((position - optics.corner) * VIEW_HEIGHT - optics.shift_at(step))

    def _present(self, floor_index: int, step: float) -> list[Actor]:
        here = [a for a in self.actors[floor_index] if a.first_step <= step < a.end_step]
        return sorted(here, key=lambda a: -a.depth)

    def _log(self, collisions: list[list[Collision]], num_steps: int) -> tuple[WorldEvent, ...]:
        found = list(self.soundtrack.events)
        for camera, view in enumerate(self._views):
            found += events_of(
                camera, self.actors[view.floor_index], collisions[view.floor_index], view.optics, num_steps
            )
        return tuple(sorted(found, key=lambda e: (e.t_ns, -1 if e.camera is None else e.camera)))


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


def _crop(room: Pixels, shift: NDArray[np.float64]) -> Pixels:
    """The view out of its room, moved by `shift` pixels (bilinear between pixels)."""
    x, y = MARGIN_PX + shift[0], MARGIN_PX + shift[1]
    if not shift.any():
        return room[MARGIN_PX : MARGIN_PX + VIEW_HEIGHT, MARGIN_PX : MARGIN_PX + VIEW_WIDTH].copy()
    matrix = np.array([[1, 0, x], [0, 1, y]], np.float32)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(room, matrix, (VIEW_WIDTH, VIEW_HEIGHT), flags=flags), np.float32)


def _paint_actor(
    canvas: Pixels, identities: NDArray[np.uint8], actor: Actor, step: float, corner_px: NDArray[np.float64]
) -> None:
    """Blend a thing's sprite at its sub-pixel place; the background gives way by its alpha."""
    local = min(int(step) - actor.first_step, len(actor.path.scale) - 1)
    side = actor.side * float(actor.path.scale[max(local, 0)]) * VIEW_HEIGHT
    x, y = actor.position_at(step) * VIEW_HEIGHT - corner_px - side / 2
    left, top = int(np.floor(x)), int(np.floor(y))
    size = int(np.ceil(side)) + 2
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + size, VIEW_WIDTH), min(top + size, VIEW_HEIGHT)
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
    identities[y0:y1, x0:x1][alpha > 0.5] = actor.identity
