"""Who sits an exam: anything that reads a stream tick by tick and writes sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from ...streams.media import Inputs


class Said(NamedTuple):
    """One finished sentence, in the words of `streams.world.language` and `questions`.

    Narration begins with `camN:` or `mic:`, an answer with `reply:`, what a standing instruction asked for with `alert`.
    """

    text: str
    confidence: float = 1.0  # the examinee's own probability that it is right, 0..1
    t_ns: int | None = None  # when the event stated happened; None: at the tick in which the sentence ends
    # As the model itself wrote it, where the instructions made an alert of it or undid one.
    unaided: str | None = None
    by_head: float | None = None  # the confidence by a head of its own, where the examinee has one


class Examinee(Protocol):
    """Sits one stream after another; the same stream always gives the same sentences."""

    name: str

    def start(self, names: Sequence[str]) -> None:
        """A new stream with these cameras (the first is `cam1`); everything of the last one is forgotten."""
        ...

    def tick(self, inputs: Inputs, texts: Sequence[str]) -> list[Said]:
        """One tick of 200 ms: newest frame per camera, sound since the last tick under `mic`, and what was typed.

        A text is a question (`questions.read_question`), to be answered in the very tick, or a standing instruction
        (`instructions.read_instruction`), given once, which holds to the end of the stream.
        """
        ...
