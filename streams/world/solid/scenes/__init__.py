"""Named solid scenes: how a plan is drawn and filled, how hard it is, and whether training may see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..sites import Draw, Site
from .conveyor import conveyor
from .corridor import corridor
from .crossing import crossing
from .desk import desk
from .loading import loading
from .lobby import lobby
from .parking import parking
from .yard import yard


@dataclass(frozen=True, slots=True)
class SceneRecipe:
    """One kind of scene; `build` draws a plan of it with its cameras."""

    build: Callable[[Draw], Site]
    difficulty: int  # 1 easy .. 5 hard
    held_out: bool = False  # never trained on
    dusk: float = 0.0  # share of worlds at dusk
    rain: float = 0.0
    shake: float = 0.12  # share of cameras that tremble or pan


SOLID_SCENES: dict[str, SceneRecipe] = {
    "lobby": SceneRecipe(lobby, difficulty=3, dusk=0.15),
    "crossing": SceneRecipe(crossing, difficulty=4, dusk=0.25, rain=0.12, shake=0.25),
    "parking": SceneRecipe(parking, difficulty=2, dusk=0.2, rain=0.1, shake=0.2),
    "conveyor": SceneRecipe(conveyor, difficulty=2, dusk=0.08, shake=0.05),
    "desk": SceneRecipe(desk, difficulty=1, dusk=0.12, shake=0.06),
    "yard": SceneRecipe(yard, difficulty=3, dusk=0.15, rain=0.08, shake=0.2),
    "corridor": SceneRecipe(corridor, difficulty=4, held_out=True, dusk=0.15),
    "loading": SceneRecipe(loading, difficulty=5, held_out=True, dusk=0.75, rain=0.1),
}
