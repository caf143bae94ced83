"""What the parts of a solid world hand each other: lens, plan, bodies and their poses. Metres, radians, z up."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ...media import VIEW_HEIGHT, VIEW_WIDTH

Floats = NDArray[np.float64]
RGB = tuple[float, float, float]  # 0..255
POSTURES = ("stand", "walk", "sit", "carry")
NEAR_M = 0.05  # what is nearer to the lens is not drawn


@dataclass(frozen=True, slots=True, eq=False)
class Lens:
    """A perspective camera. Camera axes: x right, y down, z forward."""

    position: Floats  # [3]
    rotation: Floats  # [3, 3] world to camera
    focal_px: float  # in pixels of the view (160 wide)
    k1: float = 0.0  # radial distortion: r' = r (1 + k1 r^2), r in focal lengths

    @staticmethod
    def looking(
        position: Floats, target: Floats, focal_px: float, k1: float = 0.0, roll: float = 0.0
    ) -> Lens:
        """A camera at `position` that looks at `target` [3], its horizon level but for `roll` radians."""
        forward = target - position
        forward = forward / np.linalg.norm(forward)
        up = np.array([0.0, 0.0, 1.0]) if abs(forward[2]) < 0.999 else np.array([0.0, 1.0, 0.0])
        right = np.cross(forward, up)
        right /= np.linalg.norm(right)
        down = np.cross(forward, right)
        right, down = np.cos(roll) * right + np.sin(roll) * down, np.cos(roll) * down - np.sin(roll) * right
        return Lens(np.asarray(position, float), np.stack([right, down, forward]), focal_px, k1)

    def project(self, points: Floats) -> tuple[Floats, Floats]:
        """World points [..., 3] to pixels of the view [..., 2] and depths [...] in metres; behind is depth <= 0."""
        local = (points - self.position) @ self.rotation.T
        depth = local[..., 2]
        flat = local[..., :2] / np.maximum(depth, NEAR_M)[..., None]
        if self.k1:
            radius2 = (flat**2).sum(-1, keepdims=True)
            flat = flat * (1 + self.k1 * np.minimum(radius2, 1.5))
        return flat * self.focal_px + np.array([VIEW_WIDTH / 2, VIEW_HEIGHT / 2]), depth


@dataclass(frozen=True, slots=True)
class Slab:
    """Something upright that does not move: furniture, a pillar, a counter, a parked block, a table top."""

    x: float  # of its middle
    y: float
    width: float  # along x before it is turned by heading
    depth: float
    height: float
    heading: float = 0.0
    base: float = 0.0  # height of its underside
    colour: RGB = (120.0, 110.0, 100.0)


@dataclass(frozen=True, slots=True)
class Wall:
    """A wall between two points of the plan, with doors as (from, to) in metres along it."""

    x0: float
    y0: float
    x1: float
    y1: float
    height: float = 2.8
    colour: RGB = (170.0, 165.0, 158.0)
    doors: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """The unmoving part of a scene. The ground is endless, at z = 0; beyond walls and ground is sky or dark."""

    ground: (
        str  # tiles, wood, carpet, concrete, asphalt, grass, belt, cloth; never in training: pavers, marble
    )
    ground_colour: RGB
    walls: tuple[Wall, ...] = ()
    slabs: tuple[Slab, ...] = ()
    markings: tuple[tuple[float, float, float, float, float], ...] = ()  # painted lines x0, y0, x1, y1, width
    is_outdoors: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """How one body looks, for its whole life. `colour` names what a sentence would: clothes, paint, fur, material."""

    kind: str  # one of events.THINGS, or "hand" (a forearm with a hand)
    colour: str
    seed: int  # draws everything else: trousers, hair, skin, bag, texture, exact shade, proportions
    scale: float = 1.0
    is_strange: bool = False  # dressed as nobody is in training


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a body is and how it holds itself."""

    x: float
    y: float
    z: float  # height of the point it stands on
    heading: float  # 0 along x, anticlockwise
    phase: float = 0.0  # of the gait or of wheels, radians
    posture: str = "stand"
    lights: bool = False  # of vehicles


@dataclass(frozen=True, slots=True)
class Light:
    """The light of a moment."""

    direction: tuple[float, float, float] = (0.4, 0.3, -0.85)  # in which it falls, unit length
    ambient: float = 0.55  # share of the light that comes from everywhere
    level: float = 1.0  # gain of the whole picture; dusk is below 0.5
    shadow: float = 0.35  # darkness of shadows on the ground, 0..1
    gloss: float = 0.0  # strength of reflections on the ground, 0..1


@dataclass(slots=True)
class Cast:
    """One body over the whole world: arrays by step of its life; the truth from which pose and log are read."""

    identity: int
    look: Look
    first_step: int
    position: Floats  # [S, 3]
    heading: Floats  # [S]
    is_moving: NDArray[np.bool_]  # [S]
    posture: NDArray[np.int8]  # [S] index into POSTURES
    came_by_door: bool = False
    leaves_by_door: bool = False
    phase: Floats = field(default_factory=lambda: np.zeros(0))  # [S]; from the way made, unless given
    lights: bool = False
