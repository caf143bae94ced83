"""The plan of one tick and the report of what it cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..perception.blocks import CameraPlan
from ..streams.media import SourceEvent


@dataclass(frozen=True, slots=True)
class Plan:
    """How much to look, think and say before the deadline, made by the budget."""

    cameras: Mapping[str, CameraPlan]
    depth: int  # layers of the backbone to run
    max_text_tokens: int  # the most; the first is granted time, the others take what is left
    frame_steps: int  # denoising steps for generated frames; 0 draws none
    deadline_ns: int
    last_word_ns: int = (
        2**63 - 1
    )  # after this no further word is begun: it would not be ready before the deadline


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A word of a sentence, made by the text head; `is_end` closes the sentence."""

    t_ns: int  # of the input that caused it
    t_out_ns: int  # when it was ready
    text: str
    is_end: bool = False
    probability: float = 1.0  # that the model gave the word


@dataclass(frozen=True, slots=True)
class Sentence:
    """A finished sentence, put together from its deltas."""

    t_ns: int  # of the input that caused its first word
    t_out_ns: int  # when its last word was ready
    camera: str | None  # the camera's name, None for sound
    text: str
    confidence: float = 1.0  # the model's own, of what the sentence states (`generation.certainty`)


@dataclass(frozen=True, slots=True, eq=False)
class TickReport:
    """What one tick planned, did and cost, made by the tick.

    Latency counts from the moment the tick was due (`t_ns`, its period boundary) to its last output. On a
    virtual clock that difference is nothing, so there the measured work counts.
    """

    t_ns: int  # when the tick was due
    started_ns: int
    ended_ns: int
    plan: Plan
    costs_ns: Mapping[str, int]  # stage -> time spent; "look" is all of perception, its parts stand beside it
    frames_read: Sequence[str]
    skipped: Mapping[str, str]  # camera -> cause
    tokens_offered: Mapping[str, int]  # by source
    tokens_kept: Mapping[str, int]
    num_text_tokens: int
    sentences: Sequence[Sentence] = ()
    events: Sequence[SourceEvent] = ()  # what happened to the sources since the last tick
    busy_ns: int = 0  # measured work of the compute thread, whatever the session clock says
    num_missed: int = 0  # periods that passed without a tick just before this one
    closer: Sequence[str] = ()  # cameras of which a part was looked at closely

    @property
    def is_late(self) -> bool:
        return self.ended_ns > self.plan.deadline_ns

    @property
    def latency_ns(self) -> int:
        return max(self.ended_ns - self.t_ns, self.busy_ns)
