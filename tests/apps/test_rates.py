from __future__ import annotations

import pytest

from millrace.apps.rates import FrameRates

MS = 1_000_000


def test_a_steady_camera_has_its_rate() -> None:
    rates = FrameRates()
    for tick in range(100):
        measured = rates.update(tick * 200 * MS, {"cam1": tick * 6, "cam2": 0})
    assert measured == {"cam1": pytest.approx(30.0), "cam2": 0.0}


def test_a_camera_that_stops_falls_to_nought_within_three_seconds() -> None:
    rates = FrameRates()
    for tick in range(25):
        rates.update(tick * 200 * MS, {"cam1": tick * 6})
    for tick in range(25, 42):
        measured = rates.update(tick * 200 * MS, {"cam1": 24 * 6})
    assert measured == {"cam1": 0.0}


def test_too_short_a_look_says_nothing() -> None:
    rates = FrameRates()
    assert rates.update(0, {"cam1": 1}) == {}
    assert rates.update(200 * MS, {"cam1": 9}) == {}
    assert rates.update(600 * MS, {"cam1": 18, "late": 3}) == {"cam1": pytest.approx(17 / 0.6)}
