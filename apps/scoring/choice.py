"""Which of all possible questions are asked: few at a time, all delays, and no answer more often than another."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from .drafts import APART_TICKS, Draft
from .papers import Query, Sheet

Range = tuple[float, float]
DELAYS: dict[str, Range] = {  # seconds since the event that decides
    "5s": (2.0, 10.0),
    "15s": (10.0, 20.0),
    "30s": (20.0, 45.0),
    "1min": (45.0, 90.0),
    "2min": (90.0, 210.0),
    "5min": (210.0, 420.0),
    "10min": (420.0, 600.0),
}
_APART_TICKS = {"long": 30}  # of papers on which questions come more rarely than every 3 s
_LEAST_S = {"long": 20.0}  # of the delay: shorter ones are asked about on other papers
_SEED = 3
_MOST = 0.1  # share of one answer among many that needs no levelling

Cell = tuple[str, str]  # delay, form
Place = tuple[int, int]  # number of the world, tick


def delay_bin(query: Query) -> str | None:
    """The bin of a question's delay; None where it is not about the past."""
    return next((name for name, (low, high) in DELAYS.items() if low <= query.delay_s < high), None)


def choose(drafts: Sequence[Draft]) -> list[Sheet]:
    """The sheets of all worlds, balanced within each paper. The same drafts give the same sheets."""
    sheets: dict[int, Sheet] = {}
    for paper in sorted({draft.setting.paper for draft in drafts}):
        numbers = [n for n, draft in enumerate(drafts) if draft.setting.paper == paper]
        chosen = _choose([drafts[n] for n in numbers], _APART_TICKS.get(paper, APART_TICKS))
        for n, queries in zip(numbers, chosen, strict=True):
            sheets[n] = Sheet(drafts[n].setting, tuple(queries), drafts[n].orders)
    return [sheets[n] for n in range(len(drafts))]


def _choose(drafts: Sequence[Draft], apart: int) -> list[list[Query]]:
    """Cell after cell takes a question of the answer it has least of, until no place is free."""
    pools = _pools(drafts, apart)
    chosen: dict[Cell, list[tuple[int, Query]]] = {cell: [] for cell in pools}
    answers: dict[str, Counter[str]] = {form: Counter() for _, form in pools}
    taken: set[Place] = set()
    growing = sorted(pools)
    while growing:
        growing = [cell for cell in growing if _grow(chosen[cell], pools[cell], answers[cell[1]], taken)]
    queries: list[list[Query]] = [[] for _ in drafts]
    for found in chosen.values():
        for world, query in _levelled(found):
            queries[world].append(query)
    return [sorted(each, key=lambda q: q.asked.tick) for each in queries]


def _pools(drafts: Sequence[Draft], apart: int) -> dict[Cell, dict[str, list[tuple[int, Query]]]]:
    """Candidates by cell and answer, in random order; questions about the past without a bin are left out."""
    pools: dict[Cell, dict[str, list[tuple[int, Query]]]] = defaultdict(lambda: defaultdict(list))
    first = min((q.asked.tick for d in drafts for q in d.queries), default=0)
    for world, each in enumerate(drafts):
        for query in each.queries:
            if (query.asked.tick - first) % apart == 0 and (cell := _cell(query, each.setting.paper)):
                pools[cell][query.asked.answer].append((world, query))
    rng = np.random.default_rng(_SEED)
    return {cell: _shuffled(pools[cell], rng) for cell in sorted(pools)}


def _shuffled(
    pool: dict[str, list[tuple[int, Query]]], rng: np.random.Generator
) -> dict[str, list[tuple[int, Query]]]:
    """Answers and their candidates in random order: no answer comes first because of its name."""
    answers = sorted(pool)
    order = [answers[n] for n in rng.permutation(len(answers))]
    return {answer: [pool[answer][n] for n in rng.permutation(len(pool[answer]))] for answer in order}


def _cell(query: Query, paper: str) -> Cell | None:
    if paper == "live":
        return "", query.form
    delay = delay_bin(query)
    is_wanted = delay is not None and query.delay_s >= _LEAST_S.get(paper, 0.0)
    return (delay, query.form) if delay and is_wanted else None


def _grow(
    chosen: list[tuple[int, Query]],
    pool: dict[str, list[tuple[int, Query]]],
    answers: Counter[str],
    taken: set[Place],
) -> bool:
    """Take one more question into a cell; False where none is left. `answers` counts those of all delays."""
    counts = Counter(query.asked.answer for _, query in chosen)
    for answer in sorted(pool, key=lambda a: (counts[a], answers[a])):
        while pool[answer]:
            world, query = pool[answer].pop()
            if (world, query.asked.tick) not in taken:
                taken.add((world, query.asked.tick))
                chosen.append((world, query))
                answers[answer] += 1
                return True
    return False


def _levelled(chosen: list[tuple[int, Query]]) -> list[tuple[int, Query]]:
    """Without the questions whose answer is too frequent: a constant answer must not pay."""
    kept = list(chosen)
    while kept:
        counts = Counter(query.asked.answer for _, query in kept)
        limit = max(sorted(counts.values())[(len(counts) - 1) // 2], _MOST * len(kept), 1)
        answer, most = counts.most_common(1)[0]
        if most <= limit and len(counts) > 1:
            return kept
        if len(counts) == 1:
            return []
        last = max(n for n, (_, query) in enumerate(kept) if query.asked.answer == answer)
        del kept[last]
    return kept


def best_constants(queries: Iterable[Query]) -> dict[str, str]:
    """For each form the answer that is right most often: the best that can be said without looking."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for query in queries:
        counts[query.form][query.asked.answer] += 1
    return {
        form: min(c, key=lambda answer: (-counts[form][answer], answer)) for form, c in sorted(counts.items())
    }
