"""The order in which streams are read, row by row, and where it stands: a run that goes on reads what comes next."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from typing import cast

import numpy as np
from torch.utils.data import DataLoader, IterableDataset

from ...generation.words import Vocabulary
from .loop import Portion, Position
from .sequences import SegmentBatch, TokenSequence, build_sequence, gather
from .settings import TrainSettings
from .tickstreams import TickStream

_ORDER, _TALK = 1, 2  # what a generator is for, beside its seed


class SegmentReader(IterableDataset[Portion[SegmentBatch]]):
    """Endless batches: each row reads a stream to its end in segments, carrying its state, then takes the next.

    The n-th stream to be read, and all that is said in it, is a function of the seed and n; so a few whole numbers are
    the position. Each portion carries the one behind it.
    """

    def __init__(
        self,
        streams: Sequence[TickStream],
        vocabulary: Vocabulary,
        num_rows: int,
        length: int,
        seed: int,
        position: Position | None = None,
    ) -> None:
        self._streams, self._vocabulary, self._length, self._seed = streams, vocabulary, length, seed
        start = position or {"next": num_rows, "rows": [[n, 0] for n in range(num_rows)]}
        self._next = int(start["next"])
        self._rows = [(int(n), int(token)) for n, token in start["rows"]]

    def __iter__(self) -> Iterator[Portion[SegmentBatch]]:
        sequences = [self._sequence(number) for number, _ in self._rows]
        while True:
            starts = [start for _, start in self._rows]
            batch = gather(list(zip(sequences, starts, strict=True)), self._length)
            for row in range(len(self._rows)):
                sequences[row] = self._advance(row, sequences[row])
            position = {"next": self._next, "rows": [list(row) for row in self._rows]}
            yield Portion(batch, batch.target.numel(), position)

    def _advance(self, row: int, sequence: TokenSequence) -> TokenSequence:
        """The row's next segment; the sequence that it is in."""
        number, start = self._rows[row]
        start += self._length
        # A short rest is mostly padding: the next stream is worth more.
        if len(sequence.kind) - start >= self._length // 3:
            self._rows[row] = number, start
            return sequence
        self._rows[row] = self._next, 0
        self._next += 1
        return self._sequence(self._next - 1)

    def _sequence(self, number: int) -> TokenSequence:
        turn, place = divmod(number, len(self._streams))
        order = np.random.default_rng([self._seed, _ORDER, turn]).permutation(len(self._streams))
        rng = np.random.default_rng([self._seed, _TALK, number])
        return build_sequence(self._streams[int(order[place])], self._vocabulary, rng)


def read_segments(
    settings: TrainSettings, streams: Sequence[TickStream], vocabulary: Vocabulary, position: Position | None
) -> Generator[Portion[SegmentBatch] | None, None, None]:
    """Batches from a position on, laid out in a process of their own where there is more than one worker."""
    reader = SegmentReader(
        streams, vocabulary, settings.language_rows, settings.segment, settings.seed, position
    )
    if settings.workers == 1:
        yield from reader
        return
    # One process lays out 50 batches a second and more: as many as any GPU asks for.
    yield from cast(
        Iterator[Portion[SegmentBatch]], DataLoader(reader, None, num_workers=1, prefetch_factor=4)
    )
