"""What the live screen shows, as plain values gathered from the reports of ticks, events and words."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..runtime.plan import Sentence, TextDelta, TickReport
from ..runtime.sentences import join_words
from ..streams.media import EventKind, SourceEvent, VideoFrame

ACTIVITY_TICKS = 12  # how many ticks one activity bar shows
COST_TICKS = 250  # how many ticks the percentiles look back: 50 s at five a second
LOOK_PARTS = ("sample", "encode", "prune", "audio")
OPENING = "opening"
STATE_WORDS = {
    EventKind.OPENED: "live",
    EventKind.RESUMED: "live",
    EventKind.RESIZED: "live",
    EventKind.RATE_CHANGED: "live",
    EventKind.SILENT: "silent",
    EventKind.ENDED: "ended",
    EventKind.BROKEN: "broken",
}


@dataclass(slots=True)
class SourceRow:
    """One line of the table: a camera, a microphone, or the sound of a file."""

    name: str
    state: str = OPENING
    fps_in: float | None = None  # None where nothing was measured, such as for sound
    num_read: int = 0
    num_offered: int = 0
    num_kept: int = 0
    activity: deque[int] = field(
        default_factory=lambda: deque(maxlen=ACTIVITY_TICKS)
    )  # tokens kept in a tick

    @property
    def saved(self) -> float | None:
        """The share of offered tokens that was not read, 0..1; None before the first was offered."""
        return 1.0 - self.num_kept / self.num_offered if self.num_offered else None


@dataclass(slots=True)
class ScreenState:
    """All that the screen shows: `update`, `note`, `hear`, `see` and `measure` feed it, `screen.render` reads it."""

    names: Sequence[str] = ()  # in the order of their numbers
    model: str = "nano"
    budget_ns: int = 200_000_000
    is_realtime: bool = True
    now_ns: int = 0
    rows: dict[str, SourceRow] = field(init=False)
    num_ticks: int = 0
    num_late: int = 0
    ticks_ns: deque[int] = field(default_factory=lambda: deque(maxlen=COST_TICKS))
    costs_ns: Mapping[str, int] = field(default_factory=dict)  # of the last tick, by stage, in order
    rss_mb: float | None = None  # in 1,000,000 bytes
    sentences: deque[Sentence] = field(default_factory=lambda: deque(maxlen=40))
    words: list[str] = field(default_factory=list)  # of the sentence that is being written
    has_pictures: bool = True  # may they be shown
    cameras: Sequence[str] = ()  # in the order of their pictures, from left to right
    frames: dict[str, VideoFrame] = field(default_factory=dict)  # the newest of each camera
    notes: deque[SourceEvent] = field(default_factory=lambda: deque(maxlen=3))  # troubles worth a line

    def __post_init__(self) -> None:
        self.rows = {}
        self.add_sources(self.names)

    def add_sources(self, names: Sequence[str]) -> None:
        """Sources get a line each before anything is heard of them."""
        for name in names:
            self._row(name)

    def update(self, report: TickReport) -> None:
        """Takes in what one tick planned, did and cost."""
        self.now_ns = report.t_ns
        self.num_ticks += 1
        self.num_late += report.is_late
        self.ticks_ns.append(report.latency_ns)
        self.costs_ns = stages_of(report.costs_ns)
        for name in report.frames_read:
            self._row(name).num_read += 1
        for name, num_offered in report.tokens_offered.items():
            self._row(name).num_offered += num_offered
            self._row(name).num_kept += report.tokens_kept.get(name, 0)
        for name, row in self.rows.items():
            row.activity.append(report.tokens_kept.get(name, 0))
        self.sentences.extend(report.sentences)

    def note(self, event: SourceEvent) -> None:
        """Takes in what happened to a source."""
        self._row(event.source).state = STATE_WORDS[event.kind]
        if event.kind in (EventKind.BROKEN, EventKind.SILENT, EventKind.RESIZED, EventKind.RATE_CHANGED):
            self.notes.append(event)

    def hear(self, delta: TextDelta) -> None:
        """Takes in one word; the finished sentence itself comes with the tick's report."""
        self.words = [] if delta.is_end else [*self.words, delta.text]

    def see(self, frames: Mapping[str, VideoFrame]) -> None:
        """Takes in the new pictures of one tick, by reference: only the newest of each camera stays."""
        self.frames.update(frames)

    def measure(self, fps_in: Mapping[str, float], rss_mb: float) -> None:
        """Takes in what only the clock and the system know: frames a second by camera, resident memory."""
        for name, fps in fps_in.items():
            row = self._row(name)
            row.fps_in = fps
            if fps > 0 and row.state == OPENING:
                row.state = STATE_WORDS[EventKind.OPENED]
        self.rss_mb = rss_mb

    @property
    def is_late(self) -> bool:
        """The last tick came too late."""
        return bool(self.ticks_ns) and self.ticks_ns[-1] > self.budget_ns

    @property
    def unfinished(self) -> str:
        """The sentence that is being written, so far."""
        return join_words(self.words)

    def percentile_ms(self, percent: float) -> float | None:
        """The duration that `percent` of the last ticks did not exceed; None before the first."""
        if not self.ticks_ns:
            return None
        ordered = sorted(self.ticks_ns)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] / 1e6

    def _row(self, name: str) -> SourceRow:
        return self.rows.setdefault(name, SourceRow(name))


def stages_of(costs_ns: Mapping[str, int]) -> dict[str, int]:
    """Costs as stages that follow each other: the parts of `look` for its sum, small ones as `rest`."""
    is_split = any(part in costs_ns for part in LOOK_PARTS)
    shown = (*(LOOK_PARTS if is_split else ("look",)), "read", "write")
    stages = {stage: costs_ns.get(stage, 0) for stage in shown}
    whole_ns = sum(costs_ns.get(stage, 0) for stage in ("take", "plan", "look", "read", "write"))
    return {**stages, "rest": max(0, whole_ns - sum(stages.values()))}
