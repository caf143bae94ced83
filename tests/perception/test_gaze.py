"""Where the closer look goes."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from millrace.perception.encoder import NUM_PATCHES, EncoderConfig
from millrace.perception.gaze import Gaze, aim, covers, in_glance, place_of
from millrace.streams.world.stage import Window

TICK = 200_000_000
CONFIG = EncoderConfig(width=8, num_blocks=1, num_heads=2, mlp_hidden=16)
MIDDLES = st.tuples(st.floats(-1, 11), st.floats(-1, 7))
ZOOMS = st.floats(1.5, 4.0)


def features(*things):
    """Floor, and things (middle (x, y) in patches, side in patches, how sure, is it moving, look)."""
    made = np.zeros((NUM_PATCHES, CONFIG.num_features), np.float32)
    made[:, :8] = np.random.default_rng(0).normal(size=8)
    made[:, -12] = 1.0  # still
    for middle, side, thing, is_moving, look in things:
        place = place_of(np.array(middle))
        made[place, :8] = np.random.default_rng(look).normal(size=8)
        made[place, 8] = thing
        made[place, -12:-3] = np.eye(9)[3 if is_moving else 0]
        made[place, -3:-1] = np.array(middle) - (place % 10 + 0.5, place // 10 + 0.5)
        made[place, -1] = side
    return made


def size(window):
    return np.array([160, 96]) / window.zoom


def contains(window, middle):
    corner, at = np.array([window.x, window.y]), np.array(middle) * 16
    return bool(((at >= corner) & (at <= corner + size(window))).all())


def test_a_small_thing_draws_the_gaze_and_is_in_the_middle_of_the_window():
    window = Gaze(CONFIG).choose(features(((4.2, 2.7), 0.8, 0.9, True, 1)), 0, 12.0)
    assert window.zoom == 2.5 / np.float32(0.8)
    assert np.abs(np.array([window.x, window.y]) + size(window) / 2 - (4.2 * 16, 2.7 * 16)).max() <= 2


def test_floor_and_what_the_glance_sees_well_draw_no_gaze():
    assert Gaze(CONFIG).choose(features(), 0, 12.0) is None
    assert Gaze(CONFIG).choose(features(((4.5, 2.5), 3.0, 0.9, True, 1)), 0, 12.0) is None


def test_what_is_faint_draws_the_gaze_only_where_it_moves():
    assert Gaze(CONFIG).choose(features(((4.5, 2.5), 0.3, 0.15, False, 1)), 0, 12.0) is None
    window = Gaze(CONFIG).choose(features(((4.5, 2.5), 0.3, 0.15, True, 1)), 0, 12.0)
    assert window.zoom == 4
    assert contains(window, (4.5, 2.5))


def test_nothing_is_magnified_beyond_the_pixels_that_the_camera_has():
    assert Gaze(CONFIG).choose(features(((4.5, 2.5), 0.2, 0.9, True, 1)), 0, 2.25).zoom == 2.25


def test_what_rests_is_looked_at_once_and_again_after_the_refresh_time():
    gaze, resting = Gaze(CONFIG), features(((4.5, 2.5), 0.8, 0.9, False, 1))
    looks = [gaze.choose(resting, tick * TICK, 4.0) is not None for tick in range(12)]
    assert looks[0]
    assert sum(looks[1:9]) == 0
    assert sum(looks) == 2


def test_the_window_stays_while_a_thing_moves_in_its_inner_half():
    gaze, windows = Gaze(CONFIG), []
    for tick in range(6):
        middle = (4.5 + 0.1 * tick, 2.5)
        windows.append(gaze.choose(features((middle, 0.625, 0.9, True, tick)), tick * TICK, 4.0))
    assert len(set(windows)) == 1


def test_of_two_moving_things_each_is_watched_for_a_while():
    gaze, watched = Gaze(CONFIG), []
    for tick in range(60):
        height = 3.0 + 0.3 * np.sin(tick)  # within one window
        left, right = (2.5, height), (7.5, height)
        look = 1 + 6 * (tick % 2)
        seen = features((left, 0.6, 0.9, True, look), (right, 0.6, 0.9, True, look))
        watched.append(contains(gaze.choose(seen, tick * TICK, 4.0), left))
    num_changes = sum(a != b for a, b in pairwise(watched))
    assert 0.25 < np.mean(watched) < 0.75
    assert 2 <= num_changes <= 12


def test_a_moving_thing_that_the_closer_look_saw_is_followed_where_the_glance_is_blind():
    gaze = Gaze(CONFIG)
    window = gaze.choose(features(((4.5, 2.5), 0.3, 0.15, True, 1)), 0, 4.0)
    for tick in range(1, 4):
        gaze.learn(features(((9.9, 3.0), 1.0, 0.9, True, 1)))
        middle = in_glance(np.array([9.9, 3.0], np.float32), window)
        window = gaze.choose(features(), tick * TICK, 4.0)
        assert np.abs(np.array([window.x, window.y]) + size(window) / 2 - middle * 16).max() <= 2.01
    gaze.learn(features())
    assert gaze.choose(features(), 4 * TICK, 4.0) is None


def test_where_it_has_found_nothing_the_gaze_goes_less_gladly():
    def look_twice(found):
        gaze = Gaze(CONFIG)
        gaze.choose(features(((2.5, 1.5), 0.3, 0.29, True, 1)), 0, 4.0)
        gaze.learn(found)
        both = features(((2.5, 1.5), 0.3, 0.29, True, 7), ((7.5, 4.5), 0.3, 0.2, True, 3))
        return contains(gaze.choose(both, TICK, 4.0), (2.5, 1.5))

    assert look_twice(features(((5.0, 3.0), 1.0, 0.9, False, 1)))
    assert not look_twice(features())


def test_reading_does_not_hang_on_the_camera_shrinking():
    gaze = Gaze(CONFIG)
    assert gaze.choose(features(((4.5, 2.5), 0.4, 0.9, True, 1)), 0, 4.0).zoom == 4
    assert gaze.choose(features(((4.5, 2.5), 0.4, 0.9, True, 2)), TICK, 1.6).zoom == 1.6


@given(middle=MIDDLES, zoom=ZOOMS, before=st.one_of(st.none(), st.tuples(MIDDLES, ZOOMS)))
def test_a_window_is_always_inside_the_picture(middle, zoom, before):
    window = aim(np.array(middle), zoom, before and aim(np.array(before[0]), before[1]))
    assert window.x >= 0 and window.y >= 0
    assert window.x + 160 / window.zoom <= 160 + 1e-9 and window.y + 96 / window.zoom <= 96 + 1e-9
    clipped = np.clip(middle, 0, (10, 6))
    assert contains(window, np.clip(clipped * 16, (window.x, window.y), None) / 16)
    assert covers(window).any()


@given(middle=st.tuples(st.floats(0, 10), st.floats(0, 6)), zoom=ZOOMS)
def test_a_new_window_shows_its_thing(middle, zoom):
    assert contains(aim(np.array(middle), zoom), middle)


@given(
    middle=MIDDLES,
    zoom=ZOOMS,
    shift=st.tuples(st.floats(-0.25, 0.25), st.floats(-0.25, 0.25)),
    ratio=st.floats(0.7, 1.45),
)
def test_a_window_stays_for_a_thing_in_its_inner_half(middle, zoom, shift, ratio):
    window = aim(np.array(middle), zoom)
    half = np.array([window.x, window.y]) + size(window) * (0.5 + 0.99 * np.array(shift))
    assert aim(half / 16, window.zoom * ratio, window) == window


@given(middle=MIDDLES, zoom=ZOOMS)
def test_looking_again_at_what_has_not_moved_changes_nothing(middle, zoom):
    window = aim(np.array(middle), zoom)
    assert aim(np.array(middle), zoom, window) == window


def test_a_place_in_the_window_is_a_place_in_the_glance():
    window = Window(80.0, 48.0, 4.0)
    corners = in_glance(np.array([[0, 0], [10, 6]], np.float32), window)
    assert corners.tolist() == [[5.0, 3.0], [7.5, 4.5]]
    assert [place_of(c) for c in corners] == [35, 47]
    assert place_of(np.array([-3.0, 99.0])) == 50
