"""The log of solid worlds, on lives whose truth is known."""

from __future__ import annotations

import numpy as np

from millrace.streams.world.events import DOOR, WorldEvent, WorldEventKind
from millrace.streams.world.motion import STEP_HZ
from millrace.streams.world.solid.casting import Collision
from millrace.streams.world.solid.faults import no_faults
from millrace.streams.world.solid.log import events_of
from millrace.streams.world.solid.sight import Sight, look_at
from millrace.streams.world.solid.sites import Rect
from millrace.streams.world.solid.sizes import box_points
from millrace.streams.world.solid.tracks import Rest, Track, follow, join, stay, way_made
from millrace.streams.world.solid.types import Cast, Floats, Lens, Look

STEPS = 20 * STEP_HZ
LENS = Lens.looking(np.array([0.0, -8.0, 1.6]), np.array([0.0, 0.0, 1.0]), 130.0)
ENTER, LEAVE, STOP, GO = (
    WorldEventKind.ENTER,
    WorldEventKind.LEAVE,
    WorldEventKind.STOP,
    WorldEventKind.GO,
)


def cast_of(
    track: Track, kind: str = "person", first_step: int = 50, identity: int = 1, scale: float = 1.0
) -> Cast:
    look = Look(kind, "red", 1, scale)
    phase = way_made(track.position)
    return Cast(
        identity, look, first_step, track.position, track.heading, track.is_moving, track.posture, phase=phase
    )


def sight_of(cast: Cast, depth_at: float | Floats = np.inf, room: Rect | None = None) -> Sight:
    hides = (
        (lambda xy: np.full(xy.shape[:-1], depth_at))
        if np.isscalar(depth_at)
        else lambda xy: np.where(xy[..., 0] < 80, depth_at[0], depth_at[1])
    )
    holds = room.holds if room else lambda position: np.ones(len(position), bool)
    sight = look_at(cast, box_points(cast.look), LENS, np.zeros((STEPS + 1, 2)), hides, holds)
    assert sight is not None
    return sight


def log_of(
    *sights: Sight, shown: np.ndarray | None = None, hits: tuple[Collision, ...] = ()
) -> list[WorldEvent]:
    shown = np.arange(STEPS) if shown is None else shown
    return sorted(events_of(0, sights, hits, shown), key=lambda e: e.t_ns)


def test_a_walk_across_is_an_enter_and_a_leave_over_the_right_borders() -> None:
    log = log_of(sight_of(cast_of(follow([(-8, 0), (8, 0)], 2.0))))

    assert [(e.kind, e.side) for e in log] == [(ENTER, "left"), (LEAVE, "right")]
    # The border is 80 px from the middle: 8 m * 80 / 130 = 4.9 m, reached 1.5 s after its start at 2 s.
    assert abs(log[0].t_ns / 1e9 - (2 + (8 - 4.9) / 2)) < 0.25
    assert {e.identity for e in log} == {1}


def test_a_rest_on_the_way_is_a_stop_and_a_go_with_its_direction() -> None:
    log = log_of(sight_of(cast_of(follow([(8, 0), (1, 0), (-8, 0)], 2.0, {1: Rest(2.0)}))))

    assert [e.kind for e in log] == [ENTER, STOP, GO, LEAVE]
    assert log[2].direction == "left"
    assert abs((log[2].t_ns - log[1].t_ns) / 1e9 - 2.0) < 0.1


def test_what_is_there_from_the_start_does_not_enter() -> None:
    track = join([stay((0, 0), 0.0, 5.0), follow([(0, 0), (8, 0)], 2.0)])
    log = log_of(sight_of(cast_of(track, first_step=0)))

    assert [e.kind for e in log] == [GO, LEAVE]


def test_hidden_for_a_while_is_no_event_and_never_seen_is_nothing_at_all() -> None:
    across = follow([(-8, 0), (8, 0)], 2.0)
    seen_late = log_of(sight_of(cast_of(across), np.array([1.0, np.inf])))
    hidden_late = log_of(sight_of(cast_of(across), np.array([np.inf, 1.0])))

    assert log_of(sight_of(cast_of(across), 1.0)) == []
    assert [(e.kind, e.side) for e in hidden_late] == [(ENTER, "left"), (LEAVE, "right")]
    # Seen only from the middle on, it is told then; it still came over the left border.
    assert [(e.kind, e.side) for e in seen_late] == [(ENTER, "left"), (LEAVE, "right")]
    assert seen_late[0].t_ns > hidden_late[0].t_ns + 1e9


def test_who_comes_out_of_a_door_enters_by_it() -> None:
    # A wall at y = 2 with everything behind it hidden.
    track = follow([(0, 3.0), (0, 0), (8, 0)], 1.5)
    room = Rect(-50, -50, 50, 2.0)
    cast = cast_of(track)
    sight = look_at(
        cast,
        box_points(cast.look),
        LENS,
        np.zeros((STEPS + 1, 2)),
        lambda xy: np.full(xy.shape[:-1], 10.0),
        room.holds,
    )
    assert sight is not None
    log = log_of(sight)

    assert [(e.kind, e.side) for e in log] == [(ENTER, DOOR), (LEAVE, "right")]


def test_what_enters_while_the_picture_is_frozen_is_told_when_it_is_back() -> None:
    sight = sight_of(cast_of(follow([(-8, 0), (8, 0)], 2.0)))
    start, end = 70, 130  # it enters at about step 89
    shown = np.arange(STEPS)
    shown[start:end] = start - 1
    log = log_of(sight, shown=shown)

    assert [(e.kind, e.side) for e in log] == [(ENTER, "left"), (LEAVE, "right")]
    assert log[0].t_ns == round(end * 1e9 / STEP_HZ)


def test_what_comes_and_goes_in_a_frozen_picture_is_not_told() -> None:
    sight = sight_of(cast_of(follow([(-8, 0), (8, 0)], 4.0)))
    shown = np.arange(STEPS)
    shown[55:200] = 54

    assert log_of(sight, shown=shown) == []


def test_what_is_too_small_is_not_told() -> None:
    assert log_of(sight_of(cast_of(follow([(-80, 100), (80, 100)], 20.0), "cat"))) == []


def test_a_hit_is_told_if_both_are_in_view() -> None:
    ball = sight_of(cast_of(follow([(-8, 0), (8, 0)], 3.0), "ball", scale=3.0))
    box = sight_of(cast_of(stay((0, 0), 0.0, 19.0), "box", 0, identity=2))
    log = log_of(ball, box, hits=(Collision(117, 1, 2),))

    hits = [e for e in log if e.kind is WorldEventKind.COLLIDE]
    assert [str(e.thing) for e in hits] == ["red ball"]
    assert [str(e.other) for e in hits] == ["red box"]
    assert not [e for e in log_of(ball, box, hits=(Collision(60, 1, 2),)) if e.kind is WorldEventKind.COLLIDE]


def test_hands_are_seen_but_not_named() -> None:
    assert log_of(sight_of(cast_of(follow([(-8, 0), (8, 0)], 2.0), "hand"))) == []


def test_a_camera_without_faults_shows_each_step() -> None:
    assert (no_faults(STEPS).shown == np.arange(STEPS)).all()
