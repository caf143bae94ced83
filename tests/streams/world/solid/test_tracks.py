"""Ways over a plan: where they go, how fast, and where they rest."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from millrace.streams.world.motion import STEP_HZ
from millrace.streams.world.solid.tracks import Rest, follow, join, shifted, stay, way_made
from millrace.streams.world.solid.types import POSTURES

places = st.tuples(st.floats(-20, 20), st.floats(-20, 20))


@settings(max_examples=40, deadline=None)
@given(st.lists(places, min_size=2, max_size=5), st.floats(0.3, 9.0), st.floats(0.1, 9.0))
def test_a_way_begins_and_ends_where_it_should_and_is_never_faster_than_told(
    points: list[tuple[float, float]], speed: float, seconds: float
) -> None:
    way = follow(points, speed, {len(points) // 2: Rest(seconds)})

    assert np.allclose(way.position[0, :2], points[0], atol=0.05)
    assert np.allclose(way.position[-1, :2], points[-1], atol=0.05)
    pace = np.hypot(*np.diff(way.position[:, :2], axis=0).T) * STEP_HZ
    # The two steps at each end of a leg may be rounded.
    assert (pace <= speed * 1.6 + 0.6).all()
    assert np.isfinite(way.heading).all()


def test_a_rest_is_as_long_as_told_and_nothing_moves_in_it() -> None:
    way = follow([(0, 0), (4, 0), (8, 0)], 1.0, {1: Rest(2.0, "sit", facing=1.0)})

    resting = ~way.is_moving
    assert abs(resting.sum() / STEP_HZ - 2.0) < 0.1
    assert np.ptp(way.position[resting], axis=0).max() == 0.0
    assert set(way.posture[resting]) == {POSTURES.index("sit")}
    assert abs(way.position[resting][0, 0] - 4.0) < 0.1


def test_a_rest_is_never_too_short_to_be_told() -> None:
    way = follow([(0, 0), (4, 0), (8, 0)], 1.0, {1: Rest(0.1)})

    assert (~way.is_moving).sum() >= 0.8 * STEP_HZ


def test_a_vehicle_slows_down_before_it_stops() -> None:
    way = follow([(0, 0), (30, 0)], 8.0, {1: Rest(1.0)}, accel=2.0)

    pace = np.diff(way.position[way.is_moving, 0]) * STEP_HZ
    assert pace[0] > 7.5
    assert pace[-2] < 2.5
    assert (np.diff(pace[-20:]) < 0.3).all()


def test_backwards_the_nose_points_away_from_the_way() -> None:
    way = follow([(0, 0), (5, 0)], 1.0, is_backwards=True)

    assert np.allclose(np.cos(way.heading), -1, atol=1e-6)


def test_headings_do_not_jump_at_corners() -> None:
    way = follow([(0, 0), (10, 0), (10, 10)], 3.0, corner_m=3.0)

    assert np.abs(np.diff(way.heading)).max() < 0.25


def test_ways_can_be_joined_cut_and_lifted() -> None:
    first, second = stay((1, 2), 0.5, 1.0), follow([(1, 2), (3, 2)], 1.0)
    whole = join([first, second])

    assert len(whole) == len(first) + len(second)
    assert len(whole.cut(5, 30)) == 25
    assert np.allclose(shifted(whole, heading=2.0, lift=0.7).position[:, 2], 0.7)
    assert abs(way_made(whole.position)[-1] - 2.0) < 1e-6
