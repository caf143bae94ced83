"""Collects the figures of a run from its tick reports, in memory that never grows."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..streams.clock import NS_PER_MS, NS_PER_S
from ..streams.media import EventKind, SourceEvent
from .histogram import Histogram
from .inbox import IntakeStatistics
from .plan import Sentence, TickReport
from .summary import (
    SCHEMA_VERSION,
    MemoryFigures,
    RunSummary,
    SentenceFigures,
    SourceFigures,
    StageFigures,
    TickFigures,
    TokenFigures,
)

# The newest sentences are kept, about 3 MB at most; `num_sentences` counts them all. Whoever needs every one
# of a run of days listens to the reports.
MAX_SENTENCES = 10_000
_SETTLED_NS = 20 * NS_PER_S

Parse = Callable[[str], Any]  # a sentence -> a dataclass of what it states, or None


class Metrics:
    """Takes every report and event of one session; `summary` may be asked at any time."""

    def __init__(self, *, mode: str, budget_ns: int, parse: Parse | None = None) -> None:
        self._mode, self._budget_ns, self._parse = mode, budget_ns, parse
        self._latency = Histogram()
        self._stages: defaultdict[str, Histogram] = defaultdict(Histogram)
        self._totals: Counter[str] = Counter()
        self._frames_read: Counter[str] = Counter()
        self._closer: Counter[str] = Counter()
        self._skipped: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._sentences: deque[Sentence] = deque(maxlen=MAX_SENTENCES)
        self._health: dict[str, SourceEvent] = {}
        self._now_ns = 0
        self._rss_settled_mb: float | None = None

    def add(self, report: TickReport) -> None:
        self._now_ns = report.t_ns
        self._latency.add(report.latency_ns)
        for stage, cost_ns in report.costs_ns.items():
            self._stages[stage].add(cost_ns)
        self._count(report)
        self._sentences.extend(report.sentences)
        for event in report.events:
            self.add_event(event)
        if self._rss_settled_mb is None and report.t_ns >= _SETTLED_NS:
            self._rss_settled_mb = resident_mb()

    def add_event(self, event: SourceEvent) -> None:
        """The last event is the state of a source, but what broke has broken, until it says that it is back."""
        before = self._health.get(event.source)
        if before is None or before.kind is not EventKind.BROKEN or event.kind is EventKind.RESUMED:
            self._health[event.source] = event

    def summary(self, sources: Mapping[str, IntakeStatistics], now_ns: int = 0) -> RunSummary:
        """The document so far; `sources` is what the inbox counted, none for a source that never opened.

        `now_ns` is when it was counted, where that is later than the last tick: frames go on coming.
        """
        counted_ns = max(now_ns, self._now_ns)
        names = [*sources, *(name for name in self._health if name not in sources)]
        return RunSummary(
            version=SCHEMA_VERSION,
            mode=self._mode,
            seconds=self._now_ns / NS_PER_S,
            budget_ms=self._budget_ns / NS_PER_MS,
            ticks=self._ticks(),
            stages={stage: stage_figures(costs) for stage, costs in self._stages.items()},
            memory=MemoryFigures(self._rss_settled_mb, resident_mb()),
            sources=[self._source(name, sources.get(name), counted_ns) for name in names],
            tokens=TokenFigures(self._totals["offered"], self._totals["kept"]),
            num_words=self._totals["words"],
            num_sentences=self._totals["sentences"],
            sentences=[self._sentence(sentence) for sentence in self._sentences],
        )

    def _count(self, report: TickReport) -> None:
        self._totals["late"] += report.is_late
        self._totals["missed"] += report.num_missed
        self._totals["words"] += report.num_text_tokens
        self._totals["sentences"] += len(report.sentences)
        self._totals["offered"] += sum(report.tokens_offered.values())
        self._totals["kept"] += sum(report.tokens_kept.values())
        self._frames_read.update(report.frames_read)
        self._closer.update(report.closer)
        for camera, cause in report.skipped.items():
            self._skipped[camera][cause] += 1

    def _ticks(self) -> TickFigures:
        p50, p95, p99 = (ms(self._latency.percentile_ns(percent)) for percent in (50, 95, 99))
        return TickFigures(self._latency.count, self._totals["late"], self._totals["missed"], p50, p95, p99)

    def _source(self, name: str, counts: IntakeStatistics | None, counted_ns: int) -> SourceFigures:
        counts = counts or IntakeStatistics(0, 0, 0, {}, 0, 0)
        health = self._health.get(name)
        is_over = health is not None and health.kind in (EventKind.ENDED, EventKind.BROKEN)
        until_ns = health.t_ns if health is not None and is_over else counted_ns
        shown_ns = until_ns - counts.first_ns if counts.first_ns is not None else 0
        return SourceFigures(
            name=name,
            frames_in=counts.frames_in,
            frames_read=self._frames_read[name],
            passed=counts.passed,
            not_decoded=counts.not_decoded,
            skipped=dict(self._skipped[name]),
            dropped=sum(counts.dropped.values()),
            drops=dict(counts.dropped),
            fps_in=round(counts.frames_in * NS_PER_S / shown_ns, 2) if shown_ns > 0 else 0.0,
            behind_max_ms=ms(counts.behind_max_ns),
            state=health.kind.value if health is not None else "unknown",
            detail=health.detail if health is not None else "",
            closer_looks=self._closer[name],
        )

    def _sentence(self, sentence: Sentence) -> SentenceFigures:
        event = event_fields(self._parse(sentence.text)) if self._parse is not None else None
        t_s, t_out_s = round(sentence.t_ns / NS_PER_S, 3), round(sentence.t_out_ns / NS_PER_S, 3)
        sure = round(sentence.confidence, 4)
        return SentenceFigures(t_s, t_out_s, sentence.camera, sentence.text, event, sure)


def event_fields(event: Any) -> Mapping[str, object] | None:
    """What a parsed sentence states, without what it leaves open; its time is that of the sentence."""
    if event is None:
        return None
    return {name: value for name, value in asdict(event).items() if value is not None and name != "t_ns"}


def stage_figures(costs: Histogram) -> StageFigures:
    return StageFigures(ms(costs.percentile_ns(50)), ms(costs.percentile_ns(95)))


def ms(duration_ns: float) -> float:
    return round(duration_ns / NS_PER_MS, 3)


def resident_mb() -> float:
    """Resident memory of this process in 1,000,000 bytes; where /proc is missing, its highest so far."""
    import resource

    statm = Path("/proc/self/statm")
    if statm.exists():
        return round(int(statm.read_text().split()[1]) * resource.getpagesize() / 1e6, 1)
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3, 1)
