"""How large things are, in metres, before a look scales them."""

from __future__ import annotations

import numpy as np

from .types import Floats, Look

# Length along the heading, width across it, height.
SIZES: dict[str, tuple[float, float, float]] = {
    "person": (0.35, 0.5, 1.74),
    "car": (4.4, 1.8, 1.45),
    "van": (5.2, 2.0, 2.2),
    "bicycle": (1.75, 0.5, 1.7),
    "dog": (0.85, 0.28, 0.6),
    "cat": (0.5, 0.18, 0.3),
    "box": (0.4, 0.32, 0.28),
    "bottle": (0.07, 0.07, 0.25),
    "ball": (0.22, 0.22, 0.22),
    "cup": (0.09, 0.09, 0.1),
    "hand": (0.35, 0.1, 0.1),
}
# Turn of the gait or of the wheels for each metre of the way.
RADIANS_PER_M = {"person": 4.2, "dog": 7.0, "cat": 12.0, "bicycle": 2.9, "car": 3.1, "van": 2.9, "ball": 9.1}
VEHICLES = ("car", "van", "bicycle")


def box_points(look: Look) -> Floats:
    """Sample points [P, 3] of a box of a thing's size, in its own frame: x ahead, z up from where it stands."""
    length, width, height = (v * look.scale for v in SIZES[look.kind])
    x, y, z = np.meshgrid(*(np.linspace(-0.5, 0.5, n) for n in (3, 3, 4)), indexing="ij")
    grid = np.stack([x.ravel() * length, y.ravel() * width, (z.ravel() + 0.5) * height], 1)
    return np.asarray(grid)
