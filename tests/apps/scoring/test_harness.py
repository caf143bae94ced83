"""The exam can be passed and can be failed: who knows everything scores one, who says nothing scores zero."""

import json
import xml.etree.ElementTree as ET

from millrace.apps.scoring.clips import score_clip
from millrace.apps.scoring.failures import worst_failures
from millrace.apps.scoring.page import make_page
from millrace.apps.scoring.report import find, headlines, make_report
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
    scores = scores_of(sittings, "model")
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
    scores = scores_of(sittings, "blind")
    for path, name in FIGURES:
        assert at(scores, path)[name] == 0.0, path
        assert at(scores, path)["ci"] == [0.0, 0.0], path
    assert scores["alerts"]["delay_p50_s"] is None
    assert set(scores["calibration"].values()) == {None}
    assert scores["live"]["replied"] == 0.0


NAMES = ["model", "blind"]


def test_the_report_has_every_figure_with_an_interval_of_everybody(sittings):
    report = make_report("oracle", sittings, NAMES)
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    for scores in (report, report["blind"]):
        for path in ("narration", "shapes.narration", "unseen_pairs.narration"):
            parts = {"f1", "ci", "n", "precision", "recall", "kinds", "things", "sizes", "scenes"}
            assert parts <= set(find(scores, path))
        for path in ("live", "memory", "identity", "counting", "sound", "memory.5s", "shapes.memory.30s"):
            assert {"accuracy", "ci", "n", "chance"} <= set(find(scores, path))
        alerts = {"f1", "precision", "recall", "false_per_hour", "delay_p50_s", "timing", "ci", "n"}
        assert alerts <= set(scores["alerts"])
        assert {f"{name}_ci" for name in ("precision", "recall", "false_per_hour", "delay_p50_s")} <= set(
            scores["alerts"]
        )
        kinds = {"answers", "statements"}
        assert set(scores["calibration"]) == kinds | {f"{kind}_by_head" for kind in kinds}
        assert set(scores["confusions"]) == {"kinds", "colours"}
    assert report["worlds"] == {"shapes": 1, "unseen": 1, "live": 7, "quiet": 2}
    assert [w["hits"] for w in report["blind"]["by_world"]] == [0]
    asked = [w["asked"] for w in report["exam_by_world"]]
    assert asked == [w["asked"] for w in report["blind"]["exam_by_world"]]
    for group in ("live", "memory.5s"):
        counts = [w["groups"].get(group, [0, 0]) for w in report["exam_by_world"]]
        assert sum(n for _, n in counts) == find(report, group)["n"]
    (world,) = report["by_world"]
    assert (world["paper"], world["seed"], world["cameras"]) == ("shapes", 90_001, 2)
    assert world["hits"] == world["said"] == world["happened"] > 0
    assert {key for _, key, _ in headlines(report)} == {"f1", "accuracy"}


def test_the_page_is_sound_and_stands_alone(sittings, tmp_path):
    report = make_report("a & <b>", sittings, NAMES)
    labels = tmp_path / "street.json"
    event = {"t_s": 1.0, "event": "enter", "side": "left"}
    labels.write_text(json.dumps({"objects": [{"kind": "car", "colour": "red", "events": [event]}]}))
    report["clips"] = {"street": score_clip([(1_200_000_000, "cam1: <a & b>")], labels)}
    page = make_page(report, NAMES, worst_failures(sittings, "blind"))
    root = ET.fromstring(page.removeprefix("<!DOCTYPE html>\n"))
    assert len([e for e in root.iter() if e.tag.endswith("}svg")]) > 12
    for fetched in ("http", "<script", "<link", "@import", "url("):
        assert fetched not in page.replace("http://www.w3.org/", "")
    assert not any(text.strip() == "nan" for e in root.iter() for text in (e.text or "", *e.attrib.values()))
    images = [e.get("src") for e in root.iter() if e.tag.endswith("}img")]
    assert images
    assert all(src.startswith("data:image/jpeg;base64,") for src in images)
