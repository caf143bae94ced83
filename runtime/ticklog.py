"""What one tick writes down about itself while it runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ..perception.blocks import Perceived
from ..streams.clock import Stopwatch
from ..streams.media import Inputs
from .plan import Plan, Sentence, TickReport

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Spoken:
    """What was said in one tick, made by the tick."""

    num_words: int
    sentences: Sequence[Sentence]


class TickLog:
    """Stage costs by a stopwatch that runs whatever the session clock does, and the report made of them."""

    def __init__(self, t_ns: int, started_ns: int, num_missed: int) -> None:
        self._t_ns, self._started_ns, self._num_missed = t_ns, started_ns, num_missed
        self._costs_ns: dict[str, int] = {}
        self._watch = Stopwatch()

    def lap(self, stage: str, result: T) -> T:
        """Books the time since the last lap, in which `result` was worked out, on `stage`."""
        self._costs_ns[stage] = self._watch.lap_ns()
        return result

    def report(
        self, inputs: Inputs, plan: Plan, seen: Perceived, spoken: Spoken, ended_ns: int
    ) -> TickReport:
        offered, kept = count_tokens(seen)
        return TickReport(
            t_ns=self._t_ns,
            started_ns=self._started_ns,
            ended_ns=ended_ns,
            plan=plan,
            costs_ns={**seen.costs_ns, **self._costs_ns},
            frames_read=[camera for camera in inputs.frames if camera not in seen.skipped],
            skipped=seen.skipped,
            tokens_offered=offered,
            tokens_kept=kept,
            num_text_tokens=spoken.num_words,
            sentences=spoken.sentences,
            events=inputs.events,
            busy_ns=sum(self._costs_ns.values()),
            num_missed=self._num_missed,
            closer=seen.closer,
        )


def count_tokens(seen: Perceived) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """Tokens offered and kept, by source."""
    offered, kept = Counter[str](), Counter[str]()
    for block in seen.blocks:
        offered[block.source] += block.num_offered
        kept[block.source] += block.num_kept
    return offered, kept
