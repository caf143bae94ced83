"""The picture of one event: the frame, with an outline around the thing, its name, and the way it goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ...streams.media import VIEW_WIDTH
from ...streams.world.events import WorldEvent
from ...streams.world.stage import NATIVE, Sighting, mark
from ...streams.world.world import World
from .ink import EVENT_COLOURS, NIGHT, TEXT, Colour, Page, dot, shade, stroke, text_width, write
from .shots import NS_PER_S
from .truth import box_of

WIDTH, HEIGHT = 320, 192
_SCALE = WIDTH / VIEW_WIDTH
_LOOK_S = (
    0.0,
    *(sign * 0.08 * n for n in range(1, 8) for sign in (1, -1)),
)  # around an event, till its thing is seen
_CLEAR = 0.35  # share of a thing that has to be seen for that
_WAY_S = np.linspace(-1.4, 1.4, 29)
_FEW_PIXELS = 24  # of a mask in the camera's own pixels: no outline can be seen
_TAG = 12  # size of letters


Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels of the page


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """An event with the frame that shows it."""

    event: WorldEvent
    frame: Page  # [HEIGHT, WIDTH, 3] as the camera sees it
    page: Page  # the same, drawn on
    box: Box  # around what can be seen of the thing


def moment_of(world: World, event: WorldEvent) -> Moment:
    """Draw an event that a camera saw."""
    assert event.camera is not None
    t_ns = _shown_at(world, event.camera, event)
    picture = world.picture(event.camera, t_ns, NATIVE)
    frame = np.asarray(cv2.resize(picture.pixels, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)
    page, colour, place = frame.copy(), EVENT_COLOURS[event.kind], (0, 0, WIDTH, HEIGHT)
    _draw_way(page, _way(world, event.camera, event), colour)
    for seen in world.sightings(event.camera, t_ns):
        if seen.identity == event.identity or (event.other is not None and seen.thing == event.other):
            mask = (picture.identities == mark(seen.identity)).astype(np.uint8)
            box = _box(mask, seen)
            _outline(page, mask, colour)
            is_main = seen.identity == event.identity
            _tag(page, str(seen.thing), box[0], box[1] - 20 if is_main else box[3] + 3, colour)
            place = box if is_main else place
    return Moment(event, frame, page, place)


def _shown_at(world: World, camera: int, event: WorldEvent) -> int:
    """When near the event its thing can be seen best, the event's own time first."""
    last_ns = round(world.duration_s * NS_PER_S) - 1
    times = [min(max(event.t_ns + round(s * NS_PER_S), 0), last_ns) for s in _LOOK_S]
    shares = [_share(world.sightings(camera, t_ns), event.identity) for t_ns in times]
    clear = next((t_ns for t_ns, share in zip(times, shares, strict=True) if share >= _CLEAR), None)
    return times[int(np.argmax(shares))] if clear is None else clear


def _share(sightings: Sequence[Sighting], identity: int | None) -> float:
    return next((s.share for s in sightings if s.identity == identity), 0.0)


def _way(world: World, camera: int, event: WorldEvent) -> list[tuple[float, float, bool]]:
    """Where the thing is before and after the event: x, y on the page, and whether it is after."""
    points = []
    for offset_s in _WAY_S:
        t_ns = event.t_ns + round(float(offset_s) * NS_PER_S)
        if 0 <= t_ns < world.duration_s * NS_PER_S:
            for seen in world.sightings(camera, t_ns):
                if seen.identity == event.identity:
                    points.append((seen.x * _SCALE, seen.y * _SCALE, offset_s > 0))
    return points


def _draw_way(page: Page, points: Sequence[tuple[float, float, bool]], colour: Colour) -> None:
    for x, y, is_after in points:
        dot(page, x, y, 1.7 if is_after else 1.1, colour if is_after else TEXT)


def _outline(page: Page, mask: NDArray[np.uint8], colour: Colour) -> None:
    """Around what can be seen of a thing, not over it."""
    if mask.sum() < _FEW_PIXELS:
        return
    around = cv2.dilate(mask, np.ones((5, 5), np.uint8))
    contours, _ = cv2.findContours(around, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    shadow = page.copy()
    lines = [(c[:, 0].astype(np.float64) + 0.5) * (WIDTH / NATIVE.width) - 0.5 for c in contours]
    for line in lines:
        stroke(shadow, line, NIGHT, 3, is_closed=True)
    cv2.addWeighted(shadow, 0.5, page, 0.5, 0, dst=page)
    for line in lines:
        stroke(page, line, colour, 1, is_closed=True)


def _tag(page: Page, name: str, left: int, top: int, colour: Colour) -> None:
    """A thing's name, moved inside the picture."""
    width = text_width(name, _TAG) + 8
    x, y = min(max(left, 2), WIDTH - width - 2), min(max(top, 2), HEIGHT - 19)
    shade(page, x, y, x + width, y + 17)
    write(page, name, x + 4, y + 13, colour, _TAG)


def _box(mask: NDArray[np.uint8], seen: Sighting) -> Box:
    """Around what is seen of a thing; where nothing is, its square."""
    found = box_of(mask > 0)
    if found is None:
        half = seen.side / 2
        edges = np.array([seen.x - half, seen.y - half, seen.x + half, seen.y + half]) * _SCALE
    else:
        left, top, width, height = found
        edges = np.array([left, top, left + width, top + height]) * (WIDTH / NATIVE.width)
    inside = np.clip(edges, 0, [WIDTH, HEIGHT, WIDTH, HEIGHT]).round().astype(int).tolist()
    return inside[0], inside[1], inside[2], inside[3]
