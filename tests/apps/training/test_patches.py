"""Labelled pictures, mirrored with their labels."""

import numpy as np

from millrace.apps.training.patches import augment


def test_a_mirrored_picture_has_mirrored_labels():
    view = np.zeros((96, 160, 3), np.uint8)
    view[:16, :16] = 255
    thing, zeros = np.zeros(60, bool), np.zeros(60, np.int64)
    thing[0] = True
    motion, centre = zeros.copy(), np.zeros((60, 2), np.float32)
    motion[0], centre[0] = 2, (0.5, 0.25)  # up and to the right
    sample = (view, view, thing, zeros, zeros, motion, centre, np.ones(60, np.float32))
    mirrored = 0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        out_view, _, out_thing, _, _, out_motion, out_centre, _, _ = augment(sample, rng)
        place = int(np.flatnonzero(out_thing)[0])
        lit = out_view[:16, :16].mean() if place == 0 else out_view[:16, 144:].mean()
        dark = out_view[:16, 144:].mean() if place == 0 else out_view[:16, :16].mean()
        assert lit != dark
        if place == 9:
            mirrored += 1
            assert out_motion[9] in (0, 4)  # up and to the left, or frozen
            assert np.allclose(out_centre[9], (-0.5, 0.25))
    assert 5 < mirrored < 25
