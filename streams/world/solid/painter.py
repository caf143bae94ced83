"""Paints bodies over a backdrop: shadows and reflections on the ground, far bodies first, and who is where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ...media import VIEW_HEIGHT, VIEW_WIDTH
from ..stage import GLANCE, Picture, Window
from .backdrop import SUPER, Backdrop
from .bodies import Body
from .glow import DUSK, add_glow
from .outline import SHIFT_BITS, Frame, Outlines, outline
from .shadow import add_shadow
from .types import NEAR_M, Lens, Light, Pose

Canvas = NDArray[np.uint8]  # [2 H, 2 W, 4]: red, green, blue, identity
_LINE = 8
_HAND_FIRST_M = 0.06  # a hand is drawn over what it holds


@dataclass(frozen=True, slots=True)
class Item:
    """A body as it is at one moment."""

    body: Body
    pose: Pose
    identity: int  # 1..255


@dataclass(slots=True, eq=False)
class _Drawn:
    """An item on the canvas."""

    item: Item
    lines: Outlines
    floor: float  # height of the surface below it


def paint(
    items: Sequence[Item],
    lens: Lens,
    light: Light,
    backdrop: Backdrop,
    window: Window = GLANCE,
    shift: tuple[float, float] = (0.0, 0.0),
) -> Picture:
    """The picture of a camera: `pixels` [H, W, 3] and the identity that covers each pixel most [H, W].

    `shift` moves everything by that many pixels of the view, as shake and pan do. The light's level is applied.
    """
    frame = _frame(window, shift, SUPER)
    drawn = _on_canvas(items, lens, light, backdrop, frame, window, shift)
    if not drawn:
        pixels = backdrop.pixels(window, shift)
        return Picture(_lit(pixels, light), np.zeros(pixels.shape[:2], np.uint8))
    canvas = backdrop.canvas(window, shift)
    levels = backdrop.levels(window, shift)
    if light.gloss > 0.01:
        _reflect(canvas, drawn, lens, light, frame, levels)
    if light.shadow > 0.01:
        _shadows(canvas, drawn, lens, light, _frame(window, shift, 1), levels)
    hiding = backdrop.hiding(window, shift)
    for one in drawn:
        _body(canvas, one, hiding, lens, frame)
    pixels, identities = _shrink(canvas, drawn)
    pixels = _lit(pixels, light)
    if light.level < DUSK:
        for one in drawn:
            if one.item.pose.lights:
                add_glow(pixels, identities, one.lines, one.item.body.shape, one.item.identity, light)
    return Picture(pixels, identities)


def _frame(window: Window, shift: tuple[float, float], factor: int) -> Frame:
    scale = window.zoom * factor
    middle = np.array([VIEW_WIDTH / 2 + shift[0] - window.x, VIEW_HEIGHT / 2 + shift[1] - window.y])
    return Frame(scale, middle * scale - 0.5, window.width * factor, window.height * factor)


def _on_canvas(
    items: Sequence[Item],
    lens: Lens,
    light: Light,
    backdrop: Backdrop,
    frame: Frame,
    window: Window,
    shift: tuple[float, float],
) -> list[_Drawn]:
    """What may be seen of the items, far to near."""
    if not items:
        return []
    places = np.array([(i.pose.x, i.pose.y, i.pose.z + i.body.height_m / 2) for i in items])
    reach = np.array([np.hypot(i.body.radius_m, i.body.height_m / 2) for i in items])
    local = (places - lens.position) @ lens.rotation.T
    depth = local[:, 2]
    # Wide angle lenses pull things in; a body near the lens may be anywhere.
    flat = frame.project(local, lens)
    radius = lens.focal_px * frame.scale * reach * 1.5 / np.maximum(depth, 1e-3) + 4
    inside = (flat + radius[:, None] > 0).all(1) & (flat - radius[:, None] < [frame.width, frame.height]).all(
        1
    )
    seen = (depth > -reach) & (inside | (depth < 2 * reach))
    order = sorted(np.flatnonzero(seen).tolist(), key=lambda n: -_nearness(items[n], float(depth[n])))
    drawn = []
    for n in order:
        item = items[n]
        lines = outline(item.body, item.pose, lens, frame, light, item.identity)
        if lines is not None:
            floor = backdrop.floor_under(item.pose.x, item.pose.y, item.pose.z)
            drawn.append(_Drawn(item, lines, floor))
    return drawn


def _nearness(item: Item, depth: float) -> float:
    return depth - _HAND_FIRST_M if item.body.look.kind == "hand" else depth


def _body(canvas: Canvas, one: _Drawn, hiding: NDArray[np.float32] | None, lens: Lens, frame: Frame) -> None:
    x0, y0, x1, y1 = one.lines.box
    hidden = _hidden(one, hiding, lens, frame)
    region = canvas[y0:y1, x0:x1]
    before = region.copy() if hidden is not None else None
    if one.item.body.shape.clear:
        _draw_clear(canvas, region, one)
    _draw(canvas, one.lines, frozenset(one.item.body.shape.clear))
    if before is not None and hidden is not None:
        cv2.copyTo(before, hidden, region)


def _draw(canvas: Canvas, lines: Outlines, without: frozenset[int] = frozenset()) -> None:
    parts, colours, cores = lines.parts, lines.colours, lines.cores
    fill = cv2.fillConvexPoly
    for group in lines.order:
        for n in group:
            outline_points = parts[n]
            if outline_points is None or n in without:
                continue
            fill(canvas, outline_points, colours[n], _LINE, SHIFT_BITS)
        # Cores come after all of a group, so that a limb shows no rings at its joints.
        inside = [cores[n] for n in group if n in cores]
        for outer, half_lit, _, _ in inside:
            fill(canvas, outer, half_lit, _LINE, SHIFT_BITS)
        for _, _, inner, lit in inside:
            if inner is not None:
                fill(canvas, inner, lit, _LINE, SHIFT_BITS)


def _draw_clear(canvas: Canvas, region: Canvas, one: _Drawn) -> None:
    """The parts that let light through: what is behind shows through them, though they count as the body."""
    shape = one.item.body.shape
    behind = region.copy()
    for n in shape.clear:
        points = one.lines.parts[n]
        if points is not None:
            cv2.fillConvexPoly(canvas, points, one.lines.colours[n], _LINE, SHIFT_BITS)
    identities = region[..., 3].copy()
    region[:] = cv2.addWeighted(region, shape.opacity, behind, 1 - shape.opacity, 0)
    region[..., 3] = identities


def _hidden(
    one: _Drawn, hiding: NDArray[np.float32] | None, lens: Lens, frame: Frame
) -> NDArray[np.uint8] | None:
    """255 where a wall or furniture is before the body, in its box; None where nothing is.

    The body's depth is that of its upright axis, which changes evenly in 1 / depth along the axis in the picture,
    less its reach towards the camera.
    """
    if hiding is None:
        return None
    x0, y0, x1, y1 = one.lines.box
    static = hiding[y0:y1, x0:x1]
    pose, body = one.item.pose, one.item.body
    axis = np.array([[pose.x, pose.y, pose.z], [pose.x, pose.y, pose.z + body.height_m]])
    local = (axis - lens.position) @ lens.rotation.T
    deepest = float(local[:, 2].max())
    if float(static.min()) >= deepest:
        return None
    near = np.maximum(local[:, 2] - one.lines.reach, NEAR_M)
    (ax, ay), (bx, by) = frame.project(local, lens)
    dx, dy = bx - ax, by - ay
    length2 = max(dx * dx + dy * dy, 1e-6)
    foot, top = 1 / float(near[0]), 1 / float(near[1])
    column = ((np.arange(x0, x1) - ax) * (dx / length2)).astype(np.float32)
    row = ((np.arange(y0, y1) - ay) * (dy / length2)).astype(np.float32)
    share = np.clip(column + row[:, None], 0, 1)
    hidden = 1 / static > np.float32(foot) + np.float32(top - foot) * share
    return hidden.view(np.uint8) * np.uint8(255) if hidden.any() else None


def _shadows(
    canvas: Canvas, drawn: list[_Drawn], lens: Lens, light: Light, frame: Frame, levels: NDArray[np.float32]
) -> None:
    for floor in {one.floor for one in drawn}:
        mask = np.zeros((frame.height, frame.width), np.uint8)
        soft = 0.0
        for one in drawn:
            if one.floor == floor:
                soft = max(soft, add_shadow(mask, one.item.body, one.item.pose, floor, lens, frame, light))
        side = 2 * round(min(max(soft, 1.0), 40.0) / 2) + 1
        mask = np.asarray(cv2.blur(mask, (side, side)), np.uint8)
        mask[np.abs(levels - floor) > 0.04] = 0
        _darken(canvas, mask)


def _darken(canvas: Canvas, mask: NDArray[np.uint8]) -> None:
    large = cv2.resize(
        cv2.bitwise_not(mask), (canvas.shape[1], canvas.shape[0]), interpolation=cv2.INTER_LINEAR
    )
    cv2.multiply(canvas, cv2.merge([large] * 4), canvas, 1 / 255)


def _reflect(
    canvas: Canvas, drawn: list[_Drawn], lens: Lens, light: Light, frame: Frame, levels: NDArray[np.float32]
) -> None:
    """Bodies upside down in the ground they stand on."""
    upside_down = canvas.copy()
    for one in drawn:
        pose = one.item.pose
        if pose.z - one.floor < 0.5:
            lifted = replace(pose, z=2 * one.floor - pose.z)
            lines = outline(one.item.body, lifted, lens, frame, light, 0, mirror=True)
            if lines is not None:
                _draw(upside_down, lines)
    blended = cv2.addWeighted(upside_down, light.gloss, canvas, 1 - light.gloss, 0)
    floors = np.array(sorted({one.floor for one in drawn}), np.float32)
    is_floor = (np.abs(levels[..., None] - floors) < 0.04).any(-1).view(np.uint8)
    where = cv2.resize(is_floor, (canvas.shape[1], canvas.shape[0]), interpolation=cv2.INTER_NEAREST)
    cv2.copyTo(blended, where, canvas)


def _shrink(canvas: Canvas, drawn: list[_Drawn]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    height, width = canvas.shape[0] // SUPER, canvas.shape[1] // SUPER
    small = cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA)
    pixels = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGBA2RGB), np.uint8)
    identities = np.zeros((height, width), np.uint8)
    boxes = np.array([one.lines.box for one in drawn])
    (x0, y0), (x1, y1) = boxes[:, :2].min(0) // SUPER, -(-boxes[:, 2:].max(0) // SUPER)
    fine = canvas[y0 * SUPER : y1 * SUPER, x0 * SUPER : x1 * SUPER]
    identities[y0:y1, x0:x1] = _most(np.asarray(cv2.extractChannel(fine, 3), np.uint8))
    return pixels, identities


def _most(fine: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The identity with most of each pixel's four samples; of two and two, the body's rather than the background's.

    It is the second largest of the four.
    """
    a, b, c, d = fine[::2, ::2], fine[::2, 1::2], fine[1::2, ::2], fine[1::2, 1::2]
    low, high = np.maximum(np.minimum(a, b), np.minimum(c, d)), np.minimum(np.maximum(a, b), np.maximum(c, d))
    return np.maximum(low, high)


def _lit(pixels: NDArray[np.uint8], light: Light) -> NDArray[np.uint8]:
    if abs(light.level - 1) < 0.005:
        return pixels
    return np.asarray(cv2.convertScaleAbs(pixels, alpha=light.level), np.uint8)
