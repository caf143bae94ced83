"""The machine-readable document of a run, version 1: what `--json` writes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class TickFigures:
    """Latency from the moment a tick was due to its last output; late is above the budget."""

    count: int
    late: int
    missed: int  # periods without a tick, because the one before overran
    p50_ms: float
    p95_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class StageFigures:
    """The cost of one stage of a tick. `look` is all of perception; its parts stand beside it."""

    p50_ms: float
    p95_ms: float


@dataclass(frozen=True, slots=True)
class MemoryFigures:
    """Resident memory of the process, in units of 1,000,000 bytes."""

    rss_mb_at_20s: float | None  # None if the run was shorter
    rss_mb_end: float


@dataclass(frozen=True, slots=True)
class SourceFigures:
    """One source.

    frames_in = frames_read + skipped + passed + not_decoded + dropped + those still waiting at the end.
    """

    name: str
    frames_in: int  # that came, decoded or not
    frames_read: int  # encoded
    passed: int  # a newer frame was there when the tick looked
    not_decoded: int  # came as packets that said nothing new
    skipped: Mapping[str, int]  # cause -> frames looked at and not encoded
    dropped: int
    drops: Mapping[str, int]  # cause -> frames
    fps_in: float
    behind_max_ms: float  # in real time: how late a frame came at worst
    state: str  # the last thing that happened to it: opened, ended, broken, ...
    detail: str
    closer_looks: int = 0  # of frames_read: those of which a part was also read in its own pixels


@dataclass(frozen=True, slots=True)
class TokenFigures:
    offered: int
    kept: int


@dataclass(frozen=True, slots=True)
class SentenceFigures:
    t_s: float  # session time of the cause
    t_out_s: float  # when its last word was ready
    camera: str | None
    text: str
    event: Mapping[str, object] | None  # read back by the grammar; its camera counts from 0
    confidence: float = 1.0  # the model's own, 0..1, of what the sentence states


@dataclass(frozen=True, slots=True)
class RunSummary:
    """Everything that a run tells about itself."""

    version: int
    mode: str  # realtime or fast
    seconds: float  # of session time
    budget_ms: float
    ticks: TickFigures
    stages: Mapping[str, StageFigures]
    memory: MemoryFigures
    sources: Sequence[SourceFigures]
    tokens: TokenFigures
    num_words: int
    num_sentences: int
    sentences: Sequence[SentenceFigures]  # the newest, at most `metrics.MAX_SENTENCES`

    def to_dict(self) -> dict[str, object]:
        return asdict(self)

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False)
