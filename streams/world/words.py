"""All words of StreamWorld's language: what a model must be able to read and to write."""

from __future__ import annotations

from .instructions import instruction_words
from .language import vocabulary
from .questions import question_words


def all_words() -> tuple[str, ...]:
    """Narration, questions, replies and instructions, sorted."""
    return tuple(sorted({*vocabulary(), *question_words(), *instruction_words()}))
