"""What stands written at each gate of a training sequence, and what should: they part where a slip was made.

A model that has only ever read its own perfect sentences trusts them: one false sentence makes the next likely, and what
was passed over once is never told. So that it learns from its eyes what to say next, the history that it trains on
holds such slips, as it makes them itself when it runs free, and the targets stay true (compare Bengio et al., Scheduled
Sampling, 2015; Ross et al., DAgger, 2011).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...generation.losses import IGNORE
from ...generation.words import SILENT
from .slips import SlipRates
from .talk import Talk

_MAX_LATE = 2  # how often a sentence is passed over until it is not told at all


@dataclass(slots=True)
class _Sentence:
    words: list[int]
    is_reply: bool = False
    times_passed_over: int = 0


class Writing:
    """Sentences to be written: one that was begun is finished, then replies come before narration."""

    def __init__(self, talk: Talk, slips: SlipRates, rng: np.random.Generator) -> None:
        self._talk, self._rng = talk, rng
        self._slips = slips.drawn(rng)
        self._due = list[_Sentence]()
        self._rest = list[int]()  # of the sentence that was begun
        self._is_true = True  # that sentence
        self._tick = 0

    @property
    def is_begun(self) -> bool:
        """Whether a sentence was cut and goes on at the next gate."""
        return bool(self._rest)

    def add(self, tick: int) -> None:
        """What the talk brings in the next tick."""
        self._tick = tick
        replies = [_Sentence(words, is_reply=True) for words in self._talk.replies.get(tick, [])]
        self._due = [*replies, *self._due, *map(_Sentence, self._talk.told.get(tick, []))]

    def take(self, limit: int) -> tuple[list[int], list[int]]:
        """The words of one tick, at most `limit`, and the targets: before each word and after the last."""
        words, targets = list[int](), list[int]()
        for _ in range(limit):
            targets.append(self._should())
            if not self._rest:
                self._begin()
            if not self._rest:
                return words, targets
            words.append(self._rest.pop(0))
        return words, [*targets, IGNORE if self._rest or self._due else SILENT]

    def _should(self) -> int:
        """The next word by rights."""
        if self._rest:
            return self._rest[0] if self._is_true else IGNORE
        return self._due[0].words[0] if self._due else SILENT

    def _begin(self) -> None:
        """Choose what is written: what is due, as a rule."""
        due, slips, chance = self._due[0] if self._due else None, self._slips, self._rng.random()
        self._is_true = True
        if due is not None and due.is_reply:
            self._rest = self._due.pop(0).words
        elif chance < slips.untrue:
            self._is_true, self._rest = False, self._talk.untrue(self._tick, self._rng)
        elif due is None:
            if chance < slips.untrue + slips.early and self._talk.told.get(self._tick + 1):
                self._is_true, self._rest = False, self._talk.told[self._tick + 1].pop(0)
        elif chance < slips.untrue + slips.late:
            self._pass_over(due)
        else:
            self._rest = self._due.pop(0).words

    def _pass_over(self, due: _Sentence) -> None:
        """Go on with the sentence behind it, or say no more in this tick."""
        due.times_passed_over += 1
        if len(self._due) > 1 and self._rng.random() < 0.5:
            self._rest = self._due.pop(1).words
        if due.times_passed_over > _MAX_LATE:
            self._due.pop(0)
