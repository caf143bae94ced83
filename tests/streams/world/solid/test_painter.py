"""Pictures of bodies: who is where, who hides whom, and that every window shows the same scene."""

from dataclasses import replace

import numpy as np
import pytest

from millrace.streams.world.events import HAND, THINGS
from millrace.streams.world.solid.backdrop import make_backdrop
from millrace.streams.world.solid.bodies import make_body
from millrace.streams.world.solid.painter import Item, paint
from millrace.streams.world.solid.types import Lens, Light, Look, Plan, Pose, Slab, Wall
from millrace.streams.world.stage import GLANCE, NATIVE, Picture, Window

LENS = Lens.looking(np.array([0.0, -5.0, 2.4]), np.array([0.0, 0.0, 0.9]), 125.0)
LIGHT = Light()
OPEN = Plan("tiles", (150.0, 148.0, 142.0))


def _item(kind: str, x: float, y: float, identity: int = 1, colour: str = "red", **pose: object) -> Item:
    return Item(make_body(Look(kind, colour, 3)), replace(Pose(x, y, 0.0, 0.4), **pose), identity)  # type: ignore[arg-type]


def _paint(items: list[Item], plan: Plan = OPEN, light: Light = LIGHT, lens: Lens = LENS) -> Picture:
    return paint(items, lens, light, make_backdrop(plan, lens, light, 7, 4))


@pytest.mark.parametrize("kind", (*THINGS, HAND))
def test_the_mask_lies_where_the_sample_points_are(kind: str) -> None:
    body = make_body(Look(kind, "blue", 5))
    reach = 1.6 * max(body.radius_m, body.height_m)
    lens = Lens.looking(np.array([reach, -reach, reach]), np.array([0, 0, body.height_m / 2]), 100.0, k1=-0.1)
    pose = Pose(0.1 * reach, 0.0, 0.0, heading=0.8)
    picture = paint([Item(body, pose, 5)], lens, LIGHT, make_backdrop(OPEN, lens, LIGHT, 1, 2))
    c, s = np.cos(pose.heading), np.sin(pose.heading)
    world = body.points @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]]) + [pose.x, pose.y, pose.z]
    pixels, _ = lens.project(world)
    rows, columns = np.nonzero(picture.identities == 5)
    assert len(rows) > 60
    away = np.hypot(pixels[:, None, 0] - columns - 0.5, pixels[:, None, 1] - rows - 0.5).min(1)
    assert np.quantile(away, 0.9) < 2.0
    middle = np.array([columns.mean(), rows.mean()])
    assert np.abs(middle - pixels.mean(0)).max() < 16


def test_the_nearer_body_hides_the_farther_one_in_any_order() -> None:
    near, far = _item("person", 0.0, -1.0, 1), _item("van", 0.0, 2.5, 2, "white")
    first, second = _paint([near, far]), _paint([far, near])
    assert np.array_equal(first.pixels, second.pixels)
    assert np.array_equal(first.identities, second.identities)
    alone = _paint([near]).identities == 1
    assert ((first.identities == 1) != alone).sum() < 0.1 * alone.sum()
    assert (first.identities == 2).sum() > 200


def test_furniture_hides_what_is_behind_it_and_nothing_before_it() -> None:
    counter = replace(OPEN, slabs=(Slab(0.0, 0.0, 4.0, 0.4, 1.0),))
    behind, before = _item("person", 0.0, 0.8), _item("person", 0.0, -0.8)
    whole, hidden = ((_paint([behind], plan).identities == 1) for plan in (OPEN, counter))
    assert 0.3 * whole.sum() < hidden.sum() < 0.75 * whole.sum()
    rows = np.flatnonzero(whole.any(1))
    assert np.array_equal(hidden[: rows[0] + 12], whole[: rows[0] + 12])
    assert not hidden[rows[-1] - 8 :].any()
    assert np.array_equal(_paint([before], OPEN).identities, _paint([before], counter).identities)


def test_the_hidden_part_shows_the_furniture_unchanged() -> None:
    counter = replace(OPEN, slabs=(Slab(0.0, 0.0, 4.0, 0.4, 1.0, colour=(30.0, 60.0, 90.0)),))
    empty, full = _paint([], counter), _paint([_item("person", 0.0, 0.8)], counter)
    x, y = LENS.project(np.array([0.0, -0.2, 0.5]))[0].astype(int)
    assert np.array_equal(full.pixels[y, x], empty.pixels[y, x])


def test_a_person_is_seen_in_a_doorway_and_not_through_the_wall() -> None:
    house = replace(OPEN, walls=(Wall(-4, 1.0, 4, 1.0, 2.8, doors=((5.0, 6.2),)),))
    assert not _paint([_item("person", 0.0, 1.8)], house).identities.any()
    doorway = _paint([_item("person", 1.6, 1.15)], house).identities
    assert doorway.sum() > 0.5 * (_paint([_item("person", 1.6, 1.15)]).identities > 0).sum()


def test_a_hand_is_drawn_over_what_it_holds() -> None:
    desk = Lens.looking(np.array([0.0, -0.8, 0.3]), np.array([0.0, 0.0, 0.12]), 150.0)
    held = Item(make_body(Look("box", "green", 1, 0.4)), Pose(0, 0, 0.05, 0), 1)
    hand = Item(make_body(Look(HAND, "red", 1)), Pose(0, 0, 0.15, -2.0), 2)
    both = _paint([hand, held], lens=desk).identities
    assert (both == 2).sum() == (_paint([hand], lens=desk).identities == 2).sum()
    assert (both == 1).any()


def test_a_crop_shows_the_same_as_that_part_of_the_whole_picture() -> None:
    items, window = [_item("person", 0.3, 0.0), _item("dog", -0.6, 0.2, 2)], Window(50.0, 30.0, 4.0)
    backdrop = make_backdrop(OPEN, LENS, LIGHT, 7, 4)
    crop, whole = (paint(items, LENS, LIGHT, backdrop, w) for w in (window, NATIVE))
    part = (slice(120, 216), slice(200, 360))
    assert crop.pixels.shape == (96, 160, 3)
    assert whole.pixels.shape == (384, 640, 3)
    # A shadow's softness is cut to the window, so only shadows may differ.
    difference = np.abs(crop.pixels.astype(int) - whole.pixels[part]).max(2)
    assert (difference > 12).mean() < 0.03
    assert (crop.identities == whole.identities[part]).mean() > 0.995


def test_a_glance_is_the_whole_picture_made_small() -> None:
    items = [_item("car", 0.3, 1.0)]
    backdrop = make_backdrop(OPEN, LENS, LIGHT, 7, 4)
    glance, whole = (paint(items, LENS, LIGHT, backdrop, w) for w in (GLANCE, NATIVE))
    small = whole.pixels.reshape(96, 4, 160, 4, 3).mean((1, 3))
    assert np.abs(glance.pixels - small).mean() < 3
    share = (whole.identities.reshape(96, 4, 160, 4) == 1).mean((1, 3))
    assert ((share > 0.5) == (glance.identities == 1)).mean() > 0.985


@pytest.mark.parametrize("shift", [(3.0, -2.0), (0.5, 1.5)])
def test_a_shift_moves_bodies_and_background_together(shift: tuple[float, float]) -> None:
    items, backdrop = [_item("person", 0.3, 1.5)], make_backdrop(OPEN, LENS, LIGHT, 7, 8)
    still, moved = (paint(items, LENS, LIGHT, backdrop, GLANCE, s) for s in ((0.0, 0.0), shift))
    if all(s == int(s) for s in shift):
        x, y = (int(s) for s in shift)
        rolled = np.roll(still.pixels, (y, x), (0, 1))
        assert np.abs(rolled.astype(int) - moved.pixels)[10:-10, 10:-10].mean() < 1
    middles = [np.argwhere(p.identities == 1).mean(0) for p in (still, moved)]
    assert middles[1] - middles[0] == pytest.approx(shift[::-1], abs=0.3)


def test_a_body_darkens_the_ground_beside_it_and_no_mask() -> None:
    item, light = _item("box", 0.0, 0.0), Light(direction=(0.7, 0.0, -0.71), shadow=0.6)
    plain, shaded = _paint([item], light=replace(light, shadow=0.0)), _paint([item], light=light)
    x, y = LENS.project(np.array([0.38, 0.0, 0.0]))[0].astype(int)
    assert shaded.pixels[y, x].mean() < 0.8 * plain.pixels[y, x].mean()
    assert np.array_equal(plain.identities, shaded.identities)


def test_a_shadow_falls_on_the_table_that_a_thing_stands_on() -> None:
    table = replace(OPEN, slabs=(Slab(0.0, 0.0, 1.4, 1.0, 0.8, colour=(190.0, 180.0, 170.0)),))
    light = Light(direction=(0.7, 0.0, -0.71), shadow=0.7)
    item = _item("box", 0.0, 0.0, z=0.8)
    x, y = LENS.project(np.array([0.34, 0.0, 0.8]))[0].astype(int)
    assert (
        _paint([item], table, light).pixels[y, x].mean() < 0.85 * _paint([], table, light).pixels[y, x].mean()
    )


def test_a_glossy_floor_mirrors_a_body_without_naming_it() -> None:
    item = _item("ball", 0.0, -1.2, colour="green")
    dull, glossy = _paint([item]), _paint([item], light=replace(LIGHT, gloss=0.6))
    rows = np.flatnonzero((dull.identities == 1).any(1))
    column = int(np.argwhere(dull.identities == 1)[:, 1].mean())
    greener = glossy.pixels[rows[-1] + 3, column].astype(int) - dull.pixels[rows[-1] + 3, column]
    assert greener[1] - greener[0] > 15
    assert np.array_equal(dull.identities, glossy.identities)


def test_what_is_behind_a_clear_bottle_shows_through_it() -> None:
    desk = Lens.looking(np.array([0.0, -0.7, 0.2]), np.array([0.0, 0.0, 0.1]), 150.0)
    clear = next(b for s in range(20) if (b := make_body(Look("bottle", "blue", s))).shape.clear)
    pixels = []
    for colour in ("red", "white"):
        wall = Item(make_body(Look("box", colour, 1)), Pose(0, 0.4, 0, 0), 2)
        picture = _paint([wall, Item(clear, Pose(0, 0, 0, 0), 1)], lens=desk)
        pixels.append(picture.pixels[picture.identities == 1].mean(0))
    assert pixels[1][1] - pixels[0][1] > 15


def test_the_light_dims_the_picture_but_not_the_lamps() -> None:
    car = _item("car", 0.0, 0.0, heading=-1.3, lights=True)
    day, dusk = _paint([car]), _paint([car], light=replace(LIGHT, level=0.3))
    assert dusk.pixels[:20].mean() == pytest.approx(0.3 * day.pixels[:20].mean(), rel=0.1)
    assert dusk.pixels.max() > 230
    assert (
        _paint(
            [replace(car, pose=replace(car.pose, lights=False))], light=replace(LIGHT, level=0.3)
        ).pixels.max()
        < 120
    )


@pytest.mark.parametrize("y", [-5.2, -6.0, -9.0])
def test_what_is_behind_the_camera_is_not_drawn(y: float) -> None:
    picture = _paint([_item("person", 0.0, y), _item("car", 3.0, y - 4.0, 2)])
    assert not picture.identities.any()
    assert np.array_equal(picture.pixels, _paint([]).pixels)


def test_a_body_half_behind_the_lens_does_not_break_the_picture() -> None:
    for x in np.linspace(-3, 3, 7):
        picture = _paint([_item("van", float(x), -4.0, heading=0.0), _item("bicycle", -float(x), -4.5, 2)])
        assert picture.pixels.shape == (96, 160, 3)
        assert set(np.unique(picture.identities)) <= {0, 1, 2}
