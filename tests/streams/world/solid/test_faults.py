"""Faults of cameras: what is shown while something is wrong."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from millrace.streams.world.solid.faults import make_faults, no_faults


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 800), st.floats(0.0, 40.0))
def test_what_is_shown_is_never_of_the_future_and_starts_right(seed: int, steps: int, rate: float) -> None:
    faults = make_faults(steps, rate, np.random.default_rng(seed))

    assert (faults.shown <= np.arange(steps)).all()
    assert (np.diff(faults.shown) >= 0).all()
    assert (faults.shown[:25] == np.arange(min(25, steps))).all()
    assert (faults.shown[faults.is_black] < np.flatnonzero(faults.is_black)).all()
    # What is held is a picture that was itself shown.
    assert (faults.shown[faults.shown] == faults.shown).all()


def test_every_kind_of_fault_happens() -> None:
    faults = make_faults(40_000, 10.0, np.random.default_rng(3))

    assert faults.is_black.any()
    assert faults.jump.any()
    held = faults.shown < np.arange(40_000)
    assert (held & ~faults.is_black).any()
    assert held.mean() < 0.3


def test_a_sound_camera_shows_every_moment() -> None:
    faults = no_faults(50)

    assert faults.shown_at(12.4) == 12.4
    assert faults.shown_at(400.0) == 400.0
    assert not faults.is_black_at(30.0)
