"""Streams become sequences that say the right words at the right gate."""

import numpy as np
import pytest
import torch

from millrace.apps.training.sequences import AUDIO, GATE, TIME, VIDEO, WORD, SegmentStream, build_sequence
from millrace.apps.training.tickstreams import TickStream, load_streams, read_stream, save_streams
from millrace.generation.losses import IGNORE
from millrace.generation.words import SILENT, Vocabulary
from millrace.perception.encoder import PatchEncoder
from millrace.streams.world.events import Thing, WorldEvent, WorldEventKind
from millrace.streams.world.language import parse, vocabulary
from millrace.streams.world.world import World

VOCABULARY = Vocabulary(vocabulary())
NS = 1_000_000_000


def stream(events, num_ticks=10):
    patches = num_ticks * 2
    return TickStream(
        num_ticks=num_ticks,
        num_cameras=2,
        video=np.arange(patches * 3, dtype=np.float16).reshape(patches, 3),
        video_place=np.arange(patches) % 60,
        video_slot=np.arange(patches) % 2,
        video_tick=np.repeat(np.arange(1, num_ticks + 1), 2),
        audio=np.ones((1, 2), np.float16),
        audio_place=np.zeros(1, np.int64),
        audio_tick=np.array([4]),
        events=tuple(events),
    )


def enter(t_s, camera=0, shape="disc"):
    return WorldEvent(int(t_s * NS), camera, WorldEventKind.ENTER, Thing("red", shape), side="left")


def said_by_tick(sequence):
    """Words of each tick, read from the targets alone."""
    ticks, now = [], []
    for kind, target in zip(sequence.kind, sequence.target, strict=True):
        if kind == TIME and now is not None:
            ticks.append(now := [])
        if target not in (IGNORE, SILENT):
            now.append(VOCABULARY.word(int(target)))
    return ticks


def test_a_tick_is_time_then_patches_then_sound_then_gate():
    sequence = build_sequence(stream([]), VOCABULARY, np.random.default_rng(0))
    assert sequence.kind[:4].tolist() == [TIME, VIDEO, VIDEO, GATE]
    assert sequence.kind[12:17].tolist() == [TIME, VIDEO, VIDEO, AUDIO, GATE]
    assert (sequence.target[sequence.kind == GATE] == SILENT).all()
    assert (sequence.target[sequence.kind != GATE] == IGNORE).all()


def test_an_event_is_said_one_tick_after_the_tick_that_shows_it():
    for seed in range(20):
        sequence = build_sequence(stream([enter(0.5)]), VOCABULARY, np.random.default_rng(seed))
        ticks = said_by_tick(sequence)
        words = [word for tick in ticks for word in tick]
        assert next(n for n, tick in enumerate(ticks, start=1) if tick) == 4  # shown at 0.6 s, tick 3
        assert parse(" ".join(words[:-1])).thing == Thing("red", "disc")
        assert words[-1] == "<end>"


def test_words_follow_each_other_and_silence_ends_them():
    sequence = build_sequence(
        stream([enter(0.5), enter(0.55, 1, "star")]), VOCABULARY, np.random.default_rng(1)
    )
    words = sequence.kind == WORD
    at = np.flatnonzero(words)
    gate = at[0] - 1
    assert sequence.kind[gate] == GATE
    assert sequence.target[gate : at[-1]].tolist() == sequence.row[at].tolist()
    assert sequence.target[at[-1]] == SILENT


def test_a_cut_sentence_goes_on_at_the_next_gate():
    cut = [
        said
        for seed in range(60)
        if sum(
            map(
                bool,
                said := said_by_tick(
                    build_sequence(stream([enter(0.5)]), VOCABULARY, np.random.default_rng(seed))
                ),
            )
        )
        > 1
    ]
    assert cut
    for said in cut:
        words = [word for tick in said for word in tick]
        assert parse(" ".join(words[:-1])) is not None


def test_cameras_take_slots_and_sentences_name_them():
    for seed in range(10):
        sequence = build_sequence(stream([enter(0.5, camera=1)]), VOCABULARY, np.random.default_rng(seed))
        words = [word for tick in said_by_tick(sequence) for word in tick]
        assert words[0] == f"cam{sequence.slots[1] + 1}:"


def test_segments_lose_nothing_but_short_rests():
    streams = [stream([enter(0.5)], num_ticks=n) for n in (10, 40)]
    data = iter(SegmentStream(streams, VOCABULARY, num_rows=2, length=64, seed=0))
    new_rows = 0
    for _ in range(6):
        batch = next(data)
        new_rows += int(batch.is_new.sum())
        assert batch.target.shape == (2, 64)
        kinds = (batch.time_at, batch.video_at, batch.audio_at, batch.word_at, batch.gate_at)
        assert sum(map(len, kinds)) == len(torch.cat(kinds).unique()) <= 128
        assert batch.video_slot.max() < 4
    assert new_rows >= 4


@pytest.fixture(scope="module")
def real_stream():
    torch.manual_seed(0)
    return read_stream(PatchEncoder().eval(), World(9, 2, "easy", 6.0), vary_budget=True)


def test_a_real_world_is_read_at_every_tick(real_stream):
    assert real_stream.num_ticks == 30
    assert set(real_stream.video_slot.tolist()) <= {0, 1}
    assert (np.diff(real_stream.video_tick) >= 0).all()
    assert real_stream.num_offered == 2 * 30 * 60


def test_shards_come_back_as_they_were(real_stream, tmp_path):
    save_streams(tmp_path / "shard.pt", [real_stream])
    back = load_streams(tmp_path / "shard.pt")[0]
    assert (back.video == real_stream.video).all()
    assert back.events == real_stream.events
    assert [p.name for p in tmp_path.iterdir()] == ["shard.pt"]
