"""The event log of solid worlds: what a camera's pictures show of every body, from its sight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...media import VIEW_HEIGHT, VIEW_WIDTH
from ..events import DOOR, HAND, Thing, WorldEvent, WorldEventKind
from ..motion import STEP_HZ
from .casting import Collision
from .sight import Sight

ENTER_SHARE = 0.35  # a thing has entered when this share of it is in the picture
LEAVE_SHARE = 0.2  # and has left when less than this is
MIN_SIDE_PX = 5.0  # what is smaller is not told
_REST_SHARE = 0.25  # of a thing must be seen for its stops and starts to be told
_LOOK_STEPS = 12  # a direction is the way made good over this many steps
_GLIMPSE_STEPS = 10  # what shows for less than this is not told
_EARLY_STEPS = 12  # before this nobody could tell what moves
_DOOR_STEPS = 30  # this long after its door a thing still counts as coming out of it


@dataclass(slots=True, eq=False)
class _Life:
    """One sight as the pictures showed it: arrays over the N steps from `start` on."""

    sight: Sight
    start: int
    at: NDArray[np.intp]  # [N] index into the sight's arrays of what was shown
    is_shown: NDArray[np.bool_]  # [N] whether there was anything of it then


def events_of(
    camera: int,
    sights: Sequence[Sight],
    collisions: Sequence[Collision],
    shown: NDArray[np.intp],
    carried: frozenset[int] = frozenset(),
) -> list[WorldEvent]:
    """All events that one camera's pictures show.

    `shown` [steps] is the step whose picture is shown at each step: the step itself, but for faults. What is `carried`
    by someone is told when it comes and goes; its stops are those of who carries it, and are not told twice.
    """
    found: list[WorldEvent] = []
    stays: dict[int, list[tuple[int, int]]] = {}
    for sight in sights:
        if sight.cast.look.kind == HAND:
            continue
        life = _life(sight, shown)
        for entered, left in _stays(life):
            stays.setdefault(sight.cast.identity, []).append((life.start + entered, life.start + left))
            found += _in_and_out(camera, life, entered, left)
            if sight.cast.identity not in carried:
                found += _rests(camera, life, entered, left)
    names = {s.cast.identity: Thing(s.cast.look.colour, s.cast.look.kind) for s in sights}
    for hit in collisions:
        if (
            all(_is_in(stays.get(who, []), hit.step) for who in (hit.first, hit.second))
            and shown[hit.step] == hit.step
        ):
            kind, other = WorldEventKind.COLLIDE, names[hit.second]
            found.append(
                WorldEvent(_ns(hit.step), camera, kind, names[hit.first], other=other, identity=hit.first)
            )
    return found


def _life(sight: Sight, shown: NDArray[np.intp]) -> _Life:
    """The steps at which anything of the sight can be shown, with some more for what a fault holds back."""
    held = np.flatnonzero(shown < np.arange(len(shown)))
    end = min(sight.end + 1, len(shown))
    while end < len(shown) and len(held) and shown[end] < sight.end:
        end += 1
    end = min(end + 1, len(shown))
    at = shown[sight.start : end] - sight.start
    is_shown = (at >= 0) & (at < len(sight.frame))
    return _Life(sight, sight.start, np.clip(at, 0, len(sight.frame) - 1), is_shown)


def _stays(life: _Life) -> list[tuple[int, int]]:
    """From which to which index of the life the thing is in the picture; a stay that never ends ends at its length."""
    sight = life.sight
    presence = np.where(life.is_shown, sight.presence[life.at], 0)
    seen = np.where(life.is_shown, sight.seen[life.at], 0)
    is_large = sight.side[life.at] >= MIN_SIDE_PX
    can_enter = (presence >= ENTER_SHARE) & (seen >= ENTER_SHARE) & is_large
    if life.start == 0 and presence[0] >= ENTER_SHARE:
        can_enter[0] = True  # what is there from the start needs not be seen to be there
    starts, ends = np.flatnonzero(can_enter), np.flatnonzero(presence < LEAVE_SHARE)
    found: list[tuple[int, int]] = []
    now = 0
    while (k := int(np.searchsorted(starts, now))) < len(starts):
        entered = int(starts[k])
        k = int(np.searchsorted(ends, entered + 1))
        left = int(ends[k]) if k < len(ends) else len(presence)
        if is_large[entered:left].any() and left - entered >= _GLIMPSE_STEPS:
            found.append((entered, left))
        now = left
    return found


def _in_and_out(camera: int, life: _Life, entered: int, left: int) -> list[WorldEvent]:
    found: list[WorldEvent] = []
    if life.start + entered > 0:
        side = _way_in(life.sight, _true_index(life, entered))
        found.append(_event(camera, life, entered, WorldEventKind.ENTER, side=side))
    if left < len(life.at):
        side = _way_out(life.sight, _last_there(life, left))
        found.append(_event(camera, life, left, WorldEventKind.LEAVE, side=side))
    return found


def _rests(camera: int, life: _Life, entered: int, left: int) -> list[WorldEvent]:
    """Stops and starts while the thing is in the picture and seen."""
    cast, sight = life.sight.cast, life.sight
    moving = cast.is_moving[sight.start - cast.first_step + life.at[entered:left]]
    found: list[WorldEvent] = []
    for change in np.flatnonzero(moving[1:] != moving[:-1]) + 1:
        index = entered + int(change)
        if sight.seen[life.at[index]] < _REST_SHARE or life.start + index < _EARLY_STEPS:
            continue
        if moving[change]:
            direction = _direction(sight, int(life.at[index]))
            found.append(_event(camera, life, index, WorldEventKind.GO, direction=direction))
        else:
            found.append(_event(camera, life, index, WorldEventKind.STOP))
    return found


def _event(
    camera: int,
    life: _Life,
    index: int,
    kind: WorldEventKind,
    side: str | None = None,
    direction: str | None = None,
) -> WorldEvent:
    cast = life.sight.cast
    thing = Thing(cast.look.colour, cast.look.kind)
    t_ns = _ns(life.start + index)
    return WorldEvent(t_ns, camera, kind, thing, side=side, direction=direction, identity=cast.identity)


def _true_index(life: _Life, entered: int) -> int:
    """When the thing really came over the border, where a fault or furniture hid it for a while."""
    sight = life.sight
    index = int(life.at[entered])
    before = np.flatnonzero(sight.presence[: index + 1] < ENTER_SHARE)
    return int(before[-1]) + 1 if len(before) and before[-1] < index else index if len(before) else 0


def _last_there(life: _Life, left: int) -> int:
    """The last index of the sight at which the thing was in the picture before it left."""
    sight = life.sight
    now = life.start + left - sight.start if life.is_shown[left] else int(life.at[left - 1])
    now = min(max(now, 0), len(sight.frame) - 1)
    since = int(life.at[left - 1])
    gone = np.flatnonzero(sight.presence[since : now + 1] < LEAVE_SHARE)
    return since + int(gone[0]) if len(gone) else now


def _way_in(sight: Sight, index: int) -> str:
    before = slice(max(index - _DOOR_STEPS, 0), index + 1)
    is_by_door = not sight.is_here[before].all() and sight.frame[before].min() >= ENTER_SHARE
    return DOOR if is_by_door else _border(sight, index)


def _way_out(sight: Sight, index: int) -> str:
    is_by_door = not sight.is_here[index] and sight.frame[index] >= LEAVE_SHARE
    return DOOR if is_by_door else _border(sight, index)


def _border(sight: Sight, index: int) -> str:
    """The border of the picture that cuts the thing most; for one cut by none, the nearest."""
    x0, y0, x1, y1 = (float(v) for v in sight.box[index])
    width, height = max(x1 - x0, 1e-3), max(y1 - y0, 1e-3)
    beyond = {
        "left": -x0 / width,
        "right": (x1 - VIEW_WIDTH) / width,
        "top": -y0 / height,
        "bottom": (y1 - VIEW_HEIGHT) / height,
    }
    return max(beyond, key=lambda side: beyond[side])


def _direction(sight: Sight, index: int) -> str:
    """The way made in the picture over half a second, or over longer if that is too little to see."""
    boxes = sight.box
    for steps in (_LOOK_STEPS, 2 * _LOOK_STEPS, 4 * _LOOK_STEPS):
        later = boxes[min(index + steps, len(boxes) - 1)]
        x = float(later[0] + later[2] - boxes[index][0] - boxes[index][2]) / 2
        y = float(later[1] + later[3] - boxes[index][1] - boxes[index][3]) / 2
        if max(abs(x), abs(y)) > 2:
            break
    if abs(x) >= abs(y):
        return "right" if x > 0 else "left"
    return "down" if y > 0 else "up"


def _is_in(stays: list[tuple[int, int]], step: int) -> bool:
    return any(start <= step < end for start, end in stays)


def _ns(step: int) -> int:
    return round(step * 1e9 / STEP_HZ)
