"""Backgrounds: true perspective, exact depth, the same in every window."""

from dataclasses import replace

import numpy as np
import pytest

from millrace.streams.world.solid.backdrop import Backdrop, make_backdrop
from millrace.streams.world.solid.types import Lens, Light, Plan, Slab, Wall
from millrace.streams.world.solid.weather import Glass
from millrace.streams.world.stage import GLANCE, NATIVE, Window

LENS = Lens.looking(np.array([0.0, -5.0, 2.4]), np.array([0.0, 0.0, 0.9]), 125.0)
BENT = replace(LENS, k1=-0.18)
LIGHT = Light()
ROOM = Plan(
    "tiles",
    (150.0, 148.0, 142.0),
    walls=(Wall(-4, 2, 4, 2, 2.8, (170.0, 165.0, 158.0), ((1.0, 2.0),)),),
    slabs=(Slab(1.0, 0.0, 0.6, 0.6, 1.2, colour=(60.0, 40.0, 30.0)),),
)
GROUNDS = ("tiles", "wood", "carpet", "concrete", "asphalt", "grass", "belt", "cloth")


def _backdrop(plan: Plan = ROOM, lens: Lens = LENS, margin_px: int = 4) -> Backdrop:
    return make_backdrop(plan, lens, LIGHT, 3, margin_px)


@pytest.mark.parametrize("lens", [LENS, BENT])
def test_depth_is_that_of_the_wall_or_slab_at_the_pixel(lens: Lens) -> None:
    backdrop = _backdrop(lens=lens)
    on_wall, on_slab, on_ground = [0.4, 2.0, 1.6], [0.95, -0.3, 0.6], [-1.0, -0.5, 0.0]
    pixels, depth = lens.project(np.array([on_wall, on_slab, on_ground]))
    found = backdrop.depth_at(pixels)
    assert found[:2] == pytest.approx(depth[:2], rel=0.01)
    assert np.isinf(found[2])


def test_things_can_be_seen_a_little_behind_a_door() -> None:
    pixels, depth = LENS.project(np.array([[-2.5, 2.0, 1.0], [-1.5, 2.0, 1.0]]))
    found = _backdrop().depth_at(pixels)
    assert found[0] > depth[0] + 0.3
    assert found[1] == pytest.approx(depth[1], rel=0.01)


@pytest.mark.parametrize("lens", [LENS, BENT])
def test_a_painted_line_is_drawn_where_the_lens_projects_it(lens: Lens) -> None:
    plan = Plan("belt", (40.0, 40.0, 40.0), markings=((-2.0, -1.0, 2.0, -1.0, 0.3),))
    pixels = _backdrop(plan, lens).pixels()
    for x in (-1.5, 0.0, 1.5):
        column, row = lens.project(np.array([x, -1.0, 0.0]))[0].astype(int)
        beside = lens.project(np.array([x, -1.6, 0.0]))[0].astype(int)
        assert pixels[row, column].mean() > 2 * pixels[beside[1], beside[0]].mean()


@pytest.mark.parametrize("ground", GROUNDS)
def test_every_ground_has_a_texture_near_its_colour(ground: str) -> None:
    plan = Plan(ground, (120.0, 120.0, 120.0))
    below = Lens.looking(np.array([0.0, -0.2, 2.0]), np.zeros(3), 130.0)
    pixels = _backdrop(plan, below).pixels(NATIVE).astype(float)
    assert 80 < pixels.mean() < 150
    assert 0.5 < pixels.mean(2).std() < 30


def test_far_texture_does_not_flicker_between_neighbouring_views() -> None:
    flat = Lens.looking(np.array([0.0, 0.0, 1.5]), np.array([0.0, 10.0, 1.0]), 130.0)
    for ground in GROUNDS:
        strip = _backdrop(Plan(ground, (120.0, 120.0, 120.0)), flat).pixels()[48:60].astype(float).mean(2)
        assert np.abs(np.diff(strip, axis=1)).mean() < 5


def test_windows_show_the_same_place_at_every_zoom() -> None:
    backdrop = _backdrop()
    native = backdrop.pixels(NATIVE).astype(float)
    crop = backdrop.pixels(Window(40.0, 24.0, 4.0))
    assert np.array_equal(crop, native[96:192, 160:320])
    small = native.reshape(96, 4, 160, 4, 3).mean((1, 3))
    assert np.abs(backdrop.pixels() - small).mean() < 2
    double = backdrop.pixels(Window(40.0, 24.0, 2.0)).astype(float)
    assert np.abs(double - native[96:288, 160:480].reshape(96, 2, 160, 2, 3).mean((1, 3))).mean() < 3


def test_a_shift_moves_the_picture_within_the_margin() -> None:
    backdrop = _backdrop(margin_px=6)
    still, moved = backdrop.pixels(), backdrop.pixels(GLANCE, (4.0, -3.0))
    assert np.array_equal(moved[:-3, 4:], still[3:, :-4])
    half = backdrop.pixels(GLANCE, (0.5, 0.0)).astype(float)
    between = (still[:, 1:].astype(float) + still[:, :-1]) / 2
    assert np.abs(half[:, 1:] - between).mean() < 1.5


def test_the_same_seed_draws_the_same_and_another_one_another() -> None:
    first, again = _backdrop().pixels(), _backdrop().pixels()
    assert np.array_equal(first, again)
    assert not np.array_equal(first, make_backdrop(ROOM, LENS, LIGHT, 4, 4).pixels())


def test_a_floor_is_found_under_what_stands_on_it_or_hovers() -> None:
    backdrop = _backdrop()
    assert backdrop.floor_under(1.0, 0.0, 1.2) == pytest.approx(1.2)
    assert backdrop.floor_under(1.0, 0.0, 1.9) == pytest.approx(1.2)
    assert backdrop.floor_under(1.0, 0.0, 0.4) == 0.0
    assert backdrop.floor_under(0.0, 0.0, 1.2) == 0.0


def test_an_open_plan_hides_nothing() -> None:
    backdrop = _backdrop(Plan("grass", (90.0, 110.0, 60.0), is_outdoors=True))
    assert backdrop.hiding() is None
    assert np.isinf(backdrop.depth_at(np.array([[3.0, 3.0], [80.0, 90.0]]))).all()


def test_outdoors_the_sky_is_brighter_than_the_ground_and_indoors_the_far_is_dark() -> None:
    level = Lens.looking(np.array([0.0, 0.0, 1.5]), np.array([0.0, 10.0, 1.5]), 100.0)
    for is_outdoors in (True, False):
        plan = Plan("concrete", (120.0, 120.0, 118.0), is_outdoors=is_outdoors)
        pixels = _backdrop(plan, level).pixels()
        assert (pixels[:20].mean() > pixels[80:].mean() + 30) == is_outdoors


def test_clean_glass_changes_nothing_and_a_vignette_only_the_corners() -> None:
    grey = np.full((96, 160, 3), 100, np.uint8)
    assert Glass().over(grey) is grey
    dark = Glass(vignette=0.4).over(grey)
    assert dark[48, 80, 0] == pytest.approx(100, abs=1)
    assert dark[0, 0, 0] < 65


def test_glare_stays_at_its_place_in_a_crop() -> None:
    glass = Glass(glare=80.0, glare_xy=(50.0, 30.0), glare_px=10.0)
    grey = np.full((96, 160, 3), 100, np.uint8)
    for window in (GLANCE, Window(40.0, 24.0, 4.0)):
        brightest = np.unravel_index(glass.over(grey, window)[..., 0].argmax(), (96, 160))
        assert brightest[1] / window.zoom + window.x == pytest.approx(50.0, abs=1.5)
        assert brightest[0] / window.zoom + window.y == pytest.approx(30.0, abs=1.5)
