"""One plan with its cameras: what a scene's builder hands to the stage, and geometry that scenes share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ...media import VIEW_HEIGHT, VIEW_WIDTH
from ..motion import STEP_HZ
from .casting import Casting
from .sizes import box_points
from .types import Floats, Lens, Light, Look, Plan, Slab

_MARCH_M = 0.03  # relative step of the search for a point out of all pictures
_FARTHEST_M = 60.0


@dataclass(frozen=True, slots=True)
class Rect:
    """An upright rectangle of the plan: a room."""

    x0: float
    y0: float
    x1: float
    y1: float

    def holds(self, position: Floats) -> np.ndarray:
        """Whether points [..., 2 or 3] lie inside."""
        x, y = position[..., 0], position[..., 1]
        return np.asarray((x > self.x0) & (x < self.x1) & (y > self.y0) & (y < self.y1))


@dataclass(frozen=True, slots=True)
class Pace:
    """How busy a world is: seconds between visits to one camera, before each scene's own measure."""

    gap_s: float


@dataclass(slots=True, eq=False)
class Draw:
    """What a scene's builder draws from."""

    rng: np.random.Generator
    num_cameras: int
    pace: Pace
    margin_px: float = 6.0  # how far out of the picture a body must be to come and go unseen
    is_dusk: bool = False

    def uniform(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))

    def chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def pick(self, *options: str, p: Sequence[float] | None = None) -> str:
        return str(self.rng.choice(options, p=p))

    def gap_steps(self, factor: float = 1.0) -> int:
        """Steps to the next visit: half of the mean for sure, the other half by chance."""
        mean = self.pace.gap_s * factor
        return max(1, round((0.5 * mean + self.rng.exponential(0.5 * mean)) * STEP_HZ))


@dataclass(slots=True, eq=False)
class Site:
    """One plan, its cameras, and how it fills with life."""

    plan: Plan
    lenses: list[Lens]
    light: Light
    populate: Callable[[Casting], None]
    rooms: tuple[Rect, ...] = field(default_factory=tuple)


def is_framed(lens: Lens, points: Floats, margin_px: float = 0.0) -> np.ndarray:
    """Which points [..., 3] fall into a lens's picture, widened by a margin."""
    pixels, depth = lens.project(points)
    x, y = pixels[..., 0], pixels[..., 1]
    wide = (x > -margin_px) & (x < VIEW_WIDTH + margin_px)
    return np.asarray((depth > 0.05) & wide & (y > -margin_px) & (y < VIEW_HEIGHT + margin_px))


def outside(
    lenses: Sequence[Lens], look: Look, start: Floats, way: Floats, margin_px: float
) -> Floats | None:
    """The nearest point [3] from `start` along `way` where no lens can see the body; None if there is none near."""
    way = way / np.linalg.norm(way)
    near = max(float(np.linalg.norm(lens.position - start)) for lens in lenses)
    step = min(max(_MARCH_M * near, 0.02), 0.3)
    gone = np.arange(1, 200) * step
    places = start + gone[:, None] * way
    angle = np.arctan2(way[1], way[0])
    turn = np.array([[np.cos(angle), np.sin(angle), 0], [-np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    body = box_points(look) @ turn
    seen = np.zeros(len(places), bool)
    for lens in lenses:
        seen |= is_framed(lens, places[:, None] + body[None], margin_px).any(1)
    if seen[-1]:
        return None
    last = int(np.flatnonzero(seen)[-1]) if seen.any() else -1
    return np.asarray(places[last + 1])


def covered(
    lenses: Sequence[Lens], look: Look, along: Floats, across: float, z: float, margin: float
) -> Floats:
    """Which places (x of `along`, y = across) any lens sees of a body there that looks along x."""
    places = np.stack([along, np.full(len(along), across), np.full(len(along), z)], 1)
    body = box_points(look)
    seen = np.zeros(len(along), bool)
    for lens in lenses:
        seen |= is_framed(lens, places[:, None] + body[None], margin).any(1)
    return seen


@dataclass(slots=True, eq=False)
class Strip:
    """A straight way along x that cameras see parts of: a lane, a pavement, a belt."""

    y: float
    xs: Floats
    seen: np.ndarray

    @staticmethod
    def of(
        lenses: Sequence[Lens], look: Look, y: float, margin: float, z: float = 0.0, step: float = 0.5
    ) -> Strip:
        """The strip at that y, as far as `_FARTHEST_M` beyond the outermost cameras."""
        middle = [float(lens.position[0]) for lens in lenses]
        reach = _FARTHEST_M if step > 0.2 else 8.0
        xs = np.arange(min(middle) - reach, max(middle) + reach, step)
        return Strip(y, xs, covered(lenses, look, xs, y, z, margin))

    def out(self, x: float, direction: int, is_far: bool) -> float:
        """The first x that no camera sees, from x on in a direction; with is_far behind the last camera's view."""
        ahead = (self.xs - x) * direction > 0
        seen = self.seen & ahead
        if not seen.any():
            return x
        order = np.flatnonzero(ahead)[::direction]
        states = self.seen[order]
        if is_far:
            last = int(np.flatnonzero(states)[-1])
        else:
            first = int(np.argmax(states))
            dark = np.flatnonzero(~states[first:])
            last = first + int(dark[0]) - 1 if len(dark) else len(states) - 1
        return float(self.xs[order[min(last + 1, len(order) - 1)]])


def is_free(point: tuple[float, float], slabs: Sequence[Slab], gap_m: float) -> bool:
    """Whether a point of the floor keeps its distance from all furniture."""
    return all(not _inside(np.array([point]), slab, gap_m).any() for slab in slabs)


def route(
    start: tuple[float, float],
    end: tuple[float, float],
    slabs: Sequence[Slab],
    room: Rect,
    rng: np.random.Generator,
) -> list[tuple[float, float]] | None:
    """Points of a way around the furniture of a room; None if chance finds none."""
    if _can_go(start, end, slabs):
        return [start, end]
    for _ in range(60):
        via = (
            float(rng.uniform(room.x0 + 0.4, room.x1 - 0.4)),
            float(rng.uniform(room.y0 + 0.4, room.y1 - 0.4)),
        )
        if is_free(via, slabs, 0.3) and _can_go(start, via, slabs) and _can_go(via, end, slabs):
            return [start, via, end]
    return None


def _can_go(a: tuple[float, float], b: tuple[float, float], slabs: Sequence[Slab]) -> bool:
    share = np.linspace(0, 1, 40)[:, None]
    line = np.array(a) + (np.array(b) - np.array(a)) * share
    return not any(_inside(line, slab, 0.25).any() for slab in slabs)


def _inside(points: Floats, slab: Slab, gap_m: float) -> np.ndarray:
    x, y = points[:, 0] - slab.x, points[:, 1] - slab.y
    c, s = np.cos(slab.heading), np.sin(slab.heading)
    along, across = np.abs(c * x + s * y), np.abs(-s * x + c * y)
    return np.asarray((along < slab.width / 2 + gap_m) & (across < slab.depth / 2 + gap_m))


def indoor_light(draw: Draw) -> Light:
    """Lamps on the ceiling, or a window at dusk."""
    x, y = draw.uniform(-0.3, 0.3), draw.uniform(-0.3, 0.3)
    return Light(
        direction=(x, y, -float(np.sqrt(1 - x * x - y * y))),
        ambient=draw.uniform(0.5, 0.75),
        level=draw.uniform(0.45, 0.7) if draw.is_dusk else draw.uniform(0.8, 1.1),
        shadow=draw.uniform(0.05, 0.4),
        gloss=draw.uniform(0.0, 0.35) if draw.chance(0.5) else 0.0,
    )


def outdoor_light(draw: Draw) -> Light:
    """Sun, clouds or dusk."""
    if draw.is_dusk:
        return Light(
            (0.2, 0.1, -0.97), draw.uniform(0.75, 0.95), draw.uniform(0.45, 0.75), 0.1, draw.uniform(0, 0.3)
        )
    is_sunny = draw.chance(0.5)
    angle, height = draw.uniform(0, 2 * np.pi), draw.uniform(0.5, 1.2)
    flat = float(np.cos(height))
    return Light(
        direction=(flat * float(np.cos(angle)), flat * float(np.sin(angle)), -float(np.sin(height))),
        ambient=draw.uniform(0.4, 0.6) if is_sunny else draw.uniform(0.65, 0.9),
        level=draw.uniform(0.8, 1.1),
        shadow=draw.uniform(0.3, 0.55) if is_sunny else draw.uniform(0.05, 0.25),
        gloss=draw.uniform(0.1, 0.4) if draw.chance(0.2) else 0.0,
    )


def muted(draw: Draw, low: float, high: float, tint: float = 10.0) -> tuple[float, float, float]:
    """A near-grey colour of the background."""
    level = draw.uniform(low, high)
    r, g, b = (float(np.clip(level + draw.rng.normal(0, tint), 5, 250)) for _ in range(3))
    return r, g, b


def aim(
    draw: Draw,
    position: tuple[float, float, float],
    target: tuple[float, float, float],
    focal: tuple[float, float],
) -> Lens:
    """A camera with some distortion, hung not quite level."""
    k1 = draw.uniform(-0.14, 0.0) if draw.chance(0.6) else 0.0
    roll = float(draw.rng.normal(0, 0.02))
    return Lens.looking(np.array(position), np.array(target), draw.uniform(*focal), k1, roll)
