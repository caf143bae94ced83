"""The picture of what the agent sees."""

import numpy as np
import pytest

from millrace.apps.doors.mosaic import HEIGHT, WIDTH, Board, Tile, draw, group, to_planes
from millrace.perception.blocks import Glimpse
from millrace.streams.media import VideoFrame
from millrace.streams.native import native_of


def frame(shade, native=None):
    return VideoFrame("cam1", 0, np.full((96, 160, 3), shade, np.uint8), native=native)


@pytest.mark.parametrize("num", [0, 1, 2, 3, 4, 7])
def test_any_number_of_cameras_has_its_place(num):
    picture = draw(Board([Tile(f"c{n}", frame(200)) for n in range(num)]))
    assert picture.shape == (HEIGHT, WIDTH, 3)
    columns = max(1, int(np.ceil(np.sqrt(num))))
    share = (picture.mean(axis=2) > 150).mean() * WIDTH * HEIGHT
    assert abs(share / (WIDTH // columns * (WIDTH // columns * 96 // 160)) - num) < 0.15 * max(1, num)


def test_what_was_kept_is_warm_and_named():
    things = np.zeros(60, np.float32)
    cold = draw(Board([Tile("door", frame(90), Glimpse(things, (), ()))]))
    warm = draw(Board([Tile("door", frame(90), Glimpse(things, (33, 34), ("red car",) * 2))]))
    changed = np.abs(warm.astype(int) - cold).sum(axis=2)
    inside, outside = changed[200:250, 200:310], changed[20:120, 450:620]
    assert inside.mean() > 30 and outside.max() == 0
    assert (warm[200:250, 200:310, 0] > warm[200:250, 200:310, 2]).mean() > 0.9


def test_a_fine_camera_is_shown_finer_than_the_view():
    stripes = np.zeros((384, 640, 3), np.uint8)
    stripes[:, ::4] = stripes[:, 1::4] = 255  # finer than the view can show
    fine = draw(Board([Tile("c", frame(128, native_of(stripes)))]))
    assert fine[100:300, 100:500].std() > 20 > draw(Board([Tile("c", frame(128))]))[100:300, 100:500].std()


def test_neighbours_of_one_name_are_one_box():
    boxes = group((0, 1, 10, 9, 20, 55), ("car", "car", "car", "car", "person", "car"))
    assert sorted(boxes) == [
        ("car", (0, 0, 2, 2)),
        ("car", (5, 5, 6, 6)),
        ("car", (9, 0, 10, 1)),
        ("person", (0, 2, 1, 3)),
    ]


def test_the_strip_shows_the_words_and_the_cost_against_the_budget():
    def strip(**more):
        return draw(Board([], **more))[384:].astype(int)

    idle, cheap = strip(), strip(costs_ms={"encode": 20.0})
    dear = strip(costs_ms={"encode": 150.0}, latency_ms=230.0)
    assert np.abs(dear - idle).sum() > 4 * np.abs(cheap - idle).sum() > 0
    assert np.abs(strip(caption="cam1: a red car → enters") - idle)[:26].sum() > 0


def test_planes_are_what_an_encoder_takes():
    planes = to_planes(draw(Board([Tile("c", frame(100))])))
    assert planes.shape == (HEIGHT * 3 // 2, WIDTH) and planes.dtype == np.uint8 and planes.flags.c_contiguous
