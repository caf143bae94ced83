"""The house: one agent, its seats for cameras, and all that it says; the doors only lead here."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ...perception.blocks import Glimpse
from ...runtime.agent import Agent, Model
from ...runtime.observers import Observers
from ...runtime.plan import Sentence, TextDelta, TickReport
from ...streams.clock import NS_PER_MS, NS_PER_S
from ...streams.media import SourceEvent, VideoFrame
from ...streams.world.language import REPLY
from .capture_times import CaptureTimes
from .hub import Hub
from .instructions import MAX_STANDING, Instructions
from .questions import ANSWER_TIMEOUT_S, Answer, Questions, ignore_word
from .seats import Seats


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
        alert_confidence: float = 0.0,
    ) -> None:
        self.seats, self.hub = Seats(num_cameras), Hub()
        self.frames: dict[str, VideoFrame] = {}  # the newest of each camera, by its name
        self.glimpses: dict[str, Glimpse] = {}
        self.num_late = self.num_ticks = 0
        self._capture_times = CaptureTimes()
        places = [seat.source for seat in self.seats.all]
        self._agent = Agent(places, model=model, budget_ms=budget_ms, alert_confidence=alert_confidence)
        observers = Observers(
            on_delta=self._hear_word,
            on_report=self._hear_tick,
            on_event=self._hear_source,
            on_frames=self._see,
            on_glimpses=self._glimpse,
        )
        self.session = self._agent.session(observers=observers)
        self._questions = Questions(self.session, self._agent.unknown_words, answer_timeout_s)
        self._instructions = Instructions(self.session, self.hub, max_instructions)

    async def run(self) -> None:
        """Until `stop`. Raises what the session raises."""
        try:
            await self.session.run()
        finally:
            self._questions.close()
            self.hub.close()

    def stop(self) -> None:
        """End after the current tick."""
        self.session.stop()

    async def ask(
        self,
        text: str,
        timeout_s: float | None = None,
        on_word: Callable[[TextDelta], None] = ignore_word,
    ) -> Answer:
        """Put a question and wait for its answer, as long as the house usually does by default. Raises BusyError.

        `on_word` gets each word of the answer as it is said, from `reply:` to the one that ends it.
        """
        return await self._questions.ask(text, timeout_s, on_word)

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
        self._questions.hear(delta)
        self.hub.publish(
            "delta",
            {
                "text": delta.text,
                "is_end": delta.is_end,
                "t_s": _s(delta.t_ns),
                "t_out_s": _s(delta.t_out_ns),
            },
        )

    def _hear_tick(self, report: TickReport) -> None:
        self.num_ticks += 1
        self.num_late += report.is_late
        self._instructions.settle()
        for sentence in report.sentences:
            self._hear(sentence)
        self.hub.publish("tick", _tick(report))

    def _hear(self, sentence: Sentence) -> None:
        is_reply = sentence.text.startswith(REPLY)
        glass_ns = None if is_reply else self._capture_times.glass_to_token_ns(sentence)
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
                "confidence": round(sentence.confidence, 4),
                "glass_to_token_ms": None if glass_ns is None else round(glass_ns / NS_PER_MS, 1),
            },
        )

    def _hear_source(self, event: SourceEvent) -> None:
        body = {"camera": self.seats.label_of(event.source), "kind": event.kind.value, "detail": event.detail}
        self.hub.publish("source", {**body, "t_s": _s(event.t_ns)})

    def _see(self, frames: Mapping[str, VideoFrame]) -> None:
        self.frames.update(frames)
        self._capture_times.add(frames)

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
