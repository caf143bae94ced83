import json
import mmap
from dataclasses import replace

import pytest

from millrace.perception.blocks import CameraPlan
from millrace.runtime import metrics as metrics_module
from millrace.runtime.inbox import IntakeStatistics
from millrace.runtime.metrics import Metrics, resident_mb
from millrace.runtime.plan import Plan, Sentence, TickReport
from millrace.streams.media import EventKind, SourceEvent
from millrace.streams.world.language import parse

MS = 1_000_000
COUNTS = IntakeStatistics(300, 50, 240, {"replaced": 10}, 0, 12 * MS, first_ns=0)


def make_report(number=0, latency_ms=40, **changes):
    due_ns = number * 200 * MS
    report = TickReport(
        t_ns=due_ns,
        started_ns=due_ns,
        ended_ns=due_ns + latency_ms * MS,
        plan=Plan({"door": CameraPlan()}, 8, 16, 0, due_ns + 200 * MS),
        costs_ns={"look": 20 * MS, "read": 10 * MS},
        frames_read=["door"],
        skipped={},
        tokens_offered={"door": 60},
        tokens_kept={"door": 4},
        num_text_tokens=2,
    )
    return replace(report, **changes)


def make_metrics():
    return Metrics(mode="realtime", budget_ns=200 * MS, parse=parse)


def test_the_document_holds_the_figures_of_the_run():
    metrics = make_metrics()
    for number in range(50):
        metrics.add(make_report(number, 250 if number == 7 else 40, num_missed=int(number == 8)))
    document = json.loads(metrics.summary({"door": COUNTS}).to_json())
    assert document["version"] == 1
    assert document["ticks"]["count"] == 50
    assert (document["ticks"]["late"], document["ticks"]["missed"]) == (1, 1)
    assert document["ticks"]["p50_ms"] == pytest.approx(40, rel=0.02)
    assert document["ticks"]["p99_ms"] == pytest.approx(250, rel=0.02)
    assert document["stages"]["look"]["p95_ms"] == pytest.approx(20, rel=0.02)
    assert document["tokens"] == {"offered": 3000, "kept": 200}
    assert document["num_words"] == 100
    [door] = document["sources"]
    assert (door["frames_in"], door["frames_read"], door["passed"], door["dropped"]) == (300, 50, 240, 10)
    assert door["drops"] == {"replaced": 10}
    assert door["behind_max_ms"] == 12
    assert door["fps_in"] == pytest.approx(30, rel=0.05)


def test_sentences_are_read_back_by_the_grammar():
    said = [
        Sentence(5 * MS, 60 * MS, "door", "cam1: a red disc enters from the left", 0.875),
        Sentence(5 * MS, 60 * MS, None, "this is no sentence of the grammar"),
    ]
    metrics = make_metrics()
    metrics.add(make_report(sentences=said))
    first, second = json.loads(metrics.summary({}).to_json())["sentences"]
    assert first["event"] == {
        "camera": 0,
        "kind": "enter",
        "thing": {"colour": "red", "kind": "disc"},
        "side": "left",
    }
    assert (first["t_s"], first["t_out_s"], first["camera"]) == (0.005, 0.06, "door")
    assert first["confidence"] == 0.875
    assert second["event"] is None


def test_what_broke_stays_broken():
    metrics = make_metrics()
    for kind in (EventKind.OPENED, EventKind.BROKEN, EventKind.ENDED):
        metrics.add_event(SourceEvent("door", 0, kind, f"door: {kind}"))
    [door] = metrics.summary({"door": COUNTS}).sources
    assert (door.state, door.detail) == ("broken", "door: broken")


def test_a_source_that_never_opened_is_listed_with_its_trouble():
    metrics = make_metrics()
    metrics.add_event(SourceEvent("yard", 0, EventKind.BROKEN, "yard: no such file"))
    [yard] = metrics.summary({}).sources
    assert (yard.name, yard.frames_in, yard.detail) == ("yard", 0, "yard: no such file")


def test_memory_is_measured_once_the_run_has_settled():
    metrics = make_metrics()
    metrics.add(make_report(99))
    assert metrics.summary({}).memory.rss_mb_at_20s is None
    metrics.add(make_report(100))
    settled = metrics.summary({}).memory.rss_mb_at_20s
    # Fresh pages: an array may lie in what earlier tests left free.
    with mmap.mmap(-1, 64_000_000) as ballast:
        ballast.write(b"x" * len(ballast))
        metrics.add(make_report(200))
        memory = metrics.summary({}).memory
        assert memory.rss_mb_at_20s == settled
        assert memory.rss_mb_end - settled > 0.5 * len(ballast) / 1e6


def test_resident_memory_is_in_megabytes():
    assert 20 < resident_mb() < 20_000


def test_a_long_run_keeps_the_newest_sentences_and_counts_all(monkeypatch):
    monkeypatch.setattr(metrics_module, "MAX_SENTENCES", 10)
    metrics = make_metrics()
    for number in range(25):
        metrics.add(make_report(number, sentences=[Sentence(number, number, "door", f"cam1: {number}")]))
    summary = metrics.summary({})
    assert summary.num_sentences == 25
    assert [one.text for one in summary.sentences] == [f"cam1: {number}" for number in range(15, 25)]
