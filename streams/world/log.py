"""The event log: what each camera could see happen, from the exact paths of all things."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..media import VIEW_HEIGHT, VIEW_WIDTH
from .camera import Optics
from .events import WorldEvent, WorldEventKind
from .floor import Actor, Collision
from .motion import STEP_HZ, Floats

ENTER_SHARE = 0.5  # a thing has entered when this share of its square is in the picture
LEAVE_SHARE = 0.3  # and has left when less than this is
_LOOK_STEPS = 10  # a direction is the way made good over this many steps


def events_of(
    camera: int, actors: list[Actor], collisions: list[Collision], optics: Optics, num_steps: int
) -> list[WorldEvent]:
    """All events that one camera's picture shows."""
    shares = {actor.identity: _share_of_life(actor, optics, num_steps) for actor in actors}
    found: list[WorldEvent] = []
    for actor in actors:
        found += _life(camera, actor, shares[actor.identity], optics, num_steps)
    for hit in collisions:
        if all(_share_at(shares[a.identity], a, hit.step) >= ENTER_SHARE for a in (hit.first, hit.second)):
            things = hit.first.thing_at(hit.step), hit.second.thing_at(hit.step)
            kind = WorldEventKind.COLLIDE
            found.append(
                WorldEvent(
                    _ns(hit.step), camera, kind, things[0], other=things[1], identity=hit.first.identity
                )
            )
    return found


def _life(camera: int, actor: Actor, share: Floats, optics: Optics, num_steps: int) -> list[WorldEvent]:
    found: list[WorldEvent] = []
    is_in = False
    for local in range(len(share)):
        step = actor.first_step + local
        if not is_in and share[local] >= ENTER_SHARE:
            is_in = True
            if step > 0:
                side = _side(actor, local, optics)
                found.append(_event(actor, step, camera, WorldEventKind.ENTER, side=side))
        elif is_in and share[local] < LEAVE_SHARE:
            is_in = False
            side = _side(actor, local, optics)
            found.append(_event(actor, step, camera, WorldEventKind.LEAVE, side=side))
        elif is_in:
            found += _in_view(camera, actor, local)
    return found


def _in_view(camera: int, actor: Actor, local: int) -> list[WorldEvent]:
    """Stop, go and change of colour at one step of a thing that is in the picture."""
    step, moving = actor.first_step + local, actor.path.is_moving
    found: list[WorldEvent] = []
    if local and moving[local - 1] and not moving[local]:
        found.append(_event(actor, step, camera, WorldEventKind.STOP))
    if local and moving[local] and not moving[local - 1]:
        direction = _direction(actor, local)
        found.append(_event(actor, step, camera, WorldEventKind.GO, direction=direction))
    if step == actor.recolour_step:
        changed = _event(actor, step, camera, WorldEventKind.COLOUR, colour=actor.new_colour)
        found.append(replace(changed, thing=actor.thing))
    return found


def _event(
    actor: Actor,
    step: int,
    camera: int,
    kind: WorldEventKind,
    side: str | None = None,
    direction: str | None = None,
    colour: str | None = None,
) -> WorldEvent:
    return WorldEvent(
        _ns(step),
        camera,
        kind,
        actor.thing_at(step),
        side,
        direction,
        colour=colour,
        identity=actor.identity,
    )


def visible_share(actor: Actor, optics: Optics, steps: NDArray[np.intp]) -> Floats:
    """Share of the thing's square inside the view at steps of its life [S]."""
    half = (actor.side_at(steps) / 2)[:, None]
    corner = optics.corner + optics.shift[np.clip(steps, 0, len(optics.shift) - 1)] / VIEW_HEIGHT
    low = actor.path.position[steps - actor.first_step] - half - corner
    inside = np.clip(np.minimum(low + 2 * half, _view_size()) - np.maximum(low, 0), 0, None)
    return np.asarray((inside / (2 * half)).prod(1))


def _share_of_life(actor: Actor, optics: Optics, num_steps: int) -> Floats:
    length = max(0, min(len(actor.path.position), num_steps - actor.first_step))
    return visible_share(actor, optics, np.arange(actor.first_step, actor.first_step + length))


def _share_at(share: Floats, actor: Actor, step: int) -> float:
    local = step - actor.first_step
    return float(share[local]) if 0 <= local < len(share) else 0.0


def _side(actor: Actor, local: int, optics: Optics) -> str:
    """The border of the view that cuts the thing most."""
    step = actor.first_step + local
    half = float(actor.side_at(np.array([step]))[0]) / 2
    corner = optics.corner + optics.shift[min(step, len(optics.shift) - 1)] / VIEW_HEIGHT
    x, y = actor.path.position[local] - corner
    width, height = _view_size()
    beyond = {"left": half - x, "right": x + half - width, "top": half - y, "bottom": y + half - height}
    return max(beyond, key=lambda side: beyond[side])


def _direction(actor: Actor, local: int) -> str:
    position = actor.path.position
    x, y = position[min(local + _LOOK_STEPS, len(position) - 1)] - position[local]
    if abs(x) >= abs(y):
        return "right" if x > 0 else "left"
    return "down" if y > 0 else "up"


def _view_size() -> NDArray[np.float64]:
    return np.array([VIEW_WIDTH / VIEW_HEIGHT, 1.0])


def _ns(step: int) -> int:
    return round(step * 1e9 / STEP_HZ)
