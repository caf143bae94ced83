"""Standing instructions: was the alert right, was it in time, and how often was there none to give.

The timing follows RIVER Bench (arXiv 2603.03985), fixed before any run: an alert counts as 1 within a second of the
event, then exp(-(delay - 1 s) / 3 s); one that comes before its event is a false alarm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from typing import Any

import numpy as np

from ...generation.embedding import NS_PER_TICK
from ...streams.world.events import WorldEvent
from ...streams.world.instructions import read_instruction
from ...streams.world.language import read_statement
from .bootstrap import beside, figure, interval_of
from .matching import full_key
from .sitting import Line, Sitting

LEAST = (0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9)  # confidences that an alert may be made to want
LATEST_S = 5.0  # an alert that comes later than this is a false alarm, and its event is missed
_PROMPT_S, _FADE_S = 1.0, 3.0
_HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class Alerting:
    """One world in which instructions stood."""

    said: int
    wanted: int
    delays_s: tuple[float, ...]  # of the hits
    watched_s: float  # from the first instruction to the end

    @property
    def false(self) -> int:
        return self.said - len(self.delays_s)


def alerting(sitting: Sitting, examinee: str, unaided: bool = False, least: float = 0.0) -> Alerting:
    """Match alerts with what the instructions of a world want; `unaided`, those that the model marked by itself.

    What the examinee was less sure of than `least` is no alert.
    """
    said = [
        statement.event
        for line in sitting.transcripts[examinee].lines
        if line.confidence >= least
        # In time counts when it was said, not when it says that it happened.
        and (statement := read_statement(_text(line, unaided), line.tick * NS_PER_TICK))
        and statement.is_alert
    ]
    wanted = wanted_events(sitting)
    first = min((order.tick for order in sitting.sheet.orders), default=sitting.sheet.setting.num_ticks)
    watched_s = (sitting.sheet.setting.num_ticks - first) * NS_PER_TICK / 1e9
    return Alerting(len(said), len(wanted), tuple(hit_delays_s(said, wanted)), watched_s)


def _text(line: Line, unaided: bool) -> str:
    return line.unaided if unaided and line.unaided is not None else line.text


def wanted_events(sitting: Sitting) -> list[WorldEvent]:
    """Events for which an instruction stands when the first tick that shows them is read."""
    orders = [(order.tick, read_instruction(order.text)) for order in sitting.sheet.orders]
    return [
        event
        for event in sitting.events
        if any(i and tick <= -(-event.t_ns // NS_PER_TICK) and i.wants(event) for tick, i in orders)
    ]


def hit_delays_s(said: Sequence[WorldEvent], wanted: Sequence[WorldEvent]) -> list[float]:
    """Delays of the alerts that name a wanted event after it, in time; one each, the soonest first."""
    candidates = sorted(
        ((s.t_ns - w.t_ns) / 1e9, n, m)
        for n, s in enumerate(said)
        for m, w in enumerate(wanted)
        if 0 <= s.t_ns - w.t_ns <= LATEST_S * 1e9 and full_key(s) == full_key(w)
    )
    used_said, used_wanted, delays = set[int](), set[int](), list[float]()
    for delay, n, m in candidates:
        if n not in used_said and m not in used_wanted:
            used_said.add(n)
            used_wanted.add(m)
            delays.append(delay)
    return delays


def timing_score(delay_s: float) -> float:
    """1 within a second, fading after it; 0 for what comes too early."""
    if delay_s < 0:
        return 0.0
    return 1.0 if delay_s <= _PROMPT_S else exp(-(delay_s - _PROMPT_S) / _FADE_S)


def alert_scores(worlds: Sequence[Alerting]) -> dict[str, Any]:
    """Precision, recall, F1, timing, false alarms an hour and delays, with intervals over worlds."""
    hits = [len(w.delays_s) for w in worlds]
    f1 = [(2.0 * hit, float(w.said + w.wanted)) for hit, w in zip(hits, worlds, strict=True)]
    timing = [(sum(map(timing_score, w.delays_s)), float(w.wanted)) for w in worlds]
    false = [(w.false * _HOUR_S, w.watched_s) for w in worlds]
    delays = [delay for w in worlds for delay in w.delays_s]
    return {
        **figure("f1", f1, sum(w.wanted for w in worlds)),
        **beside("precision", [(hit, w.said) for hit, w in zip(hits, worlds, strict=True)]),
        **beside("recall", [(hit, w.wanted) for hit, w in zip(hits, worlds, strict=True)]),
        **beside("timing", timing),
        **beside("false_per_hour", false),
        "delay_p50_s": round(float(np.median(delays)), 2) if delays else None,
        "delay_p50_s_ci": interval_of([w.delays_s for w in worlds], lambda pooled: float(np.median(pooled))),
        "delay_p95_s": round(float(np.percentile(delays, 95)), 2) if delays else None,
        "hours": round(sum(w.watched_s for w in worlds) / _HOUR_S, 3),
        "said": sum(w.said for w in worlds),
    }


def alerts_by_confidence(sittings: Sequence[Sitting], examinee: str) -> list[dict[str, Any]]:
    """What it brings and costs to be told only of what is surely so: `least` confidence, then figures as above."""
    wanted = ("f1", "ci", "n", "precision", "recall", "false_per_hour", "false_per_hour_ci")
    rows = []
    for least in LEAST:
        scores = alert_scores([alerting(s, examinee, least=least) for s in sittings])
        rows.append({"least": least, **{name: scores[name] for name in wanted}})
    return rows
