"""The committed score is that of the weights that ship, and of the code as it is."""

import json
from importlib.resources import files

import pytest
import torch

from millrace.apps.scoring.choice import choose
from millrace.apps.scoring.drafts import draft
from millrace.apps.scoring.narration import told
from millrace.apps.scoring.papers import PAPERS
from millrace.apps.scoring.roster import MODEL, Roster
from millrace.apps.scoring.sitting import sit
from millrace.generation.checkpoint import digest_of

SCORE = json.loads((files("millrace.generation.weights") / "nano.score.json").read_text())
PLAYED = [("shapes", 1), ("shapes", 2), ("things", 4), ("things", 5)]  # paper, place in it
SLACK = 2  # statements: another processor rounds otherwise


def test_it_is_the_score_of_the_weights_that_ship():
    assert SCORE["weights"] == digest_of(), "run `agent score --json generation/weights/nano.score.json`"


@pytest.mark.parametrize(("paper", "place"), PLAYED)
def test_a_world_played_again_gives_what_was_committed(paper, place):
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    setting = PAPERS[paper][place]
    (sheet,) = choose([draft(setting)])
    (examinee,) = Roster(baselines=()).examinees()
    score = told(sit([examinee], sheet), MODEL).score
    torch.set_num_threads(threads)
    (committed,) = (w for w in SCORE["by_world"] if (w["paper"], w["seed"]) == (paper, setting.seed))
    assert score.happened == committed["happened"] > 0
    assert abs(score.hits - committed["hits"]) <= SLACK
    assert abs(score.said - committed["said"]) <= SLACK
