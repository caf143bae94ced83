"""The language stage may begin with streams of shapes; where it stands is part of the position."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
import torch

from millrace.apps.training.segments import SegmentReader
from millrace.apps.training.tickstreams import TickStream, is_of_shapes
from millrace.errors import ConfigError
from millrace.generation.words import Vocabulary
from millrace.streams.world.events import KINDS
from millrace.streams.world.record import Record
from millrace.streams.world.words import all_words

VOCABULARY = Vocabulary(all_words())
NUM_TICKS, TICK_NS = 30, 200_000_000
FIRST = 4  # batches of shapes


def stream(number, *kinds):
    """A stream whose patches carry its number."""
    rows = np.zeros((len(kinds), 9), np.float32)
    rows[:, 0], rows[:, 3] = 1, [KINDS.index(kind) for kind in kinds]
    return TickStream(
        num_ticks=NUM_TICKS,
        num_cameras=1,
        video=np.full((NUM_TICKS, 3), number, np.float16),
        video_place=np.zeros(NUM_TICKS, np.int64),
        video_slot=np.zeros(NUM_TICKS, np.int64),
        video_tick=np.arange(1, NUM_TICKS + 1),
        is_fovea=np.zeros(NUM_TICKS, bool),
        audio=np.zeros((0, 2), np.float16),
        audio_place=np.zeros(0, np.int64),
        audio_tick=np.zeros(0, np.int64),
        record=Record(1, NUM_TICKS, TICK_NS, (), rows),
    )


THINGS = [stream(n, "person", "car") for n in range(5)]
SHAPES = [stream(n, "disc", "cross") for n in (5, 6, 7)]


def portions(num, *, shapes_first=FIRST, position=None, seed=0, streams=(*THINGS, *SHAPES)):
    reader = SegmentReader(streams, VOCABULARY, 2, 40, seed, position, shapes_first)
    return list(islice(reader, num))


def shown(portion):
    """Numbers of the streams that a batch reads."""
    return set(portion.batch.video[:, 0].int().tolist())


def test_a_stream_is_of_shapes_where_nothing_else_can_be_seen():
    assert is_of_shapes(stream(0, "star", "ring"))
    assert not is_of_shapes(stream(0, "star", "cup"))
    assert not is_of_shapes(stream(0))


def test_the_first_batches_show_shapes_then_everything_comes():
    read = portions(60)
    assert set.union(*map(shown, read[:FIRST])) <= {5, 6, 7}
    is_new = [bool(p.batch.is_new.any()) for p in read]
    later = set.union(
        *(shown(p) for p, new in zip(read[FIRST + 3 :], is_new[FIRST + 3 :], strict=True) if new)
    )
    assert later == set(range(8))


def test_every_stream_of_the_mix_comes_once_before_one_comes_again():
    read = portions(60)
    mix_from = read[-1].position["shapes"][1]
    assert read[FIRST - 1].position["shapes"] == [0, mix_from]
    reader = SegmentReader((*THINGS, *SHAPES), VOCABULARY, 2, 40, 0, read[-1].position)
    numbers = [int(reader._sequence(mix_from + n).stream.video[0, 0]) for n in range(16)]
    assert sorted(numbers[:8]) == sorted(numbers[8:]) == list(range(8))


@pytest.mark.parametrize("at", [1, FIRST - 1, FIRST, FIRST + 1, 20])
def test_it_goes_on_from_any_position_to_the_bit(at):
    whole = portions(24)
    rest = portions(24 - at, position=whole[at - 1].position)
    for one, other in zip(whole[at:], rest, strict=True):
        assert one.position == other.position
        for name in ("target", "video", "video_slot", "word", "gap_ns", "is_new", "emphasis"):
            assert torch.equal(getattr(one.batch, name), getattr(other.batch, name)), name


def test_without_the_setting_the_order_is_what_it_was():
    plain, other = portions(20, shapes_first=0), portions(20, shapes_first=0, seed=1)
    assert set(plain[-1].position) == {"next", "rows"}
    assert not all(shown(p) <= {5, 6, 7} for p in plain[:FIRST])
    assert [shown(p) for p in plain] != [shown(p) for p in other]


def test_a_run_that_began_without_it_goes_on_without_it():
    plain = portions(12, shapes_first=0)
    rest = portions(6, position=plain[5].position)
    assert [shown(p) for p in rest] == [shown(p) for p in plain[6:]]


def test_shapes_that_are_not_there_are_named():
    with pytest.raises(ConfigError, match=r"shapes_first is 4, and none of the 5 streams"):
        portions(1, streams=THINGS)
