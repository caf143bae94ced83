"""A session: sources in, ticks in time, words out, and a clean end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import torch

from ..streams.channel import Channel, Policy
from ..streams.clock import NS_PER_MS, NS_PER_S, Clock, VirtualClock, WallClock
from ..streams.media import EventKind, SourceEvent, TextInput
from ..streams.source import NEVER_NS, Source
from .budget import Budget, FullPlan, Limits, Planner
from .inbox import Inbox, IntakeStatistics
from .metrics import Metrics, Parse
from .observers import Observers
from .opening import OpenedSource, open_sources
from .pacing import LockstepPace, Pace, RealTimePace
from .plan import TextDelta, TickReport
from .readers import Readers
from .sentences import SentenceBuilder
from .summary import RunSummary
from .tick import Looker, Speaker, Tick
from .warmup import warm_up

T = TypeVar("T")

_MAX_WORDS_WAITING = 1024
_MAX_CLOSING_TICKS = 5  # for the end of a sentence when all sources have ended
_OPENING_NS = 500 * NS_PER_MS  # in real time, media begin so long after the first tick: by then all are open


def _use_one_core() -> None:
    """The compute thread's own setting: a tick's operators are too small to share, and decoding wants the other cores."""
    torch.set_num_threads(1)


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """How a session runs, made by the agent from its settings."""

    limits: Limits
    budget_ns: int = 200 * NS_PER_MS
    period_ns: int = 200 * NS_PER_MS
    realtime: bool = True
    seconds: float | None = None  # of session time; None runs until the sources end
    alert_confidence: float = 0.0  # an alert wants at least so sure a sentence

    @property
    def end_ns(self) -> int:
        return NEVER_NS if self.seconds is None else round(self.seconds * NS_PER_S)


class Session:
    """Runs sources through one model until they end, `seconds` have passed, or `stop` is called. Runs once.

    Two threads of control: the event loop, and one compute thread that owns the model. A reader thread for
    each source feeds them.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        speaker: Speaker,
        make_looker: Callable[[Sequence[str]], Looker],
        options: SessionOptions,
        *,
        observers: Observers | None = None,
        parse: Parse | None = None,
        clock: Clock | None = None,
    ) -> None:
        """`make_looker` gets the names of the cameras in the order of their numbers.

        `clock` is for playing real time on a virtual clock; fast mode always makes its own.
        """
        self._sources, self._speaker, self._make_looker = sources, speaker, make_looker
        self._options, self._observers = options, observers or Observers()
        self._clock = clock
        mode = "realtime" if options.realtime else "fast"
        self._metrics = Metrics(mode=mode, budget_ns=options.budget_ns, parse=parse)
        self._inbox = Inbox(realtime=options.realtime)
        self._budget: Planner = (Budget if options.realtime else FullPlan)(options.budget_ns, options.limits)
        self._outbox: Channel[TextDelta] = Channel(_MAX_WORDS_WAITING, Policy.BLOCK)
        self._compute = ThreadPoolExecutor(1, thread_name_prefix="compute", initializer=_use_one_core)
        self._is_stopping = False
        self._tick: Tick | None = None  # once it plays

    async def run(self) -> RunSummary:
        """The whole session; leaves no thread and no task behind.

        Raises SourceError where no source can run, ConfigError where a live one should be played fast.
        """
        try:
            opened = await open_sources(self._sources, realtime=self._options.realtime)
            self._tell_opened(opened)
            cameras = [source.name for source in opened if source.is_camera]
            looker = await self._in_compute(self._prepare, cameras)
            await self._play(opened, cameras, looker)
        except ExceptionGroup as group:
            raise group.exceptions[0] from None
        finally:
            self._outbox.close()
            self._compute.shutdown()
        return self.summary()

    def stop(self) -> None:
        """End after the current tick; may be called from any thread, also before `run`."""
        self._is_stopping = True
        self._inbox.close()

    def text(self, text: str, source: str = "user", t_ns: int | None = None) -> None:
        """A typed line, read by the next tick, or by the first one at or after `t_ns`.

        It may be called from any thread, also before `run`. A line such as `tell me when a car enters cam1` stands until
        the end; anything else is taken for a question.
        """
        self._inbox.text(TextInput(source, self.now_ns if t_ns is None else t_ns, text))

    def hush(self) -> None:
        """Break off the sentence that is being said; its memory holds what was said, no more. From any thread."""
        if self._tick is not None:
            self._tick.hush()

    @property
    def standing(self) -> tuple[str, ...]:
        """The instructions that stand, such as `tell me when a car enters cam1`, oldest first."""
        return self._tick.typed.standing if self._tick is not None else ()

    def forget(self, instruction: str) -> bool:
        """Take a standing instruction back; False where it does not stand. From any thread."""
        return self._tick is not None and self._tick.typed.forget(instruction)

    @property
    def budget_ns(self) -> int:
        """From the moment a tick is due to its deadline."""
        return self._budget.budget_ns

    def set_budget(self, budget_ns: int) -> None:
        """Give ticks more or less time from the next one on. From any thread."""
        self._budget.budget_ns = budget_ns

    @property
    def now_ns(self) -> int:
        """The session clock; 0 before it runs."""
        return self._clock.now_ns() if self._clock else 0

    def statistics(self) -> dict[str, IntakeStatistics]:
        """What became of each source's frames so far."""
        return self._inbox.statistics()

    def summary(self) -> RunSummary:
        """The figures so far."""
        now_ns = self._clock.now_ns() if self._clock and self._options.realtime else 0
        return self._metrics.summary(self._inbox.statistics(), now_ns)

    def _prepare(self, cameras: Sequence[str]) -> Looker:
        looker = self._make_looker(cameras)
        warm_up(looker, self._speaker, cameras, self._options.limits)
        return looker

    async def _play(self, opened: Sequence[OpenedSource], cameras: Sequence[str], looker: Looker) -> None:
        clock, pace = self._start_clock()
        options, sentences = self._options, SentenceBuilder(cameras)
        tick = self._tick = Tick(
            clock,
            self._inbox,
            self._budget,
            looker,
            self._speaker,
            self._outbox,
            sentences,
            options.alert_confidence,
        )
        start_ns = clock.now_ns() + _OPENING_NS if options.realtime else 0
        readers = Readers(opened, self._inbox, clock, realtime=options.realtime, start_ns=start_ns)
        with clock.participant(), self._ending(readers):
            async with asyncio.TaskGroup() as group:
                group.create_task(self._tell_words())
                await self._tick_until_end(tick, pace)
                self._outbox.close()

    def _start_clock(self) -> tuple[Clock, Pace]:
        if self._options.realtime:
            self._clock = self._clock or WallClock()
            return self._clock, RealTimePace(self._clock, self._options.period_ns)
        self._clock = clock = VirtualClock()
        return clock, LockstepPace(clock, self._inbox, self._options.period_ns)

    async def _tick_until_end(self, tick: Tick, pace: Pace) -> None:
        num_closing = 0
        while not self._is_over(tick, num_closing):
            due_ns, num_missed = await pace.next_tick()
            if due_ns >= self._options.end_ns or self._is_stopping:
                return
            report = await self._in_compute(tick.run, due_ns, num_missed)
            self._observers.on_frames(tick.frames)
            self._observers.on_glimpses(tick.glimpses)
            self._tell(report)
            num_closing += self._inbox.is_exhausted

    def _is_over(self, tick: Tick, num_closing: int) -> bool:
        # What the last frames showed is said a little later, and a sentence begun is finished.
        num_due = -(-self._speaker.text_delay_ns // self._options.period_ns) + 1
        return num_closing > (_MAX_CLOSING_TICKS if tick.is_speaking else num_due)

    async def _in_compute(self, work: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._compute, work, *arguments)

    @contextlib.contextmanager
    def _ending(self, readers: Readers) -> Iterator[None]:
        readers.start()
        try:
            yield
        finally:
            self._outbox.close()
            for event in [*self._inbox.take_events(), *readers.close()]:
                self._tell_event(event)

    def _tell_opened(self, opened: Sequence[OpenedSource]) -> None:
        self._observers.on_open(opened)
        for source in opened:
            if source.info is None:
                self._tell_event(SourceEvent(source.name, 0, EventKind.BROKEN, source.trouble))
            elif (
                not source.trouble
            ):  # one that is away is told of by its feed, which also knows when it comes
                self._tell_event(SourceEvent(source.name, 0, EventKind.OPENED, source.info.detail))

    def _tell_event(self, event: SourceEvent) -> None:
        self._metrics.add_event(event)
        self._observers.on_event(event)

    def _tell(self, report: TickReport) -> None:
        self._metrics.add(report)
        for event in report.events:
            self._observers.on_event(event)
        self._pass_words_on()
        self._observers.on_report(report)

    async def _tell_words(self) -> None:
        loop, written = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            loop.call_soon_threadsafe(written.set)

        self._outbox.on_put = wake
        while not self._outbox.is_closed:
            await written.wait()
            written.clear()
            self._pass_words_on()
        self._pass_words_on()

    def _pass_words_on(self) -> None:
        for delta in self._outbox.drain():
            self._observers.on_delta(delta)
