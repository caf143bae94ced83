"""The model as an examinee; the same without eyes and ears, and without a past."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ...generation.certainty import sentence_confidence
from ...generation.embedding import NS_PER_TICK
from ...generation.narrator import Narrator, Word
from ...generation.reminder import Reminder
from ...perception.blocks import CameraPlan
from ...perception.perception import Perception
from ...perception.pruning import Pruner
from ...streams.media import AudioChunk, Inputs, VideoFrame
from ...streams.world.instructions import read_instruction
from ...streams.world.language import mark_first
from .examinee import Examinee, Said

MAX_WORDS = 48  # a tick, as a live session with time to spare would plan
_STILL_TICKS = 10


class NarratorExaminee:
    """A trained model, through the same perception as in a live session; it is reminded of instructions."""

    def __init__(
        self,
        narrator: Narrator,
        name: str = "model",
        make_pruner: Callable[[], Pruner] | None = None,
        max_tokens: int = CameraPlan().max_tokens,
        fovea: bool = True,
        depth: int | None = None,
    ) -> None:
        """`depth` is how many layers it reads and writes with (all)."""
        self.name = name
        self.num_offered = self.num_kept = 0  # patches of the stream so far
        self.narrator, self._make_pruner = narrator, make_pruner
        self._depth = depth
        self._camera = CameraPlan(max_tokens=max_tokens, fovea=fovea)

    def start(self, names: Sequence[str]) -> None:
        """See `Examinee.start`."""
        self._perception = Perception(
            self.narrator.encoder, names, self._make_pruner, fovea=self.narrator.has_fovea
        )
        self._plan = dict.fromkeys(names, self._camera)
        self._state, self._reminder = self.narrator.new_state(), Reminder()
        self._words: list[Word] = []
        self._begun_ns = self.num_offered = self.num_kept = 0

    def forget(self) -> None:
        """Lose all but the instructions."""
        self._perception.reset()
        self._state, self._words = self.narrator.new_state(), []
        self._reminder = _renewed(self._reminder)

    def tick(self, inputs: Inputs, texts: Sequence[str]) -> list[Said]:
        """See `Examinee.tick`."""
        seen = self._perception.read(inputs, self._plan)
        self.num_offered += sum(block.num_offered for block in seen.blocks)
        self.num_kept += sum(block.num_kept for block in seen.blocks)
        typed = [self.narrator.text_block(text, inputs.t_ns) for text in self._typed(inputs.t_ns, texts)]
        hidden = self.narrator.read(inputs.t_ns, [*seen.blocks, *typed], self._state, self._depth)
        written = self.narrator.write(hidden, self._state, MAX_WORDS, self._depth)
        return [said for word in written if (said := self._add(word, inputs.t_ns))]

    def _typed(self, t_ns: int, texts: Sequence[str]) -> list[str]:
        for text in texts:
            if read_instruction(text):
                self._reminder.add(text)
        # As in a live session, a reminder waits while a question is answered.
        return [text for text in texts if not read_instruction(text)] or self._reminder.due(t_ns)

    def _add(self, word: Word, t_ns: int) -> Said | None:
        if not self._words:
            self._begun_ns = t_ns
        self._words.append(word)
        if not word.is_end:
            return None
        text = mark_first(" ".join(each.text for each in self._words[:-1]))
        sure = sentence_confidence(self._words)
        by_head = sentence_confidence(self._words, lambda each: each.confidence)
        self._words = []
        t_ns = self._begun_ns - self.narrator.text_delay_ns
        return Said(self._reminder.marked(text), sure, t_ns, text, by_head)


class Blind:
    """Another examinee whose pictures and sounds are zero: what is left is what the texts and habit give away."""

    def __init__(self, examinee: Examinee, name: str = "blind") -> None:
        self.name, self._examinee = name, examinee

    def start(self, names: Sequence[str]) -> None:
        """See `Examinee.start`."""
        self._examinee.start(names)

    def tick(self, inputs: Inputs, texts: Sequence[str]) -> list[Said]:
        """See `Examinee.tick`."""
        return self._examinee.tick(without_senses(inputs), texts)


class LastFrame:
    """The model with a new state at every tick; instructions and the question are given to it each time.

    Where it is asked something the frame has stood still before it for some ticks: no stream that the model was trained
    on begins with a question, and asked in its first tick it says nothing at all.
    """

    def __init__(self, examinee: NarratorExaminee, name: str = "last_frame") -> None:
        self.name, self._examinee = name, examinee

    def start(self, names: Sequence[str]) -> None:
        """See `Examinee.start`."""
        self._examinee.start(names)

    def tick(self, inputs: Inputs, texts: Sequence[str]) -> list[Said]:
        """See `Examinee.tick`."""
        self._examinee.forget()
        for n in range(_STILL_TICKS if texts else 0, 0, -1):
            self._examinee.tick(Inputs(inputs.t_ns - n * NS_PER_TICK, inputs.frames), [])
        return self._examinee.tick(inputs, texts)


def without_senses(inputs: Inputs) -> Inputs:
    """The same tick with black pictures and silence."""
    frames = {
        name: VideoFrame(name, frame.t_ns, np.zeros_like(frame.pixels))
        for name, frame in inputs.frames.items()
    }
    audio = {
        name: [AudioChunk(name, chunk.t_ns, np.zeros_like(chunk.samples)) for chunk in chunks]
        for name, chunks in inputs.audio.items()
    }
    return Inputs(inputs.t_ns, frames, audio)


def _renewed(reminder: Reminder) -> Reminder:
    renewed = Reminder(reminder.period_ns)
    for instruction in reminder.instructions:
        renewed.add(instruction)
    return renewed
