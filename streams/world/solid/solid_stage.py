"""Solid worlds: people, vehicles, animals and things on floor plans, seen by perspective cameras."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ....errors import SourceError
from ..camera import Optics, expose
from ..events import Thing, WorldEvent
from ..motion import STEP_HZ
from ..recipes import MIXTURES, Recipe, pick_scene
from ..stage import GLANCE, Picture, Sighting, SoundCue, Window, mark
from .backdrop import Backdrop, make_backdrop
from .bodies import Body, make_body
from .casting import Casting
from .cues import cues_of
from .dirt import margin_of, pick_shake, rain_over, solid_optics, with_jumps
from .exposure import draw_meter, gain_of
from .faults import Faults, make_faults, no_faults
from .log import events_of
from .painter import Item, paint
from .scenes import SOLID_SCENES, SceneRecipe
from .sight import Sight, hide_carried, look_at
from .sites import Draw, Pace, Site
from .texture import HELD_OUT_GROUNDS
from .types import POSTURES, Cast, Floats, Lens, Pose
from .weather import Glass, draw_glass

_SEPARATE = 0.4  # share of worlds whose cameras look at plans of their own
_QUIET = 0.33  # share of worlds in which little happens
_RUSH_GAP_S, _BUSY_GAP_S, _QUIET_GAP_S = (
    (1.5, 5.0),
    (8.0, 17.0),
    (40.0, 75.0),
)  # between two visits to a camera
_COUNTING = 0.1  # share of worlds with several things of one name
_FAULTY = 0.12  # share of cameras with which something goes wrong now and then
# What can be taken away from the pictures: H.264, the sensor's noise, softness, swings and tints of the light, streaks of
# rain, dark corners and glare of the front glass, and frozen, black or lost pictures.
DIRT = ("codec", "noise", "blur", "light", "rain", "glass", "faults")
_BLACK = 6  # grey value of a camera that gives no picture


@dataclass(slots=True, eq=False)
class _Ground:
    """One plan with everything on it."""

    site: Site
    casting: Casting
    shake: Recipe
    is_dusk: bool
    rain: float
    bodies: dict[int, Body] = field(default_factory=dict)

    def body_of(self, cast: Cast) -> Body:
        if cast.identity not in self.bodies:
            self.bodies[cast.identity] = make_body(cast.look)
        return self.bodies[cast.identity]


@dataclass(slots=True, eq=False)
class _View:
    """What one camera needs to draw a frame."""

    ground: _Ground
    lens: Lens
    backdrop: Backdrop
    optics: Optics
    faults: Faults
    sights: list[Sight]
    noise_seed: int
    glass: Glass


class SolidStage:
    """One to four cameras on one plan or on several; see `stage.Stage`. The same arguments give the same stage.

    `scene` is a name of `SOLID_SCENES`, or the mixture `things`. With `unseen` most things are of pairs of kind and
    colour that training never contains; with `rush` visits follow each other closely; with `strange`
    grounds and clothes have textures that training never contains. Raises SourceError for another scene.
    """

    bit_rate = (100e3, 1.5e6)
    h264_share = 0.6

    def __init__(
        self,
        seed: int,
        num_cameras: int,
        scene: str,
        duration_s: float,
        unseen: bool = False,
        rush: bool = False,
        strange: bool = False,
    ) -> None:
        rng = np.random.default_rng([seed, num_cameras, 21])
        self.scene, recipe = _pick(scene, rng)
        rng = np.random.default_rng([seed, num_cameras, 22, list(SOLID_SCENES).index(self.scene)])
        self.is_counting = bool(rng.random() < _COUNTING)
        num_steps = round(duration_s * STEP_HZ)
        grounds = _make_grounds(recipe, num_cameras, num_steps, unseen, rush, self.is_counting, rng)
        for ground in grounds if strange else ():
            _make_strange(ground, rng)
        self._views = [
            _make_view(ground, lens, num_steps, rng) for ground in grounds for lens in ground.site.lenses
        ]
        self.events: tuple[WorldEvent, ...] = _log(self._views)
        sights = [s for view in self._views for s in view.sights]
        castings = [g.casting for g in grounds]
        is_outdoors = grounds[0].site.plan.is_outdoors
        self.cues: tuple[SoundCue, ...] = cues_of(castings, sights, is_outdoors, num_steps, rng)

    def picture(self, camera: int, t_ns: int, window: Window = GLANCE) -> Picture:
        """What a camera (from 0) sees at a time; any order of calls gives the same pictures."""
        view = self._views[camera]
        step = view.faults.shown_at(t_ns * STEP_HZ / 1e9)
        is_black = view.faults.is_black_at(t_ns * STEP_HZ / 1e9)
        moment = t_ns // 1_000_000 if step == t_ns * STEP_HZ / 1e9 and not is_black else round(step * 1000)
        rng = np.random.default_rng([view.noise_seed, moment])
        if is_black:
            return _no_picture(view.optics, window, rng)
        shift_x, shift_y = (-float(v) for v in view.optics.shift_at(step))
        items = [
            Item(view.ground.body_of(s.cast), _pose(s.cast, step), mark(s.cast.identity))
            for s in _present(view, step)
        ]
        clean = paint(items, view.lens, view.ground.site.light, view.backdrop, window, (shift_x, shift_y))
        pixels = expose(clean.pixels.astype(np.float32), view.optics, step, rng)
        if view.ground.rain:
            pixels = rain_over(pixels, view.ground.rain, moment)
        pixels = view.glass.over(pixels, window)
        return Picture(pixels, clean.identities)

    def sightings(self, camera: int, t_ns: int) -> list[Sighting]:
        """What is in a camera's view, by identity; of a black picture nothing is."""
        view = self._views[camera]
        if view.faults.is_black_at(t_ns * STEP_HZ / 1e9):
            return []
        step = view.faults.shown_at(t_ns * STEP_HZ / 1e9)
        found = [s for sight in _present(view, step) if (s := _sighting(sight, step)) is not None]
        return sorted(found, key=lambda s: s.identity)

    def clean(self, dirt: str) -> None:
        """Take one of `DIRT` away; things move as before, and the log still tells what can be seen."""
        if dirt == "codec":
            self.h264_share = 0.0
        for view in self._views:
            optics, num_steps = view.optics, len(view.faults.shown)
            match dirt:
                case "noise":
                    optics.noise = 0.0
                case "blur":
                    optics.blur_px = 0.0
                case "light":
                    optics.light[:], optics.tint = 1.0, np.ones(3, np.float32)
                case "rain":
                    view.ground.rain = 0.0
                case "glass":
                    view.glass = Glass()
                case "faults":
                    view.faults = no_faults(num_steps)
        self.events = _log(self._views)


def _pick(scene: str, rng: np.random.Generator) -> tuple[str, SceneRecipe]:
    name = pick_scene(scene, rng) if scene in MIXTURES else scene
    if name not in SOLID_SCENES:
        raise SourceError(f"solid scene {name!r} is unknown: choose one of things, {', '.join(SOLID_SCENES)}")
    return name, SOLID_SCENES[name]


def _make_grounds(
    recipe: SceneRecipe,
    num_cameras: int,
    num_steps: int,
    unseen: bool,
    rush: bool,
    is_counting: bool,
    rng: np.random.Generator,
) -> list[_Ground]:
    """The plans of a world, filled with life."""
    is_separate = num_cameras > 1 and rng.random() < _SEPARATE
    gap_s = _QUIET_GAP_S if rng.random() < _QUIET else _BUSY_GAP_S
    mean_s = float(rng.uniform(*(_RUSH_GAP_S if rush else gap_s)))
    pace = Pace(min(mean_s, 1.2 * num_steps / STEP_HZ + 2.0))  # in a short world something should happen
    is_dusk, is_rainy = bool(rng.random() < recipe.dusk), bool(rng.random() < recipe.rain)
    identities = [1]
    grounds = []
    for cameras in [1] * num_cameras if is_separate else [num_cameras]:
        shake = pick_shake(recipe.shake, rng)
        draw = Draw(rng, cameras, pace, margin_of(shake), is_dusk)
        site = recipe.build(draw)
        casting = Casting(rng, num_steps, identities, unseen, is_counting, max_at_once=3 + 2 * cameras)
        site.populate(casting)
        rain = float(rng.uniform(15, 60)) if is_rainy and site.plan.is_outdoors else 0.0
        grounds.append(_Ground(site, casting, shake, draw.is_dusk, rain))
    return grounds


def _make_strange(ground: _Ground, rng: np.random.Generator) -> None:
    """Lay out the floor and dress the people as in no world of training."""
    site = ground.site
    site.plan = replace(site.plan, ground=str(rng.choice(HELD_OUT_GROUNDS)))
    for cast in ground.casting.casts:
        cast.look = replace(cast.look, is_strange=True)


def _make_view(ground: _Ground, lens: Lens, num_steps: int, rng: np.random.Generator) -> _View:
    optics = solid_optics(ground.shake, ground.is_dusk, num_steps, rng)
    has_faults = rng.random() < _FAULTY
    faults = make_faults(num_steps, rng.uniform(1.5, 6.0), rng) if has_faults else no_faults(num_steps)
    with_jumps(optics, faults.jump)
    plan, light = ground.site.plan, ground.site.light
    margin_px = int(np.abs(optics.shift).max()) + 2
    backdrop = make_backdrop(plan, lens, light, int(rng.integers(2**31)), margin_px)
    sights = _sights(ground, lens, optics.shift, backdrop)
    optics.light *= gain_of(sights, draw_meter(rng), num_steps, STEP_HZ)
    noise_seed = int(rng.integers(2**31))
    glass = draw_glass(np.random.default_rng([noise_seed, 9]))
    return _View(ground, lens, backdrop, optics, faults, sights, noise_seed, glass)


def _sights(ground: _Ground, lens: Lens, shift: Floats, backdrop: Backdrop) -> list[Sight]:
    is_in_room = _room_test(ground.site, lens)
    found = []
    for cast in ground.casting.casts:
        points = ground.body_of(cast).points
        sight = look_at(cast, points, lens, shift, backdrop.depth_at, is_in_room)
        if sight is not None:
            found.append(sight)
    hide_carried(found, ground.casting.carriers, lens.position)
    return sorted(found, key=lambda s: s.start)


def _room_test(site: Site, lens: Lens) -> Callable[[Floats], NDArray[np.bool_]]:
    """Which positions [S, 3] are in the room that the camera is in; outdoors all are."""
    for room in site.rooms:
        if bool(room.holds(lens.position)):
            return room.holds
    return lambda position: np.ones(len(position), bool)


def _log(views: list[_View]) -> tuple[WorldEvent, ...]:
    found: list[WorldEvent] = []
    for camera, view in enumerate(views):
        casting = view.ground.casting
        carried = frozenset(casting.carriers)
        found += events_of(camera, view.sights, casting.collisions, view.faults.shown, carried)
    return tuple(sorted(found, key=lambda e: (e.t_ns, -1 if e.camera is None else e.camera)))


def _present(view: _View, step: float) -> list[Sight]:
    return [s for s in view.sights if s.start <= step < s.end]


def _pose(cast: Cast, step: float) -> Pose:
    """How a body stands between two steps."""
    local = min(max(step - cast.first_step, 0.0), len(cast.position) - 1.0)
    low = int(local)
    high, share = min(low + 1, len(cast.position) - 1), local - low
    x, y, z = (float(v) for v in cast.position[low] + (cast.position[high] - cast.position[low]) * share)
    return Pose(
        x,
        y,
        z,
        heading=float(cast.heading[low] + (cast.heading[high] - cast.heading[low]) * share),
        phase=float(cast.phase[low] + (cast.phase[high] - cast.phase[low]) * share),
        posture=POSTURES[cast.posture[low]],
        lights=cast.lights,
    )


def _sighting(sight: Sight, step: float) -> Sighting | None:
    """How a body is seen; None while nothing of it is in the frame, or all of it behind a door."""
    local = min(int(step) - sight.start, len(sight.frame) - 1)
    if max(sight.frame[local] * sight.is_here[local], sight.seen[local]) <= 0:
        return None
    x0, y0, x1, y1 = (float(v) for v in sight.box[local])
    cast = sight.cast
    return Sighting(
        identity=cast.identity,
        thing=Thing(cast.look.colour, cast.look.kind),
        x=(x0 + x1) / 2,
        y=(y0 + y1) / 2,
        side=float(np.sqrt(max(x1 - x0, 0) * max(y1 - y0, 0))),
        share=float(sight.seen[local]),
        is_moving=bool(cast.is_moving[sight.start + local - cast.first_step]),
    )


def _no_picture(optics: Optics, window: Window, rng: np.random.Generator) -> Picture:
    black = np.full((window.height, window.width, 3), _BLACK, np.uint8)
    noise = rng.integers(0, 1 + round(optics.noise), black.shape, np.uint8)
    return Picture(black + noise, np.zeros(black.shape[:2], np.uint8))
