"""The order in which streams are read, row by row, and where it stands: a run that goes on reads what comes next."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any, cast

import numpy as np
from torch.utils.data import DataLoader, IterableDataset

from ...errors import ConfigError
from ...generation.words import Vocabulary
from .loop import Portion, Position
from .sequences import SegmentBatch, TokenSequence, build_sequence, gather
from .settings import TrainSettings
from .tickstreams import TickStream, is_of_shapes

_ORDER, _TALK, _SHAPES = 1, 2, 3  # what a generator is for, beside its seed


class SegmentReader(IterableDataset[Portion[SegmentBatch]]):
    """Endless batches: each row reads a stream to its end in segments, carrying its state, then takes the next.

    The n-th stream to be read, and all that is said in it, is a function of the seed and n; so a few whole numbers are
    the position. Each portion carries the one behind it. In the first `shapes_first` batches only streams of shapes are
    begun; the mix is then numbered from the first stream that is begun after them. Raises ConfigError where such
    streams are wanted and there are none.
    """

    def __init__(
        self,
        streams: Sequence[TickStream],
        vocabulary: Vocabulary,
        num_rows: int,
        length: int,
        seed: int,
        position: Position | None = None,
        shapes_first: int = 0,
    ) -> None:
        self._streams, self._vocabulary, self._length, self._seed = streams, vocabulary, length, seed
        start = position or _beginning(num_rows, shapes_first)
        self._next = int(start["next"])
        self._rows = [(int(n), int(token)) for n, token in start["rows"]]
        # Batches that are left, and the number of the first stream of the mix once it has begun.
        self._shapes_left, self._mix_from = (int(n) for n in start.get("shapes", (0, 0)))
        self._shapes = [stream for stream in streams if is_of_shapes(stream)] if "shapes" in start else []
        if "shapes" in start and not self._shapes:
            raise ConfigError(
                f"shapes_first is {shapes_first}, and none of the {len(streams)} streams is of shapes: "
                "give 0, or more num_streams"
            )

    def __iter__(self) -> Iterator[Portion[SegmentBatch]]:
        sequences = [self._sequence(number) for number, _ in self._rows]
        while True:
            starts = [start for _, start in self._rows]
            batch = gather(list(zip(sequences, starts, strict=True)), self._length)
            self._count_down()
            for row in range(len(self._rows)):
                sequences[row] = self._advance(row, sequences[row])
            yield Portion(batch, batch.target.numel(), self._position())

    def _position(self) -> dict[str, Any]:
        position: dict[str, Any] = {"next": self._next, "rows": [list(row) for row in self._rows]}
        return position | ({"shapes": [self._shapes_left, self._mix_from]} if self._shapes else {})

    def _count_down(self) -> None:
        if self._shapes_left:
            self._shapes_left -= 1
            self._mix_from = 0 if self._shapes_left else self._next

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
        is_early = self._shapes_left > 0 or number < self._mix_from
        streams, order_of = (self._shapes, _SHAPES) if is_early else (self._streams, _ORDER)
        turn, place = divmod(number if is_early else number - self._mix_from, len(streams))
        order = np.random.default_rng([self._seed, order_of, turn]).permutation(len(streams))
        rng = np.random.default_rng([self._seed, _TALK, number])
        return build_sequence(streams[int(order[place])], self._vocabulary, rng)


def _beginning(num_rows: int, shapes_first: int) -> Position:
    start = {"next": num_rows, "rows": [[n, 0] for n in range(num_rows)]}
    return start | ({"shapes": [shapes_first, 0]} if shapes_first else {})


def segments_of(
    settings: TrainSettings, streams: Sequence[TickStream], vocabulary: Vocabulary
) -> Callable[[int, Position | None], Generator[Portion[SegmentBatch] | None, None, None]]:
    """The data of a stage (`loop.Stage.data`) that reads these streams."""
    return lambda _, position: read_segments(settings, streams, vocabulary, position)


def read_segments(
    settings: TrainSettings, streams: Sequence[TickStream], vocabulary: Vocabulary, position: Position | None
) -> Generator[Portion[SegmentBatch] | None, None, None]:
    """Batches from a position on, laid out in a process of their own where there is more than one worker or thread."""
    reader = SegmentReader(
        streams,
        vocabulary,
        settings.language_rows,
        settings.segment,
        settings.seed,
        position,
        settings.shapes_first,
    )
    # Not in a thread beside one that uses all cores: OpenMP, with more threads than cores, puts them to sleep at
    # every barrier, which halves the speed.
    if settings.workers == settings.threads == 1:
        yield from reader
        return
    # One process lays out 50 batches a second and more: as many as any GPU asks for.
    yield from cast(
        Iterator[Portion[SegmentBatch]], DataLoader(reader, None, num_workers=1, prefetch_factor=4)
    )
