"""The soundtrack of a flat world holds what its log says."""

import numpy as np

from millrace.streams.world.recipes import SCENES
from millrace.streams.world.sound import make_soundtrack
from millrace.streams.world.voices import PLAIN_SOUNDS


def tracks():
    return [make_soundtrack(SCENES["easy"], 30.0, np.random.default_rng(seed)) for seed in range(40)]


def test_every_plain_sound_and_no_other_happens_and_some_worlds_are_silent():
    heard = {event.sound for track in tracks() for event in track.events}
    assert heard == set(PLAIN_SOUNDS)
    assert any(not track.events for track in tracks())


def test_a_sound_is_louder_than_the_hiss_before_it():
    for track in tracks()[:10]:
        for event in track.events:
            if event.sound and "tone" in event.sound:
                at = event.t_ns * 16 // 1_000_000
                assert np.abs(track.samples[at : at + 1600]).mean() > 3 * np.abs(track.samples[:1600]).mean()
