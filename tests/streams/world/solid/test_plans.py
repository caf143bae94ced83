"""Scenes: every recipe builds plans whose cameras see something, and names stay unambiguous."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from millrace.streams.world.events import COLOURS, THINGS, UNSEEN, Thing
from millrace.streams.world.motion import STEP_HZ
from millrace.streams.world.recipes import HELD_OUT_SCENES, THINGS_MIX
from millrace.streams.world.solid.casting import Casting
from millrace.streams.world.solid.scenes import SOLID_SCENES
from millrace.streams.world.solid.sites import Draw, Pace, Rect, Strip, is_free, outside, route
from millrace.streams.world.solid.types import Lens, Look, Slab

NUM_STEPS = 30 * STEP_HZ


def draw(seed: int, cameras: int = 2) -> Draw:
    return Draw(np.random.default_rng(seed), cameras, Pace(8.0))


def casting(seed: int, unseen: bool = False, counting: bool = False) -> Casting:
    return Casting(np.random.default_rng(seed), NUM_STEPS, [1], unseen, counting)


def test_recipes_are_those_that_the_mixture_names() -> None:
    assert {n for n, r in SOLID_SCENES.items() if not r.held_out} == set(THINGS_MIX)
    assert {n for n, r in SOLID_SCENES.items() if r.held_out} == set(HELD_OUT_SCENES)
    assert all(1 <= recipe.difficulty <= 5 for recipe in SOLID_SCENES.values())


@pytest.mark.parametrize("scene", SOLID_SCENES)
def test_a_scene_has_its_cameras_and_fills_with_life_inside_the_world(scene: str) -> None:
    names = set()
    for seed in range(3):
        here = draw(seed)
        site = SOLID_SCENES[scene].build(here)
        actors = casting(seed)
        site.populate(actors)
        names |= {cast.look.kind for cast in actors.casts}
        assert len(site.lenses) == 2
        for cast in actors.casts:
            assert 0 <= cast.first_step < NUM_STEPS
            assert cast.first_step + len(cast.position) <= NUM_STEPS
            assert len(cast.position) == len(cast.heading) == len(cast.phase) == len(cast.is_moving)
            assert np.isfinite(cast.position).all()
        assert all(0 <= hit.step < NUM_STEPS for hit in actors.collisions)
    assert names <= {*THINGS, "hand"}
    assert len(names) >= 2


@pytest.mark.parametrize("scene", SOLID_SCENES)
def test_no_two_things_of_one_name_are_about_within_twenty_seconds(scene: str) -> None:
    for seed in range(4):
        site = SOLID_SCENES[scene].build(draw(seed))
        actors = casting(seed)
        site.populate(actors)
        lives = [c for c in actors.casts if c.look.kind != "hand"]
        for i, a in enumerate(lives):
            for b in lives[i + 1 :]:
                if (a.look.kind, a.look.colour) == (b.look.kind, b.look.colour) and a.identity != b.identity:
                    gap = max(a.first_step, b.first_step) - min(
                        a.first_step + len(a.position), b.first_step + len(b.position)
                    )
                    assert gap >= 20 * STEP_HZ - 1, (a.look, a.identity, b.identity)


def test_names_for_training_are_never_those_held_back_and_every_colour_occurs() -> None:
    actors = casting(0)
    drawn = [actors.name(("car", "person", "dog"), 0) for _ in range(1500)]
    things = {Thing(look.colour, look.kind) for named in drawn if named for look in [named[1]]}

    assert not things & UNSEEN
    assert {t.colour for t in things if t.kind == "person"} == set(COLOURS) - {"cyan"}
    assert {t.colour for t in things if t.kind == "car"} == set(COLOURS) - {"purple"}


def test_worlds_of_unseen_pairs_hold_mainly_those() -> None:
    actors = casting(0, unseen=True)
    drawn = [actors.name(("car", "person", "dog"), 0) for _ in range(200)]
    rare = sum(Thing(n[1].colour, n[1].kind) in UNSEEN for n in drawn if n)

    assert rare > 140


def test_counting_worlds_repeat_a_name() -> None:
    actors = casting(0, counting=True)
    alike = []
    for _ in range(10):
        named = actors.name(("bottle",), 0)
        assert named is not None
        actors.reserve(named, 0)
        alike.append(named[1].colour)

    assert len(set(alike)) < 6


def test_a_way_around_furniture_does_not_touch_it() -> None:
    table = Slab(2.0, 0.0, 1.0, 3.0, 0.8)
    way = route((0, 0), (4, 0), [table], Rect(-2, -4, 6, 4), np.random.default_rng(1))

    assert way is not None and len(way) == 3
    for (ax, ay), (bx, by) in pairwise(way):
        for share in np.linspace(0, 1, 20):
            assert is_free((ax + (bx - ax) * share, ay + (by - ay) * share), [table], 0.2)


def test_what_starts_outside_cannot_be_seen() -> None:
    lens = Lens.looking(np.array([0.0, -6.0, 2.0]), np.array([0.0, 0.0, 0.5]), 130.0)
    look = Look("car", "red", 0)
    place = outside([lens], look, np.zeros(3), np.array([1.0, 0.0, 0.0]), 4.0)

    assert place is not None
    corners = place + np.array([(x, y, z) for x in (-2.2, 2.2) for y in (-0.9, 0.9) for z in (0, 1.45)])
    pixels, _ = lens.project(corners)
    assert (pixels[:, 0] > 160).all()
    assert outside([lens], look, np.zeros(3), np.array([0.0, 1.0, 0.0]), 4.0) is None


def test_a_strip_ends_before_and_behind_what_cameras_see() -> None:
    lens = Lens.looking(np.array([3.0, -8.0, 4.0]), np.array([3.0, 0.0, 0.0]), 130.0)
    strip = Strip.of([lens], Look("van", "white", 0), 0.0, 4.0)

    assert strip.out(3.0, -1, False) < 0.0 < 6.0 < strip.out(3.0, 1, False)
