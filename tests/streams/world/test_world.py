"""Worlds are exact, varied and the same for the same seed."""

from collections import Counter

import numpy as np
import pytest

from millrace.errors import SourceError
from millrace.streams.clock import perf_ns
from millrace.streams.world.events import WorldEventKind
from millrace.streams.world.labels import COLUMNS, patch_labels
from millrace.streams.world.recipes import SCENES
from millrace.streams.world.world import World

S = 1_000_000_000


@pytest.fixture(scope="module")
def world():
    return World(3, num_cameras=2, scene="standard", duration_s=20.0)


def test_the_same_seed_gives_the_same_world_in_any_order(world):
    again = World(3, num_cameras=2, scene="standard", duration_s=20.0)
    later = again.picture(1, 7 * S)
    first = again.picture(0, 2 * S)
    assert (world.picture(0, 2 * S).pixels == first.pixels).all()
    assert (world.picture(1, 7 * S).pixels == later.pixels).all()
    assert world.events == again.events
    assert (world.soundtrack.samples == again.soundtrack.samples).all()


def test_another_seed_gives_another_world(world):
    other = World(4, num_cameras=2, scene="standard", duration_s=20.0)
    assert other.events != world.events
    assert (other.picture(0, S).pixels != world.picture(0, S).pixels).any()


@pytest.mark.parametrize("scene", list(SCENES))
@pytest.mark.parametrize("num_cameras", [1, 4])
def test_each_scene_renders_for_each_number_of_cameras(scene, num_cameras):
    world = World(11, num_cameras, scene, 6.0)
    for camera in range(num_cameras):
        picture = world.picture(camera, 3 * S)
        assert picture.pixels.shape == (96, 160, 3)
        assert picture.identities.shape == (96, 160)
        assert set(np.unique(picture.identities)) <= {0, *world.actor_by_identity(camera)}


def test_all_kinds_of_event_happen():
    kinds = Counter(e.kind for seed in range(12) for e in World(seed, 4, "busy", 20.0).events)
    assert set(kinds) == set(WorldEventKind)


def test_the_log_is_in_order_and_names_cameras_that_exist(world):
    times = [event.t_ns for event in world.events]
    assert times == sorted(times)
    assert {event.camera for event in world.events} <= {None, 0, 1}


def test_a_thing_that_entered_is_in_the_mask_and_one_that_left_is_not():
    world = World(21, 1, "easy", 30.0)
    checked = 0
    for event in world.events:
        if event.kind not in (WorldEventKind.ENTER, WorldEventKind.LEAVE):
            continue
        for actor in world.actor_by_identity(0).values():
            step = event.t_ns * 25 // S
            if actor.thing == event.thing and actor.first_step <= step < actor.end_step:
                share = (world.picture(0, event.t_ns).identities == actor.identity).sum() / (
                    actor.side * 96
                ) ** 2
                assert share > 0.12 if event.kind is WorldEventKind.ENTER else share < 0.3
                checked += 1
    assert checked >= 4


def test_what_stops_stands_still_and_what_goes_moves():
    world = World(5, 4, "easy", 30.0)
    stops = [e for e in world.events if e.kind is WorldEventKind.STOP]
    assert stops
    for event in stops:
        step = event.t_ns * 25 // S
        near = [
            a
            for a in world.actor_by_identity(event.camera).values()
            if a.thing_at(step) == event.thing and a.first_step <= step < a.end_step
        ]
        assert any(np.allclose(a.position_at(step + 2), a.position_at(step + 5), atol=1e-6) for a in near)


def test_patch_labels_point_at_the_middle_of_their_thing():
    world = World(8, 1, "easy", 20.0)
    found = 0
    for tick in range(5, 90, 5):
        t_ns = tick * S // 5
        picture = world.picture(0, t_ns)
        labels = patch_labels(world, 0, picture, t_ns, t_ns - S // 5)
        for place in np.flatnonzero(labels.thing):
            middle = np.array([place % COLUMNS + 0.5, place // COLUMNS + 0.5]) + labels.centre[place]
            actors = world.actor_by_identity(0).values()
            near = [
                np.hypot(*(world.to_view(0, a.position_at(tick * 5), tick * 5) / 16 - middle)) for a in actors
            ]
            assert min(near) < 1e-3
            found += 1
    assert found > 20


def test_an_unknown_scene_is_named_with_the_known_ones():
    with pytest.raises(SourceError, match=r"'beach' is unknown.*easy"):
        World(1, scene="beach")


def test_rendering_is_fast_enough_for_training():
    world = World(1, 4, "busy", 10.0)
    world.picture(0, 0)
    started = perf_ns()
    for n in range(100):
        world.picture(n % 4, n * S // 10)
    assert 100 / ((perf_ns() - started) / S) > 200
