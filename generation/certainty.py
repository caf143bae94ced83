"""How sure the model is of a whole sentence: of what it states, not of the choice among ways to say it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Protocol, TypeVar

from ..streams.world.language import REPLY, content_words

_CONTENT = content_words()


class Weighed(Protocol):
    """A word and the probability that the model gave it."""

    @property
    def text(self) -> str: ...

    @property
    def is_end(self) -> bool: ...

    @property
    def probability(self) -> float: ...


W = TypeVar("W", bound=Weighed)


def sentence_confidence(
    words: Sequence[W], of: Callable[[W], float] = lambda word: word.probability
) -> float:
    """The probability 0..1 of all words of content together, each by the text head or by what `of` says of it.

    Those are the words of `language.content_words`, all words of a reply, and where a sentence has none of them all its
    words; the end never counts.
    """
    said = [word for word in words if not (word.is_end and not word.text)]
    if said and said[0].text == REPLY:
        counted = said[1:]
    else:
        counted = [word for word in said if word.text in _CONTENT]
    return prod(of(word) for word in counted or said)
