"""How right the answers are, beside what is reached without looking."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ...streams.world.questions import FAMILIES, REPLY, QuestionKind
from .bootstrap import figure
from .choice import DELAYS, best_constants, delay_bin
from .papers import Query
from .sitting import Sitting

PATIENCE_TICKS = 5  # a reply that comes later than a second answers nothing
K = QuestionKind
GROUPS: dict[str, tuple[QuestionKind, ...]] = {
    "live": FAMILIES["live"],
    "identity": FAMILIES["identity"],
    "counting": (K.COUNT,),
    "sound": (K.HEARD,),
    "sound_with_picture": (K.BEFORE_SOUND,),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """One question and what became of it."""

    query: Query
    world: int  # number of the sitting
    said: str | None  # None where no reply came
    confidence: float
    by_head: float | None = None  # see `Said.by_head`
    is_constant_right: bool = False  # whether the best constant answer to this form would be right

    @property
    def is_right(self) -> bool:
        return self.said == self.query.asked.answer


def answers(sittings: Sequence[Sitting], examinee: str) -> list[Answer]:
    """The first reply after each question, before the next one is put."""
    constants = best_constants(query for s in sittings for query in s.sheet.queries)
    return [
        Answer(query, n, *_reply(sitting, examinee, query), constants[query.form] == query.asked.answer)
        for n, sitting in enumerate(sittings)
        for query in sitting.sheet.queries
    ]


def _reply(sitting: Sitting, examinee: str, query: Query) -> tuple[str | None, float, float | None]:
    first = query.asked.tick
    for line in sitting.transcripts[examinee].lines:
        if first <= line.tick < first + PATIENCE_TICKS and line.text.startswith(REPLY):
            return line.text.removeprefix(REPLY).strip(), line.confidence, line.by_head
    return None, 0.0, None


def accuracy(given: Iterable[Answer]) -> dict[str, Any]:
    """Share of right answers with its interval over worlds; a question without a reply counts as wrong."""
    known = list(given)
    return {
        **figure("accuracy", _pairs(known, lambda a: a.is_right)),
        "chance": figure("accuracy", _pairs(known, lambda a: a.is_constant_right))["accuracy"],
        "replied": figure("share", _pairs(known, lambda a: a.said is not None))["share"],
    }


def answer_scores(given: Sequence[Answer]) -> dict[str, Any]:
    """Each group of questions about now, and memory by delay; by kind within. Groups without questions are left out."""
    scores: dict[str, Any] = {}
    for place, group in answer_groups(given).items():
        whole, _, delay = place.partition(".")
        if delay:
            scores[whole][delay] = accuracy(group)
        else:
            scores[whole] = _with_kinds(group)
    return scores


def answer_groups(given: Sequence[Answer]) -> dict[str, list[Answer]]:
    """Answers by their place in a report, such as `live`, `memory` and, of the same, `memory.30s`."""
    now = [a for a in given if a.query.asked.question.kind not in FAMILIES["memory"]]
    past = [a for a in given if a.query.asked.question.kind in FAMILIES["memory"]]
    groups = {
        name: [a for a in now if a.query.asked.question.kind in kinds] for name, kinds in GROUPS.items()
    }
    groups["memory"] = past
    groups |= {f"memory.{name}": [a for a in past if delay_bin(a.query) == name] for name in DELAYS}
    return {place: group for place, group in groups.items() if group}


def _with_kinds(given: Sequence[Answer]) -> dict[str, Any]:
    kinds = sorted({a.query.asked.question.kind for a in given})
    parts = {kind.value: accuracy(a for a in given if a.query.asked.question.kind is kind) for kind in kinds}
    return accuracy(given) | {"kinds": parts}


def _pairs(given: Sequence[Answer], is_counted: Callable[[Answer], bool]) -> list[tuple[float, float]]:
    worlds = sorted({a.world for a in given})
    groups = ([a for a in given if a.world == world] for world in worlds)
    return [(float(sum(map(is_counted, group))), float(len(group))) for group in groups]
