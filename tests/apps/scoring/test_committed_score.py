"""The committed score is that of the weights that ship, and of the code as it is."""

import json
from importlib.resources import files

import pytest

from millrace.apps.scoring.choice import choose
from millrace.apps.scoring.drafts import draft
from millrace.apps.scoring.narration import told
from millrace.apps.scoring.papers import PAPERS
from millrace.apps.scoring.report import exam_counts
from millrace.apps.scoring.roster import MODEL, Roster
from millrace.apps.scoring.sitting import sit
from millrace.generation.checkpoint import digest_of

SCORE = json.loads((files("millrace.generation.weights") / "nano.score.json").read_text())
PLAYED = [("shapes", 1), ("shapes", 2), ("things", 4), ("things", 5)]  # paper, place in it
EXAMINED = [("live", 1), ("live", 8), ("quiet", 0)]  # now; what was up to minutes ago
APART = ("live", "identity", "sound", "sound_with_picture", "memory")  # every question is in one of these
SLACK = 2  # statements: another processor rounds otherwise


def test_it_is_the_score_of_the_weights_that_ship():
    assert SCORE["weights"] == digest_of(), (
        "run `agent score --baselines --json generation/weights/nano.score.json`"
    )


@pytest.mark.parametrize(("paper", "place"), PLAYED)
def test_a_world_played_again_gives_what_was_committed(paper, place, one_thread):
    setting = PAPERS[paper][place]
    (sheet,) = choose([draft(setting)])
    (examinee,) = Roster(baselines=()).examinees()
    score = told(sit([examinee], sheet), MODEL).score
    (committed,) = (w for w in SCORE["by_world"] if (w["paper"], w["seed"]) == (paper, setting.seed))
    assert score.happened == committed["happened"] > 0
    assert abs(score.hits - committed["hits"]) <= SLACK
    assert abs(score.said - committed["said"]) <= SLACK


@pytest.mark.parametrize(("paper", "place"), EXAMINED)
def test_questions_put_again_are_answered_as_was_committed(paper, place, one_thread):
    setting = PAPERS[paper][place]
    (sheet,) = (s for s in choose([draft(each) for each in PAPERS[paper]]) if s.setting == setting)
    (examinee,) = Roster(baselines=()).examinees()
    counts = exam_counts(sit([examinee], sheet), MODEL)
    committed = next(w for w in SCORE["exam_by_world"] if (w["paper"], w["seed"]) == (paper, setting.seed))
    assert (counts["asked"], counts["wanted"]) == (committed["asked"], committed["wanted"])
    for name in ("right", "alerts", "found"):
        assert abs(counts[name] - committed[name]) <= SLACK
    apart = [counts["groups"].get(name, (0, 0)) for name in APART]
    assert [sum(column) for column in zip(*apart, strict=True)] == [counts["right"], counts["asked"]]
