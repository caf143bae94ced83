"""Scores of answers, alerts and confidences on cases made by hand."""

from dataclasses import replace

import numpy as np
import pytest

from millrace.apps.scoring.alerts import (
    LEAST,
    Alerting,
    alert_scores,
    alerting,
    alerts_by_confidence,
    hit_delays_s,
    timing_score,
)
from millrace.apps.scoring.bootstrap import figure, interval, interval_of, ratio
from millrace.apps.scoring.confidence import calibration
from millrace.apps.scoring.narration import narration_scores, table, told
from millrace.apps.scoring.papers import Order, Query, Setting, Sheet
from millrace.apps.scoring.replies import accuracy, answers
from millrace.apps.scoring.scores import scores_of
from millrace.apps.scoring.sitting import Line, Sitting, Transcript
from millrace.streams.world.events import Thing, WorldEvent, WorldEventKind
from millrace.streams.world.language import narrate
from millrace.streams.world.questions import Asked, Question, QuestionKind

S = 1_000_000_000
E, K = WorldEventKind, QuestionKind
CAR, DISC = Thing("red", "car"), Thing("blue", "disc")
SETTING = Setting("live", 1, 1, "easy", 60.0)


def entered(t_s, thing=CAR, camera=0):
    return WorldEvent(round(t_s * S), camera, E.ENTER, thing, side="left")


def sitting(lines, events=(), queries=(), orders=(), sides=None):
    transcript = Transcript(tuple(Line(tick, text, sure, tick * S // 5) for tick, text, sure in lines))
    sheet = Sheet(SETTING, tuple(queries), tuple(orders))
    return Sitting(sheet, "easy", tuple(events), tuple(sides or [20.0] * len(events)), {"x": transcript})


def question(tick, answer, form="present"):
    asked = Asked(Question(K.PRESENT, 0, CAR), tick, answer, tick * S // 5)
    return Query("is there a red car in cam1", asked, form)


def test_a_ratio_of_sums_is_not_a_mean_of_ratios():
    assert ratio([(1, 1), (0, 3)]) == 0.25
    assert ratio([]) == ratio([(0, 0)]) == 0.0


def test_the_interval_holds_the_figure_and_narrows_with_worlds():
    few, many = [(1, 1), (0, 1)] * 4, [(1, 1), (0, 1)] * 100
    low, high = interval(many)
    assert low < 0.5 < high
    assert high - low < 0.5 * (interval(few)[1] - interval(few)[0])
    assert figure("f1", few) == {"f1": 0.5, "ci": interval(few), "n": 8}


def test_a_median_has_an_interval_over_worlds_too():
    worlds = [[1.0, 2.0, 3.0], [], [2.0], [9.0, 2.0]] * 20
    low, high = interval_of(worlds, lambda pooled: float(np.median(pooled)))
    assert low <= 2.0 <= high < 9.0
    assert interval_of([[], []], max) is None


def test_a_right_answer_counts_once_and_silence_is_wrong():
    queries = [question(10, "yes"), question(25, "no"), question(40, "no")]
    lines = [
        (10, "reply: yes", 0.9),
        (11, "reply: no", 0.9),  # a second reply is not looked at
        (27, "cam1: a red car enters from the left", 0.9),
        (31, "reply: no", 0.8),  # more than a second late
        (40, "reply: yes", 0.7),
    ]
    given = answers([sitting(lines, queries=queries)], "x")
    assert [(a.said, a.is_right) for a in given] == [("yes", True), (None, False), ("yes", False)]
    scores = accuracy(given)
    assert (scores["accuracy"], scores["n"]) == (0.3333, 3)
    assert scores["replied"] == pytest.approx(0.6667, abs=1e-4)
    assert scores["chance"] == pytest.approx(0.6667, abs=1e-4)  # always "no"


def test_the_timing_of_an_alert_fades_after_a_second_and_is_nothing_before_the_event():
    assert [timing_score(d) for d in (-0.1, 0.0, 1.0)] == [0.0, 1.0, 1.0]
    assert timing_score(4.0) == pytest.approx(np.exp(-1))


def test_alerts_must_name_the_event_and_not_come_before_it():
    wanted = [entered(10), entered(20)]
    said = [entered(9.8), entered(10.4), entered(10.6), entered(21, DISC), entered(26)]
    assert hit_delays_s(said, wanted) == [pytest.approx(0.4)]


def test_an_alert_counts_only_from_the_instruction_on():
    orders = [Order("tell me when a red car enters cam1", 50)]
    events = [entered(4), entered(30), entered(40, DISC)]
    lines = [
        (21, "alert cam1: a red car enters from the left", 1.0),  # before it was asked for
        (151, "alert cam1: a red car enters from the left", 1.0),
        (152, "cam1: a red car enters from the left", 1.0),  # narration, no alert
        (201, "alert cam1: a blue disc enters from the left", 1.0),  # nobody asked
    ]
    watched = alerting(sitting(lines, events, orders=orders), "x")
    assert (watched.said, watched.wanted, watched.false) == (3, 1, 2)
    assert watched.watched_s == 50.0
    scores = alert_scores([watched])
    assert scores["precision"] == 0.3333
    assert scores["recall"] == scores["timing"] == 1.0
    assert scores["f1"] == 0.5
    assert scores["false_per_hour"] == 144.0
    assert scores["delay_p50_s"] == 0.2


def test_alerts_of_what_is_surely_so_are_fewer_and_weighed_for_each_confidence():
    orders = [Order("tell me when a red car enters cam1", 1)]
    lines = [
        (21, "alert cam1: a red car enters from the left", 0.75),
        (151, "alert cam1: a red car enters from the left", 0.55),
        (201, "alert cam1: a red car enters from the left", 0.2),  # there was none
    ]
    rows = alerts_by_confidence([sitting(lines, [entered(4), entered(30)], orders=orders)], "x")
    assert [row["least"] for row in rows] == list(LEAST)
    assert [row["recall"] for row in rows] == [1.0, 1.0, 1.0, 0.5, 0.5, 0.0, 0.0]
    assert [row["false_per_hour"] > 0 for row in rows] == [True] + [False] * 6


def test_an_hour_without_an_alert_has_no_false_one():
    scores = alert_scores([Alerting(0, 0, (), 3600.0)])
    assert scores["false_per_hour"] == 0.0
    assert scores["delay_p50_s"] is None


def test_narration_is_read_back_by_kind_size_and_scene():
    lines = [
        (5, "cam1: a red car enters from the left", 0.9),
        (6, "alert cam1: a blue disc enters from the left", 0.9),  # an alert states an event, too
        (7, "reply: yes", 0.9),
        (8, "cam1: the red car flies", 0.9),
    ]
    world = told(sitting(lines, [entered(1.0), entered(1.1, DISC), entered(5.0)], sides=[10, 30, 30]), "x")
    scores = narration_scores([world])
    assert (scores["f1"], scores["precision"], scores["recall"]) == (0.8, 1.0, 0.6667)
    assert scores["unreadable"] == 1
    assert scores["things"]["disc"]["f1"] == 1.0
    assert scores["things"]["car"]["f1"] == 0.6667
    assert scores["sizes"]["8-12"]["recall"] == 1.0
    assert scores["sizes"]["24-32"]["recall"] == 0.5
    assert scores["side_accuracy"] == 1.0


def test_confusions_leave_out_what_never_occurs():
    pairs = [("car", "car"), ("car", "van")]
    assert table(pairs, ("person", "car", "van")) == {"names": ["car", "van"], "rows": [[1, 1], [0, 0]]}


def outcomes(sure, is_right, num_worlds=20):
    pairs = list(zip(sure.tolist(), is_right.tolist(), strict=True))
    return [pairs[n::num_worlds] for n in range(num_worlds)]


def test_true_probabilities_are_calibrated_and_boasts_are_not(rng):
    sure = rng.random(4000)
    honest = calibration(outcomes(sure, rng.random(4000) < sure))
    boasting = calibration(outcomes(np.ones(4000), rng.random(4000) < 0.5))
    assert honest["ece"] < 0.04 < 0.4 < boasting["ece"]
    for each in (honest, boasting):
        assert each["ece_ci"][0] <= each["ece"] <= each["ece_ci"][1] < each["ece_ci"][0] + 0.1
    assert honest["brier"] < boasting["brier"]
    risks = [row["risk"] for row in honest["risk_coverage"]]
    assert risks[0] < 0.1 < risks[-1]
    assert honest["risk_coverage"][-1] == {
        "coverage": 1.0,
        "risk": pytest.approx(1 - honest["accuracy"], abs=2e-4),
    }
    assert calibration([[(0.5, True)], []]) is None


def test_bins_of_equal_number_hold_all_answers(rng):
    sure = rng.random(103) ** 8  # crowded near zero
    bins = calibration(outcomes(sure, sure > 0.5))["bins"]
    assert sum(b["n"] for b in bins) == 103
    assert max(b["n"] for b in bins) - min(b["n"] for b in bins) <= 1


def test_confidence_by_a_head_of_its_own_is_weighed_apart():
    said = [narrate(entered(2.0)), narrate(entered(9.0))]
    lines = tuple(
        Line(tick, text, 1.0, tick * S // 5, by_head=0.5) for tick, text in zip((10, 45), said, strict=True)
    )
    sheet = Sheet(replace(SETTING, paper="shapes"))
    world = Sitting(sheet, "easy", (entered(2.0),), (20.0,), {"x": Transcript(lines)})
    trust = scores_of([world] * 20, "x")["calibration"]
    assert trust["statements"]["ece"] == pytest.approx(0.5)
    assert trust["statements_by_head"]["ece"] == pytest.approx(0.0)
    assert trust["answers_by_head"] is None
