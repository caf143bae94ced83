"""Named scenes: how many things, how they move, and how dirty the pictures are."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ...errors import SourceError

Range = tuple[float, float]
MOTIONS = ("cross", "bounce", "stop_and_go", "circle", "approach")


@dataclass(frozen=True, slots=True)
class Recipe:
    """Ranges from which a scene is drawn; lengths in picture heights, times in seconds, levels in grey values."""

    lanes: tuple[int, int] = (1, 2)  # things at once, a floor
    side: Range = (0.091, 0.5)  # of a thing's square: 0.5 % to 15 % of the picture
    speed: Range = (0.2, 0.9)
    rest_s: Range = (0.8, 4.0)
    gap_s: Range = (0.4, 3.0)
    motions: tuple[str, ...] = MOTIONS
    motion_weights: tuple[float, ...] = (0.3, 0.12, 0.36, 0.1, 0.12)
    recolour: float = 0.06  # share of things that change their colour
    solid: float = 0.15  # share of floors on which things bounce off each other
    shared_floor: float = 0.0  # share of worlds whose cameras overlap on one floor
    clutter: tuple[int, int] = (0, 6)
    occluder: float = 0.1
    jitter_px: Range = (0.0, 0.0)
    pan_px_s: Range = (0.0, 0.0)
    gain: Range = (0.75, 1.15)
    drift: Range = (0.0, 0.08)  # amplitude of a slow swing of the light
    flicker: Range = (0.0, 0.015)
    noise: Range = (0.0, 5.0)
    blur_px: Range = (0.0, 0.8)
    bit_rate: Range = (60e3, 900e3)  # at 160x96; drawn log-uniform
    h264: float = 0.5  # share of clips that go through a real encoder
    sounds_per_s: float = 0.1
    hiss: Range = (0.0005, 0.008)


EASY = Recipe()
SCENES: dict[str, Recipe] = {
    "easy": EASY,
    "standard": replace(EASY, lanes=(1, 4), occluder=0.25, shared_floor=0.2, drift=(0.0, 0.15)),
    "busy": replace(EASY, lanes=(3, 6), side=(0.091, 0.36), solid=0.3, clutter=(2, 10)),
    "shaky": replace(EASY, lanes=(1, 3), jitter_px=(0.3, 1.5), pan_px_s=(0.0, 3.0)),
    "dim": replace(
        EASY, lanes=(1, 3), gain=(0.35, 0.65), noise=(4.0, 10.0), drift=(0.1, 0.25), blur_px=(0.4, 1.2)
    ),
    "overlap": replace(EASY, lanes=(2, 4), shared_floor=1.0),
}
# Minutes in which little happens: what memory over long delays is asked about.
SCENES["quiet"] = replace(EASY, gap_s=(8.0, 60.0), sounds_per_s=0.03)
SCENES["clash"] = replace(EASY, lanes=(3, 5), side=(0.12, 0.36), solid=1.0, recolour=0.5)

SHAPE_MIX = {"easy": 0.4, "standard": 0.25, "busy": 0.1, "shaky": 0.08, "dim": 0.07, "overlap": 0.1}
THINGS_MIX = {"lobby": 0.18, "crossing": 0.18, "parking": 0.13, "conveyor": 0.12, "desk": 0.19, "yard": 0.2}
HELD_OUT_SCENES = ("corridor", "loading")  # recipes that training never sees
MIXTURES = {
    "mixed": SHAPE_MIX,
    "things": THINGS_MIX,
    "all": {name: weight / 2 for name, weight in (SHAPE_MIX | THINGS_MIX).items()},
}
SCENE_NAMES = (*SCENES, *THINGS_MIX, *HELD_OUT_SCENES)


def pick_scene(name: str, rng: np.random.Generator) -> str:
    """The scene of that name; the name of a mixture draws one of its scenes. Raises SourceError for another name."""
    if name in MIXTURES:
        return str(rng.choice(list(MIXTURES[name]), p=list(MIXTURES[name].values())))
    if name not in SCENE_NAMES:
        choices = ", ".join((*MIXTURES, *SCENE_NAMES))
        raise SourceError(f"world scene {name!r} is unknown: choose one of {choices}")
    return name
