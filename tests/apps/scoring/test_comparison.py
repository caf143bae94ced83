"""Scores side by side: what differs, by how much, and whether that is more than chance."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import numpy as np
import pytest

from millrace.apps.cli import run_cli
from millrace.apps.scoring.bootstrap import interval, ratio
from millrace.apps.scoring.comparison import compare, comparison_page


def worlds(hits):
    """Forty worlds of very different length; so many events of each are told right."""
    return [
        {"paper": "shapes", "seed": n, "cameras": 1, "hits": hit, "said": size, "happened": size}
        for n, (size, hit) in enumerate(hits)
    ]


def report(by_world, **more):
    pairs = [(2.0 * w["hits"], w["said"] + w["happened"]) for w in by_world]
    narration = {"f1": round(ratio(pairs), 4), "ci": interval(pairs), "n": 1}
    return {
        "worlds": {"shapes": len(by_world)},
        "shapes": {"narration": narration},
        "by_world": by_world,
        **more,
    }


@pytest.fixture
def hits():
    rng = np.random.default_rng(3)
    return [(int(size), int(size * rng.uniform(0.3, 1.0))) for size in rng.integers(8, 80, 40)]


def row(reports, name="narration, shapes"):
    (found,) = (r for r in compare(reports) if r.name == name)
    return found.cells


def test_a_small_loss_in_every_world_is_clear_though_worlds_differ_much(hits):
    base, worse = report(worlds(hits)), report(worlds([(size, hit - 1) for size, hit in hits]))
    one, other = row([base, worse])
    assert one.difference is None
    assert other.difference == pytest.approx(other.value - one.value, abs=1e-4)
    assert other.difference_ci[0] < other.difference < other.difference_ci[1] < 0 and other.is_clear
    del worse["by_world"]  # without its worlds it may as well be chance
    _, other = row([base, worse])
    assert other.difference_ci[0] < 0 < other.difference_ci[1] and not other.is_clear


def examined(hits, found):
    """A report on questions about half a minute ago, and on alerts that are all wanted."""
    by_world = [
        {
            **{"paper": "long", "seed": n, "cameras": 1, "asked": asked, "right": right},
            "groups": {"memory": [right, asked], "memory.30s": [right, asked]},
            **{"alerts": asked, "found": right - (not found), "wanted": asked},
        }
        for n, (asked, right) in enumerate(hits)
    ]
    recalled = [(float(right), float(asked)) for asked, right in hits]
    alarmed = [(2.0 * w["found"], w["alerts"] + w["wanted"]) for w in by_world]
    memory = {"30s": {"accuracy": ratio(recalled), "ci": interval(recalled), "n": 1}}
    alerts = {"f1": ratio(alarmed), "ci": interval(alarmed), "n": 1}
    return report([], memory=memory, alerts=alerts, exam_by_world=by_world)


def test_questions_and_alerts_are_paired_world_by_world_too(hits):
    base, worse = examined(hits, True), examined([(size, hit - 1) for size, hit in hits], False)
    for name in ("memory, 30 s", "alerts"):
        assert row([base, worse], name)[1].is_clear, name
    for world in worse["exam_by_world"]:
        del world["groups"]
        world["seed"] += 1
    for name in ("memory, 30 s", "alerts"):
        assert not row([base, worse], name)[1].is_clear, name


def test_other_worlds_are_not_paired(hits):
    moved = worlds([(size, hit - 1) for size, hit in hits])
    for world in moved:
        world["seed"] += 1
    assert not row([report(worlds(hits)), report(moved)])[1].is_clear


def test_what_no_run_has_is_left_out_and_what_one_lacks_is_empty(hits):
    live = {"accuracy": 0.5, "ci": [0.4, 0.6], "n": 9}
    reports = [report(worlds(hits)), report(worlds(hits), live=live)]
    assert [r.name for r in compare(reports)] == ["narration, shapes", "live questions"]
    empty, alone = row(reports, "live questions")
    assert empty is None and (alone.value, alone.difference) == (0.5, None)


def test_false_alarms_and_clips_have_their_own_intervals(hits):
    def watched(false, kind):
        alerts = {
            "f1": 0.5,
            "ci": [0.4, 0.6],
            "n": 5,
            "false_per_hour": false,
            "false_per_hour_ci": [1.0, 2.0],
        }
        clip = {"f1": 0.8, "ci": [0.7, 0.9], "kind_accuracy": kind, "kind_accuracy_ci": [0.1, 0.2]}
        return report(worlds(hits), alerts=alerts, clips={"yard": clip})

    reports = [watched(1.5, 0.1), watched(9.5, 0.9)]
    for name in ("false alarms an hour", "clip yard, kind"):
        assert row(reports, name)[1].is_clear, name
    assert not row(reports, "clip yard, F1")[1].is_clear


def test_the_command_prints_a_table_and_writes_a_page(tmp_path, hits, capsys):
    files = [tmp_path / "a.json", tmp_path / "b.json"]
    for path, more in zip(files, (0, 1), strict=True):
        path.write_text(json.dumps(report(worlds([(size, hit - more) for size, hit in hits]))))
    page = tmp_path / "page.html"
    assert run_cli(["compare", f"full & whole={files[0]}", str(files[1]), "--html", str(page)]) == 0
    shown = capsys.readouterr().out
    assert "full & whole" in shown and "narration, shapes" in shown
    table = ElementTree.fromstring(page.read_text().split("\n", 1)[1])
    cells = ["".join(cell.itertext()) for cell in table.iter("{http://www.w3.org/1999/xhtml}td")]
    assert cells[0] == "narration, shapes" and cells[2].count("to") == 2
    assert page.read_text() == comparison_page(
        ["full & whole", "b"], compare([json.loads(path.read_text()) for path in files])
    )


def test_examinees_of_one_report_stand_side_by_side(tmp_path, hits, capsys):
    worse = report(worlds([(size, hit - 1) for size, hit in hits])) | {"confusions": {}}
    path = tmp_path / "a.json"
    path.write_text(json.dumps(report(worlds(hits), classical=worse)))
    assert run_cli(["compare", str(path), f"{path}:classical", f"same={path}:classical"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in ("classical", "same", f"{worse['shapes']['narration']['f1']:.3f}"))
    assert run_cli(["compare", str(path), f"{path}:shapes"]) == 2
    assert "nobody of that name sat this exam; it has classical" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(None, "No such file"), ("{", "not a report"), ("[]", "not a report"), ('{"f1": 1}', "not a report")],
)
def test_what_is_no_report_is_named(tmp_path, capsys, content, complaint):
    path = tmp_path / "a.json"
    if content is not None:
        path.write_text(content)
    assert run_cli(["compare", str(path), str(path)]) == 2
    said = capsys.readouterr().err
    assert complaint in said and str(path) in said and said.count("\n") == 1


def test_one_report_alone_is_refused(tmp_path, hits, capsys):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(report(worlds(hits))))
    assert run_cli(["compare", str(path)]) == 2
    assert "nothing to compare it with" in capsys.readouterr().err
