"""The scenes there are, a line each."""

from __future__ import annotations

from inspect import getdoc

from rich.table import Table

from ...streams.world.recipes import HELD_OUT_SCENES, MIXTURES, SCENES
from ...streams.world.solid.scenes import SOLID_SCENES

_SHAPES = {
    "easy": "One or two shapes that come, go, stop and change their colour; a still camera.",
    "standard": "Up to four shapes at once; pillars to hide behind, light that drifts.",
    "busy": "Three to six small shapes, some of which bounce off each other.",
    "shaky": "A camera that trembles and pans.",
    "dim": "Little light and much noise.",
    "overlap": "Cameras that overlap on one floor: the same shape is seen twice.",
    "quiet": "Minutes in which little happens, to ask about long afterwards.",
    "clash": "Large shapes that bump into each other and change their colours.",
}
_MIXTURES = {"mixed": "of shapes", "things": "of people, vehicles and things", "all": "of both"}


def scene_table() -> Table:
    """All names for `--scene`: what each shows and how hard it is."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("scene", no_wrap=True, style="bold")
    table.add_column("difficulty", no_wrap=True)
    table.add_column("what it shows")
    for name, recipe in SOLID_SCENES.items():
        held_out = " Never trained on." if name in HELD_OUT_SCENES else ""
        table.add_row(
            name, f"{recipe.difficulty} of 5", (getdoc(recipe.build) or "").split("\n")[0] + held_out
        )
    for name in SCENES:
        table.add_row(name, "shapes", _SHAPES.get(name, "Abstract shapes."))
    for name, weights in MIXTURES.items():
        table.add_row(
            name, "mixture", f"One {_MIXTURES.get(name, 'of several')}, by the seed: {', '.join(weights)}."
        )
    return table
