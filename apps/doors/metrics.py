"""The figures of a running server, for Prometheus; kept in a registry of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from ...runtime.inbox import IntakeStatistics
from ...runtime.metrics import resident_mb
from ...streams.clock import NS_PER_S, monotonic_ns
from .house import House
from .past import Message

KINDS = frozenset({"tick", "sentence"})
_COST_S = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
_LATENCY_S = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0)
_GLASS_S = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.0, 5.0)
_LAG_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)


class ServeMetrics:
    """Hears the hub and counts; names of cameras are those of the seats, so that strangers add no labels."""

    def __init__(self, house: House) -> None:
        self.registry = registry = CollectorRegistry()
        self._house = house
        self.last_tick_ns: int | None = None  # of the machine's monotonic clock
        self._ticks = Counter("millrace_ticks", "Ticks done.", registry=registry)
        self._late = Counter("millrace_ticks_late", "Ticks after their deadline.", registry=registry)
        self._missed = Counter("millrace_ticks_missed", "Periods without a tick.", registry=registry)
        self._latency = Histogram(
            "millrace_tick_latency_seconds", "Due to done.", registry=registry, buckets=_LATENCY_S
        )
        self._costs = Histogram(
            "millrace_stage_cost_seconds", "By stage.", ["stage"], registry=registry, buckets=_COST_S
        )
        self._read = Counter("millrace_frames_read", "Frames encoded.", ["camera"], registry=registry)
        self._skipped = Counter(
            "millrace_frames_skipped", "Looked at and left.", ["camera", "cause"], registry=registry
        )
        self._kept = Counter(
            "millrace_tokens_kept", "Tokens read by the model.", ["source"], registry=registry
        )
        self._words = Counter("millrace_words", "Words written.", registry=registry)
        self._sentences = Counter("millrace_sentences", "Sentences said.", ["kind"], registry=registry)
        self._glass = Histogram(
            "millrace_glass_to_token_seconds",
            "Of a picture to the last word of the sentence it caused.",
            registry=registry,
            buckets=_GLASS_S,
        )
        self._refused = Counter("millrace_requests_refused", "By reason.", ["code"], registry=registry)
        self._unheard = Counter("millrace_events_dropped", "Slow readers of /events.", registry=registry)
        self._lag = Histogram(
            "millrace_loop_lag_histogram_seconds", "Of the event loop.", registry=registry, buckets=_LAG_S
        )
        self._sessions = Gauge("millrace_sessions", "Open now, by door.", ["door"], registry=registry)
        self.watch("millrace_resident_memory_bytes", "Of this process.", lambda: resident_mb() * 1e6)
        self.watch("millrace_budget_seconds", "Of a tick.", lambda: house.session.budget_ns / NS_PER_S)
        self.watch(
            "millrace_cameras_taken", "Places in use.", lambda: sum(s.is_taken for s in house.seats.all)
        )
        self.watch("millrace_cameras_places", "Places in all.", lambda: len(house.seats.all))
        self.watch("millrace_alerts_standing", "Standing instructions.", lambda: len(house.session.standing))
        registry.register(_Intake(house))
        ProcessCollector(registry=registry)

    async def listen(self) -> None:
        """Until the session ends."""
        async for message in self._house.hub.join(KINDS):
            self.hear(message)

    def hear(self, message: Message) -> None:
        """Count what one message of the hub tells."""
        if message.kind == "sentence":
            self._sentences.labels(str(message.body["kind"])).inc()
            if (glass_ms := message.body["glass_to_token_ms"]) is not None:
                self._glass.observe(glass_ms / 1e3)
        elif message.kind == "tick":
            self._hear_tick(message.body)

    def add_lag(self, lag_ns: int) -> None:
        """The event loop was so late."""
        self._lag.observe(lag_ns / NS_PER_S)

    def add_refused(self, code: str) -> None:
        """A request was refused."""
        self._refused.labels(code).inc()

    def add_unheard(self, num: int) -> None:
        """A slow reader of the events lost so many."""
        self._unheard.inc(num)

    def count_sessions(self, door: str, count: Callable[[], float]) -> None:
        """Let a door's number of sessions be asked whenever the figures are."""
        self._sessions.labels(door).set_function(count)

    def watch_lag(self, highest_s: Callable[[], float]) -> None:
        """Let the highest lag of the last ten seconds be asked."""
        self.watch("millrace_loop_lag_seconds", "Highest of the event loop in ten seconds.", highest_s)

    def text(self) -> bytes:
        """All figures in Prometheus' text format."""
        return generate_latest(self.registry)

    def watch(self, name: str, help_text: str, value: Callable[[], float]) -> None:
        """Let any value be asked whenever the figures are."""
        Gauge(name, help_text, registry=self.registry).set_function(value)

    def _hear_tick(self, body: Mapping[str, Any]) -> None:
        self.last_tick_ns = monotonic_ns()
        self._ticks.inc()
        self._late.inc(body["is_late"])
        self._missed.inc(body["missed"])
        self._latency.observe(body["latency_ms"] / 1e3)
        for stage, cost_ms in body["costs_ms"].items():
            self._costs.labels(stage).observe(cost_ms / 1e3)
        for camera in body["read"]:
            self._read.labels(camera).inc()
        for camera, cause in body["skipped"].items():
            self._skipped.labels(camera, cause).inc()
        for source, num in body["kept"].items():
            self._kept.labels(source).inc(num)
        self._words.inc(body["words"])


class _Intake(Collector):
    """What became of each camera's frames on their way to the ticks, asked of the session."""

    def __init__(self, house: House) -> None:
        self._house = house

    def collect(self) -> Iterable[Metric]:
        frames = CounterMetricFamily(
            "millrace_frames", "Frames that came, by what became of them.", labels=["camera", "fate"]
        )
        drops = CounterMetricFamily("millrace_frames_dropped", "By cause.", labels=["camera", "cause"])
        for camera, counts in self._house.session.statistics().items():
            for fate, num in _fates(counts).items():
                frames.add_metric([camera, fate], num)
            for cause, num in counts.dropped.items():
                drops.add_metric([camera, cause], num)
        return [frames, drops]


def _fates(counts: IntakeStatistics) -> Mapping[str, int]:
    return {
        "in": counts.frames_in,
        "taken": counts.frames_taken,
        "passed": counts.passed,
        "not_decoded": counts.not_decoded,
        "dropped": sum(counts.dropped.values()),
        "waiting": counts.frames_waiting,
    }
