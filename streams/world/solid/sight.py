"""What of a body a camera's picture holds, over the body's whole life: shares, outline, and in which room it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...media import VIEW_HEIGHT, VIEW_WIDTH
from .types import NEAR_M, Cast, Floats, Lens

DepthAt = Callable[
    [Floats], Floats
]  # pixels of the unmoved view [..., 2] to metres [...] of what stands there
_CHUNK = 400
_TOLERANCE = 0.03  # of the distance, by which a body may seem to be in the wall it touches


@dataclass(slots=True, eq=False)
class Sight:
    """One body in one camera's view; arrays over the L steps during which it is near the picture."""

    cast: Cast
    start: int  # step of the world at which the arrays begin
    frame: NDArray[np.float32]  # [L] share of it inside the picture's frame
    seen: NDArray[np.float32]  # [L] share inside and not hidden by what does not move
    box: NDArray[np.float32]  # [L, 4] x0, y0, x1, y1 of its outline in pixels of the view, not clipped
    is_here: NDArray[np.bool_]  # [L] whether it is in the room of the camera

    @property
    def end(self) -> int:
        return self.start + len(self.frame)

    @property
    def side(self) -> NDArray[np.float32]:
        """Square root of the area of the outline's box [L], in pixels of the view."""
        width, height = self.box[:, 2] - self.box[:, 0], self.box[:, 3] - self.box[:, 1]
        return np.asarray(np.sqrt(np.maximum(width * height, 0)))

    @property
    def presence(self) -> NDArray[np.float32]:
        """Share in the frame [L], or what can be seen while it is behind a door."""
        return np.where(self.is_here, self.frame, self.seen)


def look_at(
    cast: Cast,
    points: Floats,
    lens: Lens,
    shift: Floats,
    depth_at: DepthAt,
    is_in_room: Callable[[Floats], NDArray[np.bool_]],
) -> Sight | None:
    """The sight of a body with sample `points` [P, 3] by a camera whose picture is moved by `shift` [steps, 2].

    None if it never comes near the picture.
    """
    near = _near_steps(cast, points, lens)
    if near is None:
        return None
    part = slice(*near)
    position, heading = cast.position[part], cast.heading[part]
    fresh = np.ones(len(position), bool)
    fresh[1:] = (np.abs(np.diff(position, axis=0)).max(1) > 1e-6) | (np.abs(np.diff(heading)) > 1e-6)
    rows = np.cumsum(fresh) - 1
    pixels, is_ahead, is_open = _project(position[fresh], heading[fresh], points, lens, depth_at)
    start = cast.first_step + near[0]
    moved = shift[np.clip(np.arange(start, start + len(rows)), 0, len(shift) - 1)]
    frame, seen, box = _shares(pixels, is_ahead, is_open, rows, moved)
    if not frame.any():
        return None
    return Sight(cast, start, frame, seen, box, is_in_room(position))


def _near_steps(cast: Cast, points: Floats, lens: Lens) -> tuple[int, int] | None:
    """From the first to the last step at which the ball around a body may touch the picture."""
    middle = (points.max(0) + points.min(0)) / 2
    radius = float(np.linalg.norm(points - middle, axis=1).max())
    pixels, depth = lens.project(cast.position + np.array([0.0, 0.0, middle[2]]))
    reach = 1.4 * lens.focal_px * (radius + np.hypot(*middle[:2])) / np.maximum(depth - radius, 0.1) + 40
    x, y = pixels[:, 0], pixels[:, 1]
    inside = (x > -reach) & (x < VIEW_WIDTH + reach) & (y > -reach) & (y < VIEW_HEIGHT + reach)
    near = np.flatnonzero((depth > -radius) & (inside | (depth < 1.5 * radius)))
    return (int(near[0]), int(near[-1]) + 1) if len(near) else None


def _project(
    position: Floats, heading: Floats, points: Floats, lens: Lens, depth_at: DepthAt
) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.bool_]]:
    """Pixels [U, P, 2] of the points, whether they are before the lens, and whether nothing unmoving hides them."""
    pixels = np.empty((len(position), len(points), 2), np.float32)
    is_ahead = np.empty(pixels.shape[:2], bool)
    is_open = np.empty(pixels.shape[:2], bool)
    for start in range(0, len(position), _CHUNK):
        part = slice(start, start + _CHUNK)
        c, s = np.cos(heading[part])[:, None], np.sin(heading[part])[:, None]
        x, y = points[:, 0] * c - points[:, 1] * s, points[:, 0] * s + points[:, 1] * c
        world = np.stack([x, y, np.broadcast_to(points[:, 2], x.shape)], -1) + position[part, None]
        flat, depth = lens.project(world)
        pixels[part], is_ahead[part] = flat, depth > NEAR_M
        is_open[part] = depth < depth_at(flat) * (1 + _TOLERANCE) + 0.03
    return pixels, is_ahead, is_open


def _shares(
    pixels: NDArray[np.float32],
    is_ahead: NDArray[np.bool_],
    is_open: NDArray[np.bool_],
    rows: NDArray[np.intp],
    shift: Floats,
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    low = np.where(is_ahead[..., None], pixels, np.inf).min(1)
    high = np.where(is_ahead[..., None], pixels, -np.inf).max(1)
    has_any = np.asarray(is_ahead.any(1))[:, None]
    box = np.concatenate([np.where(has_any, low, -1e4), np.where(has_any, high, -1e4)], 1)[rows]
    box = box - np.concatenate([shift, shift], 1)
    if shift.any():
        frame, seen = np.empty(len(rows), np.float32), np.empty(len(rows), np.float32)
        for start in range(0, len(rows), _CHUNK):
            part = slice(start, start + _CHUNK)
            at = pixels[rows[part]] - shift[part, None].astype(np.float32)
            inside = _inside(at) & is_ahead[rows[part]]
            frame[part], seen[part] = inside.mean(1), (inside & is_open[rows[part]]).mean(1)
        return frame, seen, box.astype(np.float32)
    inside = _inside(pixels) & is_ahead
    frame = inside.mean(1).astype(np.float32)[rows]
    return frame, (inside & is_open).mean(1).astype(np.float32)[rows], box.astype(np.float32)


def _inside(pixels: NDArray[np.float32]) -> NDArray[np.bool_]:
    x, y = pixels[..., 0], pixels[..., 1]
    return (x >= 0) & (x < VIEW_WIDTH) & (y >= 0) & (y < VIEW_HEIGHT)


def hide_carried(sights: Sequence[Sight], carriers: dict[int, int], eye: Floats) -> None:
    """What someone carries is hidden while the back of whoever carries it is towards the lens at `eye` [3]."""
    loads = [s for s in sights if s.cast.identity in carriers]
    for load in loads:
        for other in sights:
            start, end = max(load.start, other.start), min(load.end, other.end)
            if other.cast.identity == carriers[load.cast.identity] and start < end:
                mine = slice(start - load.start, end - load.start)
                by = other.box[start - other.start : end - other.start]
                load.seen[mine] *= 1 - _overlap(load.box[mine], by) * _behind(
                    load.cast, other.cast, start, end, eye
                )


def _overlap(box: NDArray[np.float32], by: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much of a load's width its carrier covers, were the load behind."""
    width = np.maximum(box[:, 2] - box[:, 0], 1e-3)
    covered = np.minimum(box[:, 2], by[:, 2]) - np.maximum(box[:, 0], by[:, 0])
    return np.asarray(np.clip(covered / width, 0, 1), np.float32)


def _behind(load: Cast, carrier: Cast, start: int, end: int, eye: Floats) -> NDArray[np.float32]:
    """0 where the load is nearer to the lens than the middle of its carrier, 1 where it is an arm's length farther."""
    far = np.linalg.norm(load.position[start - load.first_step : end - load.first_step] - eye, axis=1)
    chest = carrier.position[start - carrier.first_step : end - carrier.first_step] + np.array(
        [0.0, 0.0, 1.0]
    )
    return np.asarray(np.clip((far - np.linalg.norm(chest - eye, axis=1)) / 0.4, 0, 1), np.float32)
