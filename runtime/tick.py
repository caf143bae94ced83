"""One tick: the whole life of what comes in, from the inbox to the words. Start reading here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import torch
from torch import Tensor

from ..perception.blocks import CameraPlan, Glimpse, Perceived, TokenBlock
from ..streams.channel import Channel
from ..streams.clock import Clock
from ..streams.media import Inputs, VideoFrame
from ..streams.world.language import REPLY
from .budget import Planner
from .inbox import Inbox
from .plan import Plan, TextDelta, TickReport
from .sentences import SentenceBuilder
from .ticklog import Spoken, TickLog
from .typed import Typed


class Looker(Protocol):
    """Turns media into tokens (`perception.Perception`)."""

    def read(self, inputs: Inputs, cameras: Mapping[str, CameraPlan]) -> Perceived: ...

    def reset(self) -> None:
        """Forget all that was seen."""
        ...


class WrittenWord(Protocol):
    """A piece of text and the probability that the model gave it; `is_end` closes the sentence."""

    @property
    def text(self) -> str: ...

    @property
    def is_end(self) -> bool: ...

    @property
    def probability(self) -> float: ...


class Speaker(Protocol):
    """Reads tokens into its state and writes words (`generation.narrator.Narrator`)."""

    @property
    def text_delay_ns(self) -> int:
        """How long after the cause it speaks, as it was trained."""
        ...

    @property
    def depth(self) -> int:
        """Layers of its backbone."""
        ...

    def new_state(self) -> Any: ...

    def end(self, state: Any, depth: int) -> None:
        """Break off a sentence that was begun."""
        ...

    def text_block(self, text: str, t_ns: int) -> TokenBlock:
        """A typed line as tokens."""
        ...

    def read(self, t_ns: int, blocks: Sequence[TokenBlock], state: Any, depth: int) -> Tensor | None:
        """The hidden vector [D] at the gate, after all tokens of this tick; None for a tick not worth reading."""
        ...

    def write(
        self, hidden: Tensor | None, state: Any, max_text_tokens: int, depth: int
    ) -> Iterator[WrittenWord]:
        """Words until it is silent or the limit is reached; the caller may stop at any word."""
        ...


@dataclass(frozen=True, slots=True)
class _Cut:
    """Where a sentence was broken off."""

    text: str = ""
    is_end: bool = True
    probability: float = 1.0


class Tick:
    """The cycle of one session, run by its compute thread: take, plan, look, think, say, learn."""

    def __init__(
        self,
        clock: Clock,
        inbox: Inbox,
        budget: Planner,
        looker: Looker,
        speaker: Speaker,
        outbox: Channel[TextDelta],
        sentences: SentenceBuilder,
        alert_confidence: float = 0.0,
    ) -> None:
        self._clock, self._inbox, self._budget = clock, inbox, budget
        self._looker, self._speaker, self._state = looker, speaker, speaker.new_state()
        self._outbox, self._sentences = outbox, sentences
        self.typed, self._delay_ns = Typed(speaker, alert_confidence), speaker.text_delay_ns
        self._num_closed = 0  # sentences
        self._hushed: int | None = None  # how many were closed when the one to break off was being said
        self.frames: Mapping[str, VideoFrame] = {}  # that came with the newest tick, by camera
        self.glimpses: Mapping[str, Glimpse] = {}  # of those of them that were read

    def run(self, t_ns: int, num_missed: int = 0) -> TickReport:
        """One tick that was due at `t_ns`; each word goes to the outbox as soon as it is written."""
        with torch.inference_mode():
            log = TickLog(t_ns, self._clock.now_ns(), num_missed)
            inputs = log.lap("take", self._inbox.take(t_ns))
            plan = log.lap("plan", self._budget.plan(inputs, self._clock.now_ns()))
            seen = log.lap("look", self._looker.read(inputs, plan.cameras))
            blocks = [*seen.blocks, *self.typed.blocks(t_ns, inputs.texts)]
            hidden = log.lap("read", self._speaker.read(t_ns, blocks, self._state, plan.depth))
            words = self._speaker.write(hidden, self._state, plan.max_text_tokens, plan.depth)
            spoken = log.lap("write", self._say(t_ns, words, plan))
        report = log.report(inputs, plan, seen, spoken, self._clock.now_ns())
        self._budget.learn(report)
        self.frames, self.glimpses = inputs.frames, seen.glimpses
        return report

    def hush(self) -> None:
        """Break off the sentence that is being said, at the next word; one that has not begun is said. Any thread."""
        num_closed = self._num_closed  # before the look, so that it is never taken for the next sentence
        if self.is_speaking:
            self._hushed = num_closed

    @property
    def is_speaking(self) -> bool:
        """A sentence has been begun and goes on in the next tick."""
        return self._sentences.is_open

    def _say(self, t_ns: int, words: Iterable[WrittenWord], plan: Plan) -> Spoken:
        num_words, finished = 0, []
        for word in self._until_hushed(words, plan.depth):
            if not self._sentences.is_open:
                # An event is told some time after it happened, a question is answered at once.
                self._delay_ns = 0 if word.text == REPLY else self._speaker.text_delay_ns
            cause_ns = max(0, t_ns - self._delay_ns)
            delta = TextDelta(cause_ns, self._clock.now_ns(), word.text, word.is_end, word.probability)
            # Whoever hears the first word may hush at once: the sentence has to be open by then.
            sentence = self._sentences.add(delta)
            self._num_closed += delta.is_end
            self._outbox.put(delta)
            num_words += 1
            if sentence is not None:
                text = self.typed.marked(sentence.text, sentence.confidence)
                finished.append(replace(sentence, text=text))
            if delta.t_out_ns >= plan.last_word_ns:
                break  # the rest of the sentence comes with the next tick
        return Spoken(num_words, finished)

    def _until_hushed(self, words: Iterable[WrittenWord], depth: int) -> Iterator[WrittenWord]:
        """The words; when hushed, an end in place of the next one, which is then never thought of."""
        written = iter(words)
        while not (self.is_speaking and self._hushed == self._num_closed):
            if (word := next(written, None)) is None:
                return
            yield word
        self._speaker.end(self._state, depth)
        yield _Cut()
