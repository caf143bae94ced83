import pytest
from hypothesis import given
from hypothesis import strategies as st

from millrace.runtime.cost import WINDOW, StageCost, fit_line

MS = 1_000_000


def test_a_straight_line_is_found():
    cost = StageCost(fixed_ns=0, unit_ns=0)
    for units in [0, 1, 2, 4, 8] * 6:
        cost.observe(units, 5 * MS + units * 2 * MS)
    assert cost.predict_ns(3) == pytest.approx(11 * MS, rel=0.15)
    assert cost.predict_ns(0) == pytest.approx(5 * MS, rel=0.25)


def test_nine_of_ten_noisy_costs_lie_under_the_prediction():
    cost, noise = StageCost(0, 0), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    seen = [(4, 10 * MS + extra * MS) for extra in noise * 3]
    for units, cost_ns in seen:
        cost.observe(units, cost_ns)
    share = sum(cost_ns <= cost.predict_ns(units) for units, cost_ns in seen) / len(seen)
    assert share >= 0.85
    usual = sum(cost_ns <= cost.predict_ns(units, is_cautious=False) for units, cost_ns in seen) / len(seen)
    assert 0.3 <= usual <= 0.7


def test_one_freak_tick_hardly_moves_the_prediction():
    cost = StageCost(0, 0)
    for _ in range(WINDOW - 1):
        cost.observe(4, 20 * MS)
    before = cost.predict_ns(4)
    cost.observe(4, 2_000 * MS)
    assert cost.predict_ns(4) < 1.2 * before


def test_a_lasting_change_is_learnt_within_a_window():
    cost = StageCost(0, 0)
    for cost_ms in [10] * WINDOW + [80] * WINDOW:
        cost.observe(4, cost_ms * MS)
    assert cost.predict_ns(4) == pytest.approx(80 * MS, rel=0.1)


def test_quiet_ticks_do_not_push_out_what_busy_ones_cost():
    cost = StageCost(0, 0)
    for _ in range(8):
        cost.observe(4, 40 * MS)
    for _ in range(10 * WINDOW):
        cost.observe(0, 1 * MS)
    assert cost.predict_ns(4) >= 36 * MS


def test_the_fear_of_what_is_never_run_fades_until_it_is_seen_again():
    cost = StageCost(fixed_ns=1 * MS, unit_ns=1 * MS)
    for _ in range(WINDOW):
        cost.observe(4, 900 * MS)
    for _ in range(10):
        cost.fade()
    assert cost.predict_ns(4) < 100 * MS
    cost.observe(4, 900 * MS)
    assert cost.predict_ns(4) > 500 * MS


@given(st.lists(st.tuples(st.integers(0, 64), st.integers(0, 10**10)), min_size=1, max_size=80))
def test_a_fit_is_never_negative_and_grows_with_units(points):
    line = fit_line([(float(units), float(cost)) for units, cost in points])
    assert min(line) >= 0


def test_one_more_costs_what_nine_of_ten_cost_with_their_share_of_what_is_fixed():
    cost = StageCost(fixed_ns=1, unit_ns=9)
    assert 9 <= cost.predict_one_ns() <= 11
    for number in range(20):
        cost.observe(3, (30 if number else 300) * MS)
        cost.observe(0, 50 * MS)
    assert cost.predict_one_ns() == pytest.approx(10 * MS, rel=0.01)
