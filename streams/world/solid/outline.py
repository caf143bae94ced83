"""From a body and its pose to outlines on the canvas: polygons in sub-pixels, with shaded colours, in order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .bodies import Body
from .shape import Shape
from .types import NEAR_M, Floats, Lens, Light, Pose

SHIFT_BITS = 4  # of sub-pixel positions in OpenCV's drawing
_REACH = 6000.0  # canvas pixels; coordinates beyond are cut, so that they fit
_TURN = np.linspace(0.5 * np.pi, 1.5 * np.pi, 9)
_COS, _SIN = np.concatenate([np.cos(_TURN), -np.cos(_TURN)]), np.concatenate([np.sin(_TURN), -np.sin(_TURN)])
_ARC = np.stack([_COS, _SIN], 1)  # [18, 2] around a capsule: first half about its start, second about its end
_CORE_SHARES = (0.74, 0.44)  # widths of the outer and the inner core of a capsule
_SMALL_PX, _LARGE_PX = 1.2, 5.0  # capsules thinner than this get no core; thicker than that get two
_FACINGS = np.array([-0.25, 0.45, 0.9])  # of the rim of a capsule, its outer and its inner core


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the canvas lies: canvas pixel = view pixel * scale + offset."""

    scale: float
    offset: Floats  # [2]
    width: int
    height: int

    def project(self, local: Floats, lens: Lens) -> Floats:
        """Points [..., 3] in the axes of the camera to canvas pixels [..., 2], pixel centres at integers."""
        flat = local[..., :2] / np.maximum(local[..., 2:], NEAR_M)
        if lens.k1:
            flat *= 1 + lens.k1 * np.minimum((flat * flat).sum(-1, keepdims=True), 1.5)
        return np.asarray(flat * (lens.focal_px * self.scale) + self.offset)


Core = tuple[
    NDArray[np.int32], list[float], NDArray[np.int32] | None, list[float]
]  # outer, inner and their colours


@dataclass(slots=True, eq=False)
class Outlines:
    """One body's parts on the canvas. A part is a polygon and its colour; None for one that faces away."""

    parts: list[NDArray[np.int32] | None]
    colours: list[list[float]]  # red, green, blue, identity
    cores: dict[int, Core]  # lighter insides of capsules, by part
    order: list[tuple[int, ...]]  # groups of parts, far to near
    box: tuple[int, int, int, int]  # x0, y0, x1, y1 on the canvas, cut to it
    reach: float  # metres by which the body comes nearer to the camera than its upright axis


def to_camera(body: Body, pose: Pose, lens: Lens, points: Floats) -> Floats:
    """A body's own points [P, 3] in the axes of the camera."""
    c, s = np.cos(pose.heading), np.sin(pose.heading)
    turned = lens.rotation @ np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
    return np.asarray(
        points @ turned.T + lens.rotation @ (np.array([pose.x, pose.y, pose.z]) - lens.position)
    )


def outline(
    body: Body, pose: Pose, lens: Lens, frame: Frame, light: Light, identity: int, mirror: bool = False
) -> Outlines | None:
    """All parts of a body on the canvas, None where nothing of it is on it; `mirror` turns it upside down."""
    shape, points = body.shape_for(pose), body.posed(pose)
    if mirror:
        points = points * [1.0, 1.0, -1.0]
    local = to_camera(body, pose, lens, points)
    flat = frame.project(local, lens)
    box = _box(flat, local, shape, lens.focal_px * frame.scale, frame)
    if box is None:
        return None
    towards = _light_in_body(light, pose)
    parts, colours = _faces(shape, flat, local, towards, light, mirror, identity)
    rods, cores = _capsules(shape, flat, local, lens, frame, light)
    shaded, half, lit = (
        _stamped(shape.capsule_colour, light_on(facing, light), identity) for facing in _FACINGS
    )
    depths = local[shape.keys, 2]
    order = sorted(range(len(shape.groups)), key=(-depths).tolist().__getitem__)
    return Outlines(
        parts=parts + rods,
        colours=colours + shaded,
        cores={len(parts) + n: (outer, half[n], inner, lit[n]) for n, (outer, inner) in cores.items()},
        order=[shape.groups[n] for n in order],
        box=box,
        reach=_reach(points, lens, pose),
    )


def _box(
    flat: Floats, local: Floats, shape: Shape, focal: float, frame: Frame
) -> tuple[int, int, int, int] | None:
    ahead = local[:, 2] > NEAR_M
    if not ahead.all():
        if not ahead.any():
            return None
        flat = flat[ahead]
    low, high = flat.min(0), flat.max(0)
    pad = 2.0
    if len(shape.radii):
        pad += float(shape.radii.max()) * focal / max(float(local[:, 2].min()), NEAR_M)
    x0, y0 = max(int(low[0] - pad), 0), max(int(low[1] - pad), 0)
    x1, y1 = min(int(high[0] + pad) + 2, frame.width), min(int(high[1] + pad) + 2, frame.height)
    return (x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None


def light_on(facing: Floats, light: Light) -> Floats:
    """Gain of surfaces by the cosine between their normal and the way to the light.

    Wrapped around (as half-Lambert does), since walls and ground throw light back on what faces away.
    """
    return np.asarray(light.ambient + (1 - light.ambient) * (0.5 + 0.5 * facing) ** 1.3)


def _light_in_body(light: Light, pose: Pose) -> Floats:
    """Unit vector to where the light comes from, in the body's frame."""
    x, y, z = light.direction
    c, s = np.cos(pose.heading), np.sin(pose.heading)
    return np.array([-(c * x + s * y), -(-s * x + c * y), -z])


def _faces(
    shape: Shape, flat: Floats, local: Floats, towards: Floats, light: Light, mirror: bool, identity: int
) -> tuple[list[NDArray[np.int32] | None], list[list[float]]]:
    if not len(shape.faces):
        return [], []
    corners = flat[shape.faces]
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 1]
    turn = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    # On the canvas y points down: a face whose corners run clockwise there is seen from its front.
    is_seen = (turn > 0 if mirror else turn < 0) | shape.is_two_sided
    if float(local[:, 2].min()) <= NEAR_M:
        is_seen &= (local[shape.faces, 2] > NEAR_M).all(1)
    gain = light_on(shape.normals @ towards, light)
    gain[shape.is_bare] = 1.0
    colours = _stamped(shape.face_colour, gain[:, None], identity)
    fixed = _fixed(corners)
    return [fixed[n] if seen else None for n, seen in enumerate(is_seen.tolist())], colours


def _capsules(
    shape: Shape, flat: Floats, local: Floats, lens: Lens, frame: Frame, light: Light
) -> tuple[list[NDArray[np.int32] | None], dict[int, tuple[NDArray[np.int32], NDArray[np.int32] | None]]]:
    if not len(shape.ends):
        return [], {}
    ends, depth = flat[shape.ends], local[shape.ends, 2]
    radii = shape.radii * (lens.focal_px * frame.scale) / np.maximum(depth, NEAR_M)
    along = ends[:, 1] - ends[:, 0]
    length = np.sqrt((along * along).sum(1, keepdims=True))
    along = np.where(length > 1e-6, along / np.maximum(length, 1e-6), [1.0, 0.0])
    across = along[:, ::-1] * [-1.0, 1.0]
    rim = _ARC[None, :, :1] * along[:, None] + _ARC[None, :, 1:] * across[:, None]
    half = len(_ARC) // 2
    centre, radius = np.repeat(ends, half, 1), np.repeat(radii, half, 1)[..., None]
    is_ahead = (depth > NEAR_M).all(1)
    hull = _fixed(centre + rim * radius)
    rods = [points if ahead else None for points, ahead in zip(hull, is_ahead.tolist(), strict=True)]
    from_light = lens.rotation[:2] @ np.asarray(light.direction)
    outer, inner = (
        _fixed(centre + (rim * share - from_light * (0.8 * (1 - share))) * radius) for share in _CORE_SHARES
    )
    widest = radii.max(1)
    thick = (widest > _LARGE_PX).tolist()
    some = np.flatnonzero(is_ahead & (widest > _SMALL_PX)).tolist()
    return rods, {n: (outer[n], inner[n] if thick[n] else None) for n in some}


def _stamped(colours: Floats, gain: Floats | float, identity: int) -> list[list[float]]:
    """Colours [N, 3] times a gain, with the identity as the fourth."""
    stamped = np.full((len(colours), 4), float(identity))
    np.minimum(colours * gain, 255.0, out=stamped[:, :3])
    stamped_list: list[list[float]] = stamped.tolist()
    return stamped_list


def _reach(points: Floats, lens: Lens, pose: Pose) -> float:
    """Metres towards the camera, along its axis, that the body's ground plan takes from its middle."""
    c, s = np.cos(pose.heading), np.sin(pose.heading)
    x, y = float(lens.rotation[2, 0]), float(lens.rotation[2, 1])
    return float((np.abs(points[:, 0] * (c * x + s * y) + points[:, 1] * (c * y - s * x))).max())


def _fixed(points: Floats) -> NDArray[np.int32]:
    """Canvas pixels to the fixed-point numbers of OpenCV."""
    fixed = points * (1 << SHIFT_BITS)
    limit = _REACH * (1 << SHIFT_BITS)
    return np.maximum(np.minimum(fixed, limit, out=fixed), -limit, out=fixed).astype(np.int32)
