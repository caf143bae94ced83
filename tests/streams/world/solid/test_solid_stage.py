"""Solid stages as a whole: their pictures, truth and log agree, and hang on the seed alone."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache

import numpy as np
import pytest

from millrace.errors import SourceError
from millrace.streams.world.events import (
    AMBIENT,
    DIRECTIONS,
    SOUNDS,
    UNSEEN,
    WAYS,
    WorldEvent,
    WorldEventKind,
)
from millrace.streams.world.motion import STEP_HZ
from millrace.streams.world.recipes import HELD_OUT_SCENES, THINGS_MIX
from millrace.streams.world.solid.scenes import SOLID_SCENES
from millrace.streams.world.solid.solid_stage import SolidStage
from millrace.streams.world.solid.texture import HELD_OUT_GROUNDS
from millrace.streams.world.stage import NATIVE, Window, mark

SECONDS = 24.0


@lru_cache(maxsize=16)
def stage_of(scene: str, seed: int = 3, cameras: int = 2, unseen: bool = False) -> SolidStage:
    return SolidStage(seed, cameras, scene, SECONDS, unseen)


@pytest.mark.parametrize("scene", SOLID_SCENES)
def test_enters_and_leaves_of_a_thing_alternate_in_each_camera(scene: str) -> None:
    for seed in (3, 4):
        last: dict[tuple[int | None, int | None], WorldEventKind] = {}
        for event in stage_of(scene, seed).events:
            if event.kind in (WorldEventKind.ENTER, WorldEventKind.LEAVE):
                key = event.camera, event.identity
                assert last.get(key) is not event.kind
                assert key in last or event.kind in (WorldEventKind.ENTER, WorldEventKind.LEAVE)
                last[key] = event.kind


@pytest.mark.parametrize("scene", SOLID_SCENES)
def test_events_are_well_formed_and_in_order_of_time(scene: str) -> None:
    stage = stage_of(scene)
    times = [e.t_ns for e in stage.events]

    assert times == sorted(times)
    for event in stage.events:
        assert event.thing is not None and event.thing.kind != "hand"
        assert event.identity is not None and event.camera in (0, 1)
        assert (event.side in WAYS) == (event.kind in (WorldEventKind.ENTER, WorldEventKind.LEAVE))
        assert (event.direction in DIRECTIONS) == (event.kind is WorldEventKind.GO)
        assert 0 <= event.t_ns <= SECONDS * 1e9


@pytest.mark.parametrize("scene", SOLID_SCENES)
def test_masks_agree_with_sightings(scene: str) -> None:
    stage = stage_of(scene)
    for camera in (0, 1):
        for second in range(1, 24, 4):
            t_ns = second * 10**9
            seen = stage.sightings(camera, t_ns)
            identities = stage.picture(camera, t_ns).identities
            known = {0, *(mark(s.identity) for s in seen)}
            # Of what has no sample point in the picture a sliver may show.
            assert all((identities == n).sum() < 40 for n in np.unique(identities) if n not in known)
            for s in seen:
                apart = [abs(o.x - s.x) + abs(o.y - s.y) > o.side + s.side for o in seen if o is not s]
                if s.share > 0.6 and s.side > 6 and all(apart):
                    y, x = np.nonzero(identities == mark(s.identity))
                    assert len(x) > 0.08 * s.side**2
                    assert abs(x.mean() - s.x) < s.side and abs(y.mean() - s.y) < s.side


def test_the_same_seed_gives_the_same_and_another_gives_another() -> None:
    first, again, other = (SolidStage(seed, 2, "lobby", 8.0) for seed in (5, 5, 6))

    assert first.events == again.events and first.cues == again.cues
    a, b, c = (stage.picture(1, 4 * 10**9).pixels for stage in (first, again, other))
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)


def test_pictures_do_not_hang_on_the_order_of_calls() -> None:
    first, again = (SolidStage(5, 1, "crossing", 8.0) for _ in range(2))
    late, early = first.picture(0, 6 * 10**9), first.picture(0, 10**9)

    assert np.array_equal(again.picture(0, 10**9).pixels, early.pixels)
    assert np.array_equal(again.picture(0, 6 * 10**9).identities, late.identities)


def test_windows_show_the_same_at_their_zoom() -> None:
    stage = stage_of("parking")
    t_ns = next(e.t_ns for e in stage.events if e.kind is WorldEventKind.ENTER) + 5 * 10**8
    camera = next(e.camera for e in stage.events if e.kind is WorldEventKind.ENTER)
    assert camera is not None
    whole = stage.picture(camera, t_ns, NATIVE)
    part = stage.picture(camera, t_ns, Window(40, 24, 4.0, 96, 96))

    assert whole.pixels.shape == (384, 640, 3) and part.pixels.shape == (96, 96, 3)
    assert (whole.identities[96:192, 160:256] == part.identities).mean() > 0.98
    glance = stage.picture(camera, t_ns)
    assert ((glance.identities > 0) == (whole.identities[2::4, 2::4] > 0)).mean() > 0.97


def test_one_thing_has_one_identity_and_one_name_in_all_cameras() -> None:
    shared = 0
    for seed in range(6):
        names: dict[int, set[str]] = defaultdict(set)
        cameras: dict[int, set[int | None]] = defaultdict(set)
        for event in SolidStage(seed, 3, "crossing", SECONDS).events:
            assert event.identity is not None
            names[event.identity].add(str(event.thing))
            cameras[event.identity].add(event.camera)
        assert all(len(n) == 1 for n in names.values())
        shared += sum(len(c) > 1 for c in cameras.values())
    assert shared > 3


def test_what_leaves_a_camera_enters_another_after_the_time_that_its_speed_needs() -> None:
    fastest_m_s = {"person": 2.5, "cat": 4.0, "dog": 5.0, "bicycle": 7.0, "car": 12.0, "van": 12.0}
    crossings = 0
    for seed in range(6):
        stage = SolidStage(seed, 3, "crossing", SECONDS)
        casts = {s.cast.identity: s.cast for view in stage._views for s in view.sights}
        left: dict[int | None, WorldEvent] = {}
        for event in stage.events:
            before = left.get(event.identity)
            if event.kind is WorldEventKind.LEAVE:
                left[event.identity] = event
            elif event.kind is WorldEventKind.ENTER and before and before.camera != event.camera:
                assert event.identity is not None and event.thing is not None
                cast = casts[event.identity]
                here, there = (
                    cast.position[round(e.t_ns * STEP_HZ / 1e9) - cast.first_step] for e in (before, event)
                )
                way_m, away_s = float(np.linalg.norm(there - here)), (event.t_ns - before.t_ns) / 1e9
                assert 0 < way_m <= fastest_m_s[event.thing.kind] * away_s
                crossings += 1
    assert crossings > 3


def test_training_worlds_never_hold_unseen_pairs_and_unseen_worlds_mainly_do() -> None:
    rare = total = 0
    for seed, scene in enumerate(THINGS_MIX):
        assert not {e.thing for e in stage_of(scene).events} & UNSEEN
        things = [e.thing for e in SolidStage(seed, 2, scene, SECONDS, unseen=True).events]
        rare, total = rare + sum(t in UNSEEN for t in things), total + len(things)
    assert rare > 0.4 * total > 5


@pytest.mark.parametrize("scene", ["yard", "desk", "crossing"])
def test_sounds_are_known_and_told_ones_do_not_crowd(scene: str) -> None:
    cues = stage_of(scene).cues
    told = [c.t_ns for c in cues if c.is_told]

    assert all(c.sound in (SOUNDS if c.is_told else AMBIENT) for c in cues)
    assert all(0 <= c.t_ns < SECONDS * 1e9 and 0 < c.loudness <= 1 for c in cues)
    assert len(told) <= SECONDS / 2


def test_a_seen_collision_is_heard() -> None:
    hits = [
        (e, s)
        for seed in range(12)
        for s in [SolidStage(seed, 1, "yard", SECONDS)]
        for e in s.events
        if e.kind is WorldEventKind.COLLIDE
    ]
    heard = [any(c.sound == "crash" and c.t_ns == e.t_ns for c in s.cues) for e, s in hits]

    assert len(hits) >= 2
    assert all(heard)


def test_faults_freeze_pixels_and_truth_alike() -> None:
    for seed in range(60):
        stage = SolidStage(seed, 1, "conveyor", 30.0)
        faults = stage._views[0].faults
        held = np.flatnonzero((faults.shown < np.arange(len(faults.shown))) & ~faults.is_black)
        if len(held) > 3:
            break
    first, second = (int((k + 0.3) / 25 * 1e9) for k in held[:2])
    assert np.array_equal(stage.picture(0, first).pixels, stage.picture(0, second).pixels)
    assert stage.sightings(0, first) == stage.sightings(0, second)


def test_a_quarter_of_an_hour_is_possible() -> None:
    stage = SolidStage(1, 1, "parking", 900.0)

    assert max(e.t_ns for e in stage.events) > 600e9
    assert stage.picture(0, 880 * 10**9).pixels.shape == (96, 160, 3)


def test_an_unknown_scene_is_refused_with_what_there_is() -> None:
    with pytest.raises(SourceError, match=r"'moon' is unknown.*lobby"):
        SolidStage(1, 1, "moon", 4.0)
    assert SolidStage(1, 1, "things", 4.0).scene in THINGS_MIX


def test_strange_worlds_hold_the_same_people_on_a_floor_of_another_texture() -> None:
    usual, strange = (SolidStage(3, 1, "lobby", 12.0, strange=s) for s in (False, True))
    assert strange.events == usual.events
    floors = [stage._views[0].ground.site.plan.ground for stage in (usual, strange)]
    assert floors[0] not in HELD_OUT_GROUNDS
    assert floors[1] in HELD_OUT_GROUNDS
    looks = [{c.look.is_strange for c in stage._views[0].ground.casting.casts} for stage in (usual, strange)]
    assert looks == [{False}, {True}]


def test_in_a_rush_much_more_happens() -> None:
    for scene in SOLID_SCENES:
        if scene not in HELD_OUT_SCENES:
            usual, rush = (
                sum(len(SolidStage(seed, 1, scene, 24.0, rush=r).events) for seed in range(2))
                for r in (False, True)
            )
            assert rush > 1.4 * usual, scene
