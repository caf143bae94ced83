"""`agent score` as a person runs it."""

import json

import pytest

LABELS = {
    "objects": [{"kind": "car", "colour": "red", "events": [{"t_s": 1.0, "event": "enter", "side": "left"}]}]
}


@pytest.fixture
def labels(tmp_path):
    path = tmp_path / "good.json"
    path.write_text(json.dumps(LABELS))
    return path


def test_a_clip_with_labels_is_scored_into_a_report_and_a_page(agent, quiet_model, clips, labels, tmp_path):
    report, page = tmp_path / "report.json", tmp_path / "report.html"
    done = agent(
        *("score", "--clip", clips / "good.mp4", "--labels", labels, "--model", quiet_model, "--workers", 1),
        *("--json", report, "--html", page),
    )
    assert done.returncode == 0, done.stderr
    assert "clip good" in done.stderr
    assert "scoring: 100 %" in done.stderr  # where no bar can be drawn, lines say how far it is
    scores = json.loads(report.read_text())
    clip = {"f1", "ci", "chance_f1", "kind_accuracy", "colour_accuracy", "hits", "sentences", "truth"}
    assert clip <= set(scores["clips"]["good"])
    assert "good" in scores["blind"]["clips"]
    assert "Real clips" in page.read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--split", "mine"), "the only split is held-out"),
        (("--only", "dance"), "--only dance"),
        (("--clip", "a.mp4"), "belong together"),
        (("--model", "nowhere.safetensors", "--only", "shapes"), "nowhere.safetensors"),
        (("--only", "shapes", "--beside", "no-attention=nowhere.st"), "nowhere.st"),
        (("--json", "nowhere/report.json"), "nowhere"),
    ],
)
def test_what_cannot_be_done_is_said_before_the_work_in_one_line(agent, arguments, message):
    done = agent("score", *arguments)
    assert done.returncode != 0
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
