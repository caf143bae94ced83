"""The picture of one event: the frame, with an outline around the thing, its name, and the way it goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ...streams.media import VIEW_HEIGHT, VIEW_WIDTH
from ...streams.world.events import WorldEvent
from ...streams.world.stage import NATIVE, Picture, Sighting, mark
from ...streams.world.world import World
from .ink import EVENT_COLOURS, NIGHT, TEXT, Colour, Page, dot, shade, stroke, text_width, write
from .shots import NS_PER_S

WIDTH, HEIGHT = 320, 192
_SCALE = WIDTH / VIEW_WIDTH
_LOOK_S = (0.0, 0.2, -0.2, 0.4, -0.4, 0.6, -0.6)  # around an event, until the thing can be seen
_CLEAR = 0.35  # share of a thing that has to be seen for that
_WAY_S = np.linspace(-1.4, 1.4, 29)
_FEW_PIXELS = 24  # of a mask in the camera's own pixels: no outline can be seen
_TAG = 12  # size of letters


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """An event with the frame that shows it."""

    event: WorldEvent
    page: Page  # [HEIGHT, WIDTH, 3]


def moment_of(world: World, event: WorldEvent) -> Moment:
    """Draw an event that a camera saw."""
    assert event.camera is not None
    t_ns = _shown_at(world, event.camera, event)
    picture = world.picture(event.camera, t_ns, NATIVE)
    page = np.asarray(cv2.resize(picture.pixels, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)
    colour = EVENT_COLOURS[event.kind]
    _draw_way(page, _way(world, event.camera, event), colour)
    for seen in world.sightings(event.camera, t_ns):
        if seen.identity == event.identity or (event.other is not None and seen.thing == event.other):
            _outline(page, picture, seen, colour)
            _tag(page, seen, picture, colour)
    return Moment(event, page)


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


def _outline(page: Page, picture: Picture, seen: Sighting, colour: Colour) -> None:
    """Around what can be seen of a thing, not over it."""
    mask = (picture.identities == mark(seen.identity)).astype(np.uint8)
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


def _tag(page: Page, seen: Sighting, picture: Picture, colour: Colour) -> None:
    """The thing's name above it, inside the picture."""
    text = str(seen.thing)
    left, top = _corner(picture.identities == mark(seen.identity), seen)
    width = text_width(text, _TAG) + 8
    x, y = min(max(left, 2), WIDTH - width - 2), min(max(top - 20, 2), HEIGHT - 19)
    shade(page, x, y, x + width, y + 17)
    write(page, text, x + 4, y + 13, colour, _TAG)


def _corner(mask: NDArray[np.bool_], seen: Sighting) -> tuple[int, int]:
    """Upper left of what is seen of a thing, on the page; where nothing is, of its square."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        half = seen.side / 2
        x, y = min(max(seen.x - half, 0), VIEW_WIDTH), min(max(seen.y - half, 0), VIEW_HEIGHT)
        return round(x * _SCALE), round(y * _SCALE)
    return int(columns[0] * WIDTH / NATIVE.width), int(rows[0] * HEIGHT / NATIVE.height)
