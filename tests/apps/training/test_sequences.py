"""Streams become sequences that say the right words at the right gate."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

from millrace.apps.training.segments import SegmentReader
from millrace.apps.training.sequences import (
    AUDIO,
    GATE,
    TIME,
    USER,
    VIDEO,
    WORD,
    build_sequence,
    gather,
)
from millrace.apps.training.talk import TalkRates
from millrace.apps.training.tickstreams import TickStream, load_streams, read_stream, save_streams
from millrace.generation.embedding import InputEmbedding, InputSizes
from millrace.generation.losses import IGNORE
from millrace.generation.words import END, SILENT, Vocabulary
from millrace.perception.blocks import TokenBlock, TokenKind
from millrace.perception.encoder import PatchEncoder
from millrace.streams.world.events import COLOURS, KINDS, Thing, WorldEvent, WorldEventKind
from millrace.streams.world.language import ALERT, mark_first, parse, read_statement
from millrace.streams.world.questions import read_question
from millrace.streams.world.record import Record
from millrace.streams.world.words import all_words
from millrace.streams.world.world import World

VOCABULARY = Vocabulary(all_words())
NS, TICK = 1_000_000_000, 200_000_000
SILENT_PEOPLE = TalkRates(asked=0.0, instructed=0.0, misread=0.0, slipped=0.0)


def stream(events, num_ticks=10):
    patches = num_ticks * 2
    return TickStream(
        num_ticks=num_ticks,
        num_cameras=2,
        video=np.arange(patches * 3, dtype=np.float16).reshape(patches, 3),
        video_place=np.arange(patches) % 60,
        video_slot=np.arange(patches) % 2,
        video_tick=np.repeat(np.arange(1, num_ticks + 1), 2),
        is_fovea=np.zeros(patches, bool),
        audio=np.ones((1, 2), np.float16),
        audio_place=np.zeros(1, np.int64),
        audio_tick=np.array([4]),
        record=Record(2, num_ticks, TICK, tuple(events), np.zeros((0, 9), np.float32)),
    )


def enter(t_s, camera=0, shape="disc"):
    return WorldEvent(int(t_s * NS), camera, WorldEventKind.ENTER, Thing("red", shape), side="left")


def quiet(stream, seed):
    return build_sequence(stream, VOCABULARY, np.random.default_rng(seed), SILENT_PEOPLE)


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
    sequence = quiet(stream([]), 0)
    assert sequence.kind[:4].tolist() == [TIME, VIDEO, VIDEO, GATE]
    assert sequence.kind[12:17].tolist() == [TIME, VIDEO, VIDEO, AUDIO, GATE]
    assert (sequence.target[sequence.kind == GATE] == SILENT).all()
    assert (sequence.target[sequence.kind != GATE] == IGNORE).all()


def live_blocks(sequence, start):
    """The blocks of the tick whose time token stands at `start`, as perception would deliver them."""
    blocks, source = [], sequence.stream
    for kind, row in zip(sequence.kind[start + 1 :], sequence.row[start + 1 :], strict=True):
        if kind == GATE:
            return blocks
        if kind == VIDEO:
            slot, place = int(sequence.slots[source.video_slot[row]]), torch.tensor([source.video_place[row]])
            features = torch.from_numpy(source.video[row : row + 1]).float()
            blocks.append(TokenBlock(f"cam{slot + 1}", slot, 0, TokenKind.VIDEO, features, place, 60))
        else:
            features = torch.from_numpy(source.audio[row : row + 1]).float()
            blocks.append(TokenBlock("mic", 0, 0, TokenKind.AUDIO, features, torch.zeros(1, dtype=int), 1))


@torch.no_grad()
def test_a_sequence_is_embedded_as_a_session_embeds_its_ticks_and_words():
    torch.manual_seed(0)
    embedding = InputEmbedding(16, InputSizes(3, 2, 60, len(VOCABULARY)))
    for weight in embedding.parameters():
        weight.normal_()
    sequence = quiet(stream([enter(0.5), enter(1.1, camera=1)]), 3)
    assert len(set(sequence.t_ns)) == 10  # all of a tick has one time, from a random beginning
    sequence = replace(sequence, t_ns=sequence.t_ns - sequence.t_ns[0] + TICK)
    rows = []
    for at, (kind, row, t_ns) in enumerate(zip(sequence.kind, sequence.row, sequence.t_ns, strict=True)):
        if kind == TIME:
            rows.append(embedding.tick(int(t_ns), int(row), live_blocks(sequence, at)))
        elif kind == WORD:
            rows.append(embedding.written(int(row), embedding.clocks(torch.tensor([t_ns]))[0])[None])
    batch = gather([(sequence, 0)], len(sequence.kind))
    assert torch.allclose(batch.embed(embedding, 16)[0], torch.cat(rows), atol=1e-5)


def test_an_event_is_said_one_tick_after_the_tick_that_shows_it():
    for seed in range(20):
        sequence = quiet(stream([enter(0.5)]), seed)
        ticks = said_by_tick(sequence)
        words = [word for tick in ticks for word in tick]
        assert next(n for n, tick in enumerate(ticks, start=1) if tick) == 4  # shown at 0.6 s, tick 3
        assert parse(" ".join(words[:-1])).thing == Thing("red", "disc")
        assert words[-1] == "<end>"


def test_words_follow_each_other_and_silence_ends_them():
    sequence = quiet(stream([enter(0.5), enter(0.55, 1, "star")]), 1)
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
                said := said_by_tick(quiet(stream([enter(0.5)]), seed)),
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
        sequence = quiet(stream([enter(0.5, camera=1)]), seed)
        words = [word for tick in said_by_tick(sequence) for word in tick]
        assert words[0] == f"cam{sequence.slots[1] + 1}:"


def test_quiet_ticks_are_left_out_as_the_narrator_leaves_them_out():
    full = stream([], num_ticks=60)
    keep = (full.video_tick <= 5) | (full.video_tick == 40)
    bare = replace(full, **{n: getattr(full, n)[keep] for n in _VIDEO}, audio_tick=np.array([5]))
    sequence = quiet(bare, 0)
    gaps = sequence.row[sequence.kind == TIME] // TICK
    ticks = (1 + np.cumsum(gaps)).tolist()
    assert ticks == [1, 2, 3, 4, 5, 6, 7, 17, 27, 37, 40, 41, 42, 52]


_VIDEO = ("video", "video_place", "video_slot", "video_tick", "is_fovea")


def test_segments_lose_nothing_but_short_rests():
    streams = [stream([enter(0.5)], num_ticks=n) for n in (10, 40)]
    data = iter(SegmentReader(streams, VOCABULARY, num_rows=2, length=64, seed=0))
    new_rows = 0
    for _ in range(6):
        batch = next(data).batch
        new_rows += int(batch.is_new.sum())
        assert batch.target.shape == (2, 64)
        kinds = (batch.time_at, batch.video_at, batch.audio_at, batch.word_at, batch.gate_at)
        assert sum(map(len, kinds)) == len(torch.cat(kinds).unique()) <= 128
        assert batch.video_slot.max() < 4
    assert new_rows >= 4


def sentences(words):
    said, now = [], []
    for word in words:
        now = [*now, word] if word != "<end>" else said.append(" ".join(now)) or []
    return said


def test_a_question_is_read_before_the_gate_and_answered_at_once():
    events = [enter(0.5, 0), enter(0.9, 1, "star")]
    rates = TalkRates(
        instructed=0.0, ticks_apart=(2.0, 2.0), cut=0.0, misread=0.0, slipped=0.0, families={"memory": 1.0}
    )
    answered = 0
    for seed in range(24):
        sequence = build_sequence(stream(events, 30), VOCABULARY, np.random.default_rng(seed), rates)
        starts = [*np.flatnonzero(sequence.kind == TIME), len(sequence.kind)]
        for start, end in pairwise(starts):
            kind, row = sequence.kind[start:end], sequence.row[start:end]
            typed = " ".join(VOCABULARY.word(n) for n in row[kind == USER])
            said = sentences(VOCABULARY.word(n) for n in row[kind == WORD])
            assert bool(typed) == any(s.startswith("reply: ") for s in said)
            if typed:
                asked = read_question(typed)
                slots = dict(enumerate(sequence.slots.tolist()))
                thing = {slots[0]: "red disc", slots[1]: "red star"}[asked.camera]
                assert f"reply: {thing}" in said
                answered += 1
    assert answered > 10  # most kinds of question need what the record does not have here


def test_what_an_instruction_asks_for_is_told_as_an_alert():
    rates = TalkRates(asked=0.0, instructed=1.0, slipped=0.0)
    alerts = reminders = 0
    for seed in range(30):
        sequence = build_sequence(stream([enter(7.0)], 50), VOCABULARY, np.random.default_rng(seed), rates)
        typed = [VOCABULARY.word(n) for n in sequence.row[sequence.kind == USER]]
        reminders += typed.count("when") > 2
        said = sentences(VOCABULARY.word(n) for n in sequence.row[sequence.kind == WORD])
        alerts += sum(read_statement(mark_first(s)).is_alert for s in said)
        assert not any(s.startswith(ALERT) for s in said)  # the mark is written last
    assert 10 < alerts < 30 and reminders > 10


@pytest.fixture(scope="module")
def real_stream():
    torch.manual_seed(0)
    return read_stream(PatchEncoder().eval(), World(9, 2, "easy", 6.0), vary_budget=True)


def test_a_real_world_is_read_at_every_tick(real_stream):
    assert real_stream.num_ticks == 30
    assert set(real_stream.video_slot.tolist()) <= {0, 1}
    assert (np.diff(real_stream.video_tick) >= 0).all()
    assert real_stream.num_offered == 2 * 30 * 60
    assert len(real_stream.is_fovea) == len(real_stream.video)


def test_shards_come_back_as_they_were(real_stream, tmp_path):
    save_streams(tmp_path / "shard.pt", [real_stream])
    back = load_streams(tmp_path / "shard.pt")[0]
    assert (back.video == real_stream.video).all()
    assert back.record.events == real_stream.record.events
    assert (back.record.rows == real_stream.record.rows).all()
    assert [p.name for p in tmp_path.iterdir()] == ["shard.pt"]


def test_words_that_decide_count_more():
    rates, num_answers = TalkRates(asked=1.0, instructed=1.0, cut=0.0), 0
    for seed in range(20):
        sequence = build_sequence(
            stream([enter(n) for n in range(1, 9)], num_ticks=60),
            VOCABULARY,
            np.random.default_rng(seed),
            rates,
        )
        num_answers += sequence.is_answer.sum()
        assert set(sequence.emphasis[sequence.is_answer]) <= {3.0}
        assert set(sequence.emphasis[~sequence.is_answer]) == {1.0}
    assert num_answers > 20


HIT = replace(enter(1.0), kind=WorldEventKind.COLLIDE, side=None, other=Thing("blue", "star"))
BEEPS = WorldEvent(NS, None, WorldEventKind.SOUND, sound="two beeps")


@pytest.mark.parametrize(("event", "weight"), [(HIT, 3.0), (BEEPS, 3.0)])
def test_all_words_but_the_first_of_a_rare_event_count_more_and_no_others(event, weight):
    for seed in range(20):
        sequence = build_sequence(
            stream([enter(0.3), event, enter(1.1, shape="ring"), enter(2.0)], num_ticks=20),
            VOCABULARY,
            np.random.default_rng(seed),
            replace(SILENT_PEOPLE, cut=0.0),
        )
        (more,) = np.nonzero(sequence.emphasis == weight)
        words = sequence.target[[more[0] - 1, *more]]
        assert parse(" ".join(VOCABULARY.word(n) for n in words[:-1])).kind is event.kind
        assert words[-1] == END and set(sequence.emphasis) == {1.0, weight}


def test_colours_are_now_and_then_read_back_as_another_and_always_written_right():
    events = [enter(0.3 + 0.2 * n, shape=("disc", "ring", "star")[n % 3]) for n in range(40)]
    misread = build_sequence(
        stream(events, 60), VOCABULARY, np.random.default_rng(0), replace(SILENT_PEOPLE, misread=0.5, cut=0.0)
    )
    red, written = VOCABULARY.encode("red")[0], misread.target[misread.target > SILENT]
    colours = {VOCABULARY.encode(colour)[0] for colour in COLOURS}
    assert {int(w) for w in written} & colours == {red}
    read = [int(w) for w in misread.row[misread.kind == WORD] if w in colours]
    assert len(read) == 40 and 8 < sum(w != red for w in read) < 32


def test_each_gate_carries_the_scene_of_its_tick_and_of_its_camera():
    rows = np.array([[t, 1, 7, KINDS.index("disc"), 0, 40, 40, 20, 1] for t in range(1, 11)], np.float32)
    bare = stream([])
    shown = replace(bare, record=replace(bare.record, rows=rows))
    sequence = quiet(shown, 3)
    at = len(KINDS) * len(COLOURS) * int(sequence.slots[1]) + KINDS.index("disc") * len(COLOURS)
    assert len(sequence.scene) == (sequence.kind == GATE).sum() and sequence.scene[:, at].all()
    whole = gather([(sequence, 0)], len(sequence.kind)).scene
    parts = [gather([(sequence, start)], 7).scene for start in range(0, len(sequence.kind), 7)]
    assert torch.equal(torch.cat(parts), whole) and len(whole) == len(sequence.scene)
