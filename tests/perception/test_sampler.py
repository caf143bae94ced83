"""Which frames are looked at."""

import numpy as np

from millrace.perception.sampler import FrameSampler
from millrace.streams.media import VideoFrame

TICK = 200_000_000
ROOM = np.full((96, 160, 3), 120, np.uint8)


def with_thing(x, room=ROOM):
    pixels = room.copy()
    pixels[40:52, x : x + 12] = (200, 40, 40)
    return pixels


def looks(pictures, change=None):
    sampler = FrameSampler()
    return [sampler.wants(VideoFrame("c", n * TICK, p, change)) for n, p in enumerate(pictures)]


def test_a_still_camera_is_looked_at_only_every_two_seconds():
    assert sum(looks([ROOM] * 51)) == 6  # first, the look after it, and one every ten ticks


def test_a_moving_thing_is_read_at_every_tick():
    assert all(looks([with_thing(4 * n) for n in range(30)]))


def test_one_more_look_follows_the_last_change():
    read = looks(
        [with_thing(10), with_thing(14), with_thing(18), with_thing(18), with_thing(18), with_thing(18)]
    )
    assert read == [True, True, True, True, False, False]


def test_noise_and_swinging_light_are_no_news():
    rng = np.random.default_rng(0)
    noisy = [
        np.clip(ROOM + 10 * np.sin(n / 3) + rng.normal(0, 6, ROOM.shape), 0, 255).astype(np.uint8)
        for n in range(40)
    ]
    assert sum(looks(noisy)) < 12


def test_small_packets_say_still_without_a_look_at_the_pixels():
    assert sum(looks([with_thing(4 * n) for n in range(9)], change=0.0)) == 2
    assert sum(looks([with_thing(4 * n) for n in range(9)], change=0.9)) == 9
