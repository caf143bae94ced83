"""The classical baseline: no learnt features, but background subtraction, tracking, rules, and a log that never forgets.

It is written to be as good as such a system is in practice: `classical_background` and `classical_tracker` see,
`classical_names` names, `classical_witness` tells what happens, `classical_ears` hears, `classical_answers` remembers.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...streams.media import Inputs
from ...streams.world.instructions import Instruction, read_instruction
from ...streams.world.language import narrate
from ...streams.world.questions import REPLY, read_question
from .classical_answers import Memory
from .classical_ears import Ears
from .classical_names import Habit
from .classical_witness import Belief, Witness
from .examinee import Said

_PATIENCE_NS = 400_000_000  # an alert waits until its event is surely over: too early would be a false alarm


class Classical:
    """See `Examinee`. The same stream gives the same sentences."""

    def __init__(self, name: str = "classical") -> None:
        self.name = name
        self.start(())

    def start(self, names: Sequence[str]) -> None:
        """See `Examinee.start`."""
        habit = Habit()
        self._witnesses = {name: Witness(camera, habit) for camera, name in enumerate(names)}
        self._ears = Ears()
        self._memory = Memory(list(self._witnesses.values()))
        self._orders: list[Instruction] = []
        self._waiting: list[Belief] = []

    def tick(self, inputs: Inputs, texts: Sequence[str]) -> list[Said]:
        """See `Examinee.tick`."""
        beliefs = self._perceive(inputs)
        self._memory.past += beliefs
        self._memory.past.sort(key=lambda belief: belief.event.t_ns)
        self._orders += [order for text in texts if (order := read_instruction(text))]
        return self._tell(beliefs, inputs.t_ns) + self._reply(texts)

    def _perceive(self, inputs: Inputs) -> list[Belief]:
        found: list[Belief] = []
        for name, witness in self._witnesses.items():
            if name in inputs.frames:
                found += witness.look(inputs.frames[name].pixels, inputs.t_ns)
        return found + [b for chunks in inputs.audio.values() for c in chunks for b in self._ears.listen(c)]

    def _tell(self, beliefs: Sequence[Belief], t_ns: int) -> list[Said]:
        """Sentences for what happened; what is asked for becomes an alert, told once its time is surely past."""
        asked = [b for b in beliefs if any(order.wants(b.event) for order in self._orders)]
        self._waiting += asked
        due = [b for b in self._waiting if b.event.t_ns + _PATIENCE_NS <= t_ns]
        self._waiting = [b for b in self._waiting if b not in due]
        plain = [b for b in beliefs if b not in asked]
        return [_said(b) for b in plain] + [_said(b, is_alert=True) for b in due]

    def _reply(self, texts: Sequence[str]) -> list[Said]:
        questions = [question for text in texts if (question := read_question(text))]
        answers = [self._memory.answer(question) for question in questions]
        return [Said(f"{REPLY} {answer.text}", answer.confidence) for answer in answers]


def _said(belief: Belief, is_alert: bool = False) -> Said:
    return Said(narrate(belief.event, is_alert=is_alert), belief.confidence, belief.event.t_ns)
