"""The house: one agent, its seats for cameras, and all that it says; the doors only lead here."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ...errors import MillraceError
from ...perception.blocks import Glimpse
from ...runtime.agent import Agent, Model
from ...runtime.observers import Observers
from ...runtime.plan import Sentence, TextDelta, TickReport
from ...runtime.sentences import join_words
from ...streams.clock import NS_PER_MS, NS_PER_S
from ...streams.media import SourceEvent, VideoFrame
from ...streams.world.language import REPLY
from .hub import Hub
from .instructions import MAX_STANDING, Instructions
from .seats import Seats

ANSWER_TIMEOUT_S = 5.0
_MAX_QUESTIONS = 16  # waiting for their answers


class BusyError(MillraceError):
    """Too many questions wait, or no answer came in time."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the agent replied, and how long it took."""

    text: str
    seconds: float
    unknown: tuple[str, ...] = ()  # words of the question that the model does not know; it left them out


@dataclass(frozen=True, slots=True, eq=False)
class _Question:
    asked_ns: int
    answer: asyncio.Future[str]
    on_word: Callable[[TextDelta], None]


def _ignore(_: TextDelta) -> None:
    """For who wants the whole answer only."""


class House:
    """Runs one session for ever, on seats that cameras take and leave. Used from one event loop.

    Kinds of messages in `hub`: `delta` (each word), `sentence`, `tick` (costs, drops, lateness), `glimpse` (what was seen
    in each camera), `source` (a camera came, went, broke), `budget`, `alerts`, `speech` (somebody began or ended to
    speak), `hush` (the sentence that is being said is broken off).
    """

    def __init__(
        self,
        model: Model | None = None,
        num_cameras: int = 4,
        budget_ms: float = 200.0,
        answer_timeout_s: float = ANSWER_TIMEOUT_S,
        max_instructions: int = MAX_STANDING,
    ) -> None:
        self.seats, self.hub = Seats(num_cameras), Hub()
        self.frames: dict[str, VideoFrame] = {}  # the newest of each camera, by its name
        self.glimpses: dict[str, Glimpse] = {}
        self.num_late = self.num_ticks = 0
        self._answer_timeout_s = answer_timeout_s
        self._questions: deque[_Question] = deque()
        self._sentence: list[TextDelta] = []  # that is being said
        self._asked: _Question | None = None  # that it answers
        self._agent = Agent([seat.source for seat in self.seats.all], model=model, budget_ms=budget_ms)
        observers = Observers(
            on_delta=self._hear_word,
            on_report=self._hear_tick,
            on_event=self._hear_source,
            on_frames=self._see,
            on_glimpses=self._glimpse,
        )
        self.session = self._agent.session(observers=observers)
        self._instructions = Instructions(self.session, self.hub, max_instructions)

    async def run(self) -> None:
        """Until `stop`. Raises what the session raises."""
        try:
            await self.session.run()
        finally:
            self.hub.close()

    def stop(self) -> None:
        """End after the current tick."""
        self.session.stop()

    async def ask(
        self,
        text: str,
        timeout_s: float | None = None,
        on_word: Callable[[TextDelta], None] = _ignore,
    ) -> Answer:
        """Put a question and wait for its answer, as long as the house usually does by default. Raises BusyError.

        `on_word` gets each word of the answer as it is said, from `reply:` to the one that ends it.
        """
        timeout_s = self._answer_timeout_s if timeout_s is None else timeout_s
        self._drop_given_up()
        if len(self._questions) >= _MAX_QUESTIONS:
            raise BusyError(f"{_MAX_QUESTIONS} questions wait for their answers; ask again in a second")
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        asked_ns = self.session.now_ns
        question = _Question(asked_ns, answer, on_word)
        self._questions.append(question)
        self.session.text(text)
        try:
            replied = await asyncio.wait_for(answer, timeout_s)
        except TimeoutError:
            if question in self._questions:
                self._questions.remove(question)
            raise BusyError(f"no answer within {timeout_s:g} s; ask in other words, or again") from None
        seconds = (self.session.now_ns - asked_ns) / NS_PER_S
        return Answer(replied, seconds, tuple(self._agent.unknown_words(text)))

    def instruct(self, text: str) -> bool:
        """Let an instruction stand (`tell me when ...`); False for a line that is none. Raises FullError."""
        return self._instructions.give(text)

    def forget(self, text: str) -> bool:
        """Take an instruction back; False where there is none such."""
        return self._instructions.take_back(text)

    @property
    def instructions(self) -> tuple[str, ...]:
        """The instructions that stand or will from the next tick on, oldest first."""
        return self._instructions.all

    def hush(self, reason: str) -> None:
        """Break off what is being said, because of `speech` or a `client`; memory keeps what was said."""
        self.session.hush()
        self.hub.publish("hush", {"reason": reason})

    def set_budget(self, budget_ms: float) -> None:
        """Give each tick so much time from the next one on."""
        self.session.set_budget(round(budget_ms * NS_PER_MS))
        self.hub.publish("budget", {"budget_ms": budget_ms})

    def _hear_word(self, delta: TextDelta) -> None:
        self._pass_to_asker(delta)
        self.hub.publish(
            "delta",
            {
                "text": delta.text,
                "is_end": delta.is_end,
                "t_s": _s(delta.t_ns),
                "t_out_s": _s(delta.t_out_ns),
            },
        )

    def _pass_to_asker(self, delta: TextDelta) -> None:
        # Answers come in the order of their questions, word by word; the report of a tick may hold several.
        if not self._sentence:
            self._drop_given_up()
            self._asked = self._questions[0] if delta.text == REPLY and self._questions else None
        self._sentence.append(delta)
        asked, is_waiting = self._asked, self._asked is not None and not self._asked.answer.done()
        if asked is not None and is_waiting:
            asked.on_word(delta)
        if not delta.is_end:
            return
        text = join_words([word.text for word in self._sentence])
        self._sentence = []
        if asked is not None and asked in self._questions:
            self._questions.remove(asked)
        if asked is not None and is_waiting:
            asked.answer.set_result(text.removeprefix(REPLY).lstrip(" :"))

    def _drop_given_up(self) -> None:
        # Who asked may have left: the answer comes all the same, and must not be taken for that of the next question.
        oldest_ns = self.session.now_ns - round(self._answer_timeout_s * NS_PER_S)
        while (
            self._questions and self._questions[0].answer.done() and self._questions[0].asked_ns < oldest_ns
        ):
            self._questions.popleft()

    def _hear_tick(self, report: TickReport) -> None:
        self.num_ticks += 1
        self.num_late += report.is_late
        self._instructions.settle()
        for sentence in report.sentences:
            self._hear(sentence)
        self.hub.publish("tick", _tick(report))

    def _hear(self, sentence: Sentence) -> None:
        is_reply = sentence.text.startswith(REPLY)
        self.hub.publish(
            "sentence",
            {
                "text": sentence.text,
                "camera": sentence.camera and self.seats.label_of(sentence.camera),
                "kind": "reply"
                if is_reply
                else "alert"
                if sentence.text.startswith("alert")
                else "narration",
                "t_s": _s(sentence.t_ns),
                "t_out_s": _s(sentence.t_out_ns),
            },
        )

    def _hear_source(self, event: SourceEvent) -> None:
        body = {"camera": self.seats.label_of(event.source), "kind": event.kind.value, "detail": event.detail}
        self.hub.publish("source", {**body, "t_s": _s(event.t_ns)})

    def _see(self, frames: Mapping[str, VideoFrame]) -> None:
        self.frames.update(frames)

    def _glimpse(self, glimpses: Mapping[str, Glimpse]) -> None:
        self.glimpses.update(glimpses)
        for name, seen in glimpses.items() if self.hub.wants("glimpse") else ():
            self.hub.publish(
                "glimpse",
                {
                    "camera": self.seats.label_of(name),
                    "things": [round(float(p), 2) for p in seen.things],
                    "kept": list(seen.kept),
                    "names": list(seen.names),
                },
            )


def _tick(report: TickReport) -> dict[str, object]:
    return {
        "t_s": _s(report.t_ns),
        "latency_ms": round(report.latency_ns / NS_PER_MS, 2),
        "budget_ms": round((report.plan.deadline_ns - report.t_ns) / NS_PER_MS, 1),
        "is_late": report.is_late,
        "missed": report.num_missed,
        "costs_ms": {stage: round(cost / NS_PER_MS, 2) for stage, cost in report.costs_ns.items()},
        "read": list(report.frames_read),
        "skipped": dict(report.skipped),
        "kept": dict(report.tokens_kept),
        "words": report.num_text_tokens,
    }


def _s(t_ns: int) -> float:
    return round(t_ns / NS_PER_S, 3)
