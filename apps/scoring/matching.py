"""Events said against events that happened: one to one, nearest in time first."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from ...streams.world.events import WorldEvent, WorldEventKind

TOLERANCE_NS = 500_000_000


@dataclass(frozen=True, slots=True)
class Score:
    """Counts of one comparison; scores add up."""

    hits: int = 0
    said: int = 0
    happened: int = 0

    def __add__(self, other: Score) -> Score:
        return Score(self.hits + other.hits, self.said + other.said, self.happened + other.happened)

    @property
    def precision(self) -> float:
        return self.hits / self.said if self.said else 0.0

    @property
    def recall(self) -> float:
        return self.hits / self.happened if self.happened else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 0 where nothing was hit."""
        return 2 * self.hits / (self.said + self.happened) if self.said + self.happened else 0.0


def full_key(event: WorldEvent) -> Hashable:
    """Camera, kind and object must be right."""
    what = event.sound if event.kind is WorldEventKind.SOUND else frozenset((event.thing, event.other))
    return event.camera, event.kind, what


def partial_key(event: WorldEvent) -> Hashable:
    """Only camera and kind must be right."""
    return event.camera, event.kind


def match(
    said: Sequence[WorldEvent],
    happened: Sequence[WorldEvent],
    key: Callable[[WorldEvent], Hashable] = full_key,
    tolerance_ns: int = TOLERANCE_NS,
) -> list[tuple[int, int]]:
    """Pairs (index in said, index in happened) of equal key within the tolerance; each is used once.

    Nearest in time first: in a crowd of equal events this can find fewer pairs than the best matching, never more.
    """
    candidates = sorted(
        (abs(s.t_ns - h.t_ns), n, m)
        for n, s in enumerate(said)
        for m, h in enumerate(happened)
        if abs(s.t_ns - h.t_ns) <= tolerance_ns and key(s) == key(h)
    )
    taken_said, taken_happened = set[int](), set[int]()
    pairs = []
    for _, n, m in candidates:
        if n not in taken_said and m not in taken_happened:
            taken_said.add(n)
            taken_happened.add(m)
            pairs.append((n, m))
    return pairs


def compare(
    said: Sequence[WorldEvent],
    happened: Sequence[WorldEvent],
    key: Callable[[WorldEvent], Hashable] = full_key,
    tolerance_ns: int = TOLERANCE_NS,
) -> Score:
    """The counts of `match`."""
    return Score(len(match(said, happened, key, tolerance_ns)), len(said), len(happened))
