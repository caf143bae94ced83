"""The exam can be passed and can be failed: who knows everything scores one, who says nothing scores zero."""

from millrace.apps.scoring.scores import scores_of

FIGURES = (
    ("narration", "f1"),
    ("shapes.narration", "f1"),
    ("unseen_pairs.narration", "f1"),
    ("live", "accuracy"),
    ("identity", "accuracy"),
    ("counting", "accuracy"),
    ("sound", "accuracy"),
    ("sound_with_picture", "accuracy"),
    ("memory", "accuracy"),
    ("memory.5s", "accuracy"),
    ("memory.30s", "accuracy"),
    ("alerts", "f1"),
)


def at(scores, path):
    for key in path.split("."):
        scores = scores[key]
    return scores


def test_who_knows_everything_is_right_everywhere(sittings):
    scores = scores_of(sittings, "oracle")
    for path, name in FIGURES:
        figure = at(scores, path)
        assert figure[name] > 0.97, path
        assert figure["n"] > 0, path
        assert figure["ci"][0] <= figure[name] <= figure["ci"][1], path
    alerts = scores["alerts"]
    assert alerts["false_per_hour"] == 0
    assert alerts["timing"] == 1.0
    assert 0 <= alerts["delay_p50_s"] <= 0.2
    assert scores["narration"]["side_accuracy"] == 1.0
    assert scores["narration"]["unreadable"] == 0


def test_who_says_nothing_scores_nothing(sittings):
    scores = scores_of(sittings, "silent")
    for path, name in FIGURES:
        assert at(scores, path)[name] == 0.0, path
        assert at(scores, path)["ci"] == [0.0, 0.0], path
    assert scores["alerts"]["delay_p50_s"] is None
    assert scores["calibration"] == {"answers": None, "statements": None}
    assert scores["live"]["replied"] == 0.0
