"""What the closer look says, in the glance's terms."""

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from millrace.perception.blocks import CameraPlan, TokenKind
from millrace.perception.encoder import NUM_PATCHES, EncoderConfig, PatchEncoder
from millrace.perception.fovea import Fovea, told_in_glance
from millrace.perception.gaze import aim
from millrace.perception.perception import Perception
from millrace.perception.pruning import MIDDLES, ChangePruner
from millrace.streams.media import Inputs, VideoFrame
from millrace.streams.native import ArrayNative, native_of
from millrace.streams.world.labels import patch_labels
from millrace.streams.world.stage import GLANCE, Window
from millrace.streams.world.world import World

TICK = 200_000_000
CONFIG = EncoderConfig(width=8, num_blocks=1, num_heads=2, mlp_hidden=16)


def true_features(world, t_ns, window):
    """What a perfect encoder would say of a window: exact heads; embeddings that tell things from floor."""
    labels = patch_labels(world, 0, world.picture(0, t_ns, window), t_ns, t_ns - TICK, window)
    made = np.zeros((NUM_PATCHES, CONFIG.num_features), np.float32)
    made[:, 0], made[labels.thing, 1] = ~labels.thing, 1
    made[:, 8] = labels.thing
    places = np.arange(NUM_PATCHES)
    made[places, 9 + labels.colour] = 1
    made[places, -12 + labels.motion] = 1
    made[:, -3:-1], made[:, -1] = labels.centre, labels.side
    return made


def middles(features, places):
    return MIDDLES[places] + features[:, -3:-1]


@pytest.mark.parametrize("seed", range(4))
def test_a_thing_is_where_the_glance_sees_it_and_as_large(seed):
    world, num_compared = World(seed, 1, "busy", 8.0), 0
    for tick in range(5, 40, 3):
        whole = true_features(world, tick * TICK, GLANCE)
        for place in np.flatnonzero(whole[:, 8]):
            middle, side = middles(whole[[place]], [place])[0], whole[place, -1]
            window = aim(middle, 2.5)
            part = true_features(world, tick * TICK, window)
            told, places = told_in_glance(part, np.flatnonzero(part[:, 8]), window)
            apart = np.hypot(*(middles(told, places) - middle).T)
            if not len(apart) or apart.min() > 0.5:
                continue  # it is hidden in the middle
            nearest = int(apart.argmin())
            assert apart[nearest] < 0.02
            assert told[nearest, -1] == pytest.approx(side, rel=0.01)
            num_compared += 1
    assert num_compared > 20


@given(
    corner=st.tuples(st.floats(0, 100), st.floats(0, 60)),
    zoom=st.floats(1.5, 4.0),
    place=st.integers(0, NUM_PATCHES - 1),
    way=st.tuples(st.floats(-2, 2), st.floats(-2, 2)),
)
def test_rescaling_keeps_the_absolute_place_for_any_window(corner, zoom, place, way):
    window = Window(min(corner[0], 160 - 160 / zoom), min(corner[1], 96 - 96 / zoom), zoom)
    features = np.zeros((NUM_PATCHES, CONFIG.num_features), np.float32)
    features[place, -3:-1], features[place, -1] = way, 1.0
    told, places = told_in_glance(features, np.array([place]), window)
    wanted = np.array([window.x, window.y]) + (MIDDLES[place] + way) * 16 / zoom
    assert np.allclose(middles(told, places)[0] * 16, wanted, atol=1e-3)
    assert told[0, -1] == pytest.approx(1 / zoom)
    of_patch = MIDDLES[place] * 16 / zoom + np.array([window.x, window.y])
    assert np.abs(MIDDLES[places[0]] * 16 - of_patch).max() <= 8 + 1e-3


def things(*placed):
    made = np.zeros((NUM_PATCHES, CONFIG.num_features), np.float32)
    made[:, 0] = 1
    for place, look, side, offset in placed:
        made[place, :8] = np.random.default_rng(look).normal(size=8)
        made[place, 8], made[place, -11], made[place, -1] = 0.9, 1, side
        made[place, -3:-1] = offset
    return made


@pytest.fixture
def fovea():
    made = Fovea(CONFIG, lambda: ChangePruner(CONFIG))
    made.look(
        ArrayNative(np.zeros((384, 640, 3), np.uint8)), things((24, 1, 0.6, (0, 0))), 0, is_granted=True
    )
    return made


def test_at_most_two_tokens_come_of_a_closer_look(fovea):
    crowd = things(*((place, place, 1.0, (0, 0)) for place in (11, 14, 17, 31, 34, 37, 51)))
    told, places = fovea.tokens(crowd, 0)
    assert told.shape == (2, CONFIG.num_features) and places.shape == (2,)


def test_large_things_and_those_beside_the_window_are_left_to_the_glance(fovea):
    told, _ = fovea.tokens(things((33, 1, 9.0, (0, 0)), (39, 2, 1.0, (1.2, 0))), 0)
    assert len(told) == 0


def test_what_rests_in_a_resting_window_is_said_once(fovea):
    resting = things((33, 1, 1.0, (0, 0)))
    assert [len(fovea.tokens(resting, tick * TICK)[0]) for tick in range(5)] == [1, 0, 0, 0, 0]


def test_the_glance_does_not_say_again_what_the_fovea_has_said(fovea):
    glance = things((24, 1, 0.6, (0.2, 0)), (57, 2, 0.8, (0, 0)), (25, 3, 4.0, (-0.7, 0)))
    told = things((0, 1, 0.6, (0, 0)))[[0]]
    kept = fovea.unspoken(glance, np.array([24, 25, 57]), told, np.array([24]))
    assert kept.tolist() == [25, 57]  # the large thing behind the small one stays
    nothing = fovea.unspoken(glance, np.array([24, 57]), told[:0], np.zeros(0, np.int64))
    assert nothing.tolist() == [24, 57]


def test_a_crop_is_compared_with_the_same_part_of_the_frame_read_before():
    made, seen = Fovea(CONFIG, lambda: ChangePruner(CONFIG)), things((24, 1, 0.6, (0, 0)))
    dark, light = (ArrayNative(np.full((384, 640, 3), level, np.uint8)) for level in (20, 200))
    first = made.look(dark, seen, 0, is_granted=True)
    assert np.array_equal(first.now, first.before)
    second = made.look(light, things((24, 2, 0.6, (0, 0))), TICK, is_granted=True)
    assert (int(second.now.mean()), int(second.before.mean())) == (200, 20)


def test_a_frame_that_was_read_without_a_closer_look_is_still_the_one_before():
    made = Fovea(CONFIG, lambda: ChangePruner(CONFIG))
    natives = [ArrayNative(np.full((384, 640, 3), level, np.uint8)) for level in (20, 90, 200)]
    for tick, native in enumerate(natives):
        look = made.look(native, things((24, tick, 0.6, (0, 0))), tick * TICK, is_granted=tick != 1)
    assert (int(look.now.mean()), int(look.before.mean())) == (200, 90)


def test_no_native_picture_and_no_grant_give_no_closer_look():
    made, seen = Fovea(CONFIG, lambda: ChangePruner(CONFIG)), things((24, 1, 0.6, (0, 0)))
    assert made.look(None, seen, 0, is_granted=True) is None
    assert made.look(ArrayNative(np.zeros((384, 640, 3), np.uint8)), seen, 0, is_granted=False) is None


@pytest.fixture
def eager():
    """A perception whose encoder, untrained, takes whatever has changed for a small thing that moves."""
    torch.manual_seed(0)
    encoder = PatchEncoder(CONFIG)
    with torch.no_grad():
        encoder.heads.bias[0] = 2.0  # a thing
        encoder.heads.bias[-11] = 5.0  # on its way
        encoder.heads.weight[-3:] = 0
        encoder.heads.bias[-3:] = torch.tensor([0.0, 0.0, 0.6])
    return lambda **options: Perception(encoder, ["a", "b"], **options)


def street(tick, size):
    width, height = size
    picture = np.random.default_rng(3).integers(60, 160, (height, width, 3), np.uint8)
    left = (40 + 9 * tick) * width // 640
    cv2.rectangle(
        picture, (left, height // 2), (left + width // 60, height // 2 + height // 12), (220, 20, 20), -1
    )
    return picture


def inputs(tick, sizes):
    frames = {}
    for name, size in zip("ab", sizes, strict=False):
        picture = street(tick, size)
        view = cv2.resize(picture, (160, 96), interpolation=cv2.INTER_AREA)
        frames[name] = VideoFrame(name, tick * TICK, view, index=tick, native=native_of(picture))
    return Inputs(tick * TICK, frames)


def test_each_camera_with_finer_pixels_gets_a_closer_look_behind_its_glance(eager):
    perception = eager()
    seen = [perception.read(inputs(n, [(640, 384), (640, 384)]), {}) for n in range(3)][-1]
    assert [(block.source, block.kind) for block in seen.blocks] == [
        ("a", TokenKind.VIDEO),
        ("a", TokenKind.FOVEA),
        ("b", TokenKind.VIDEO),
        ("b", TokenKind.FOVEA),
    ]
    assert seen.closer == ("a", "b")
    closer = seen.blocks[1]
    assert (closer.slot, closer.num_offered) == (0, NUM_PATCHES)
    assert 0 < closer.num_kept <= 2
    assert (
        closer.places.dtype == torch.int64 and 0 <= int(closer.places.min()) <= int(closer.places.max()) < 60
    )


def test_a_camera_with_few_pixels_has_only_its_glance(eager):
    seen = eager().read(inputs(0, [(200, 120), (640, 384)]), {})
    assert seen.closer == ("b",)


def test_plan_and_switch_both_turn_it_off(eager):
    sizes = [(640, 384), (640, 384)]
    assert eager().read(inputs(0, sizes), {"a": CameraPlan(fovea=False)}).closer == ("b",)
    assert eager(fovea=False).read(inputs(0, sizes), {}).closer == ()


def test_the_glance_is_the_same_with_and_without_a_fovea(eager):
    on, off = eager(), eager(fovea=False)
    for tick in range(4):
        with_it = on.read(inputs(tick, [(640, 384)]), {})
        without = off.read(inputs(tick, [(640, 384)]), {})
    kept, all_kept = set(with_it.blocks[0].places.tolist()), set(without.blocks[0].places.tolist())
    assert kept <= all_kept


def test_what_the_gaze_rests_on_is_cropped_once_a_frame():
    class Counting:
        max_zoom, num_crops = 4.0, 0

        def crop(self, x, y, zoom):
            self.num_crops += 1
            return np.zeros((96, 160, 3), np.uint8)

    fovea, window, frames = Fovea(EncoderConfig(), lambda: None), Window(8.0, 8.0, 2.0), []
    for _ in range(3):
        frames.append(Counting())
        for native in frames[-2:]:
            fovea._crop(native, window)
    assert [frame.num_crops for frame in frames] == [1, 1, 1]
