"""Questions read back, are true, and cannot be guessed."""

from collections import Counter

import numpy as np
import pytest

from millrace.streams.world.events import Thing, WorldEvent, WorldEventKind
from millrace.streams.world.examiner import draw_question
from millrace.streams.world.instructions import Instruction, instruct, read_instruction
from millrace.streams.world.questions import (
    FAMILIES,
    Question,
    QuestionKind,
    ask,
    read_question,
)
from millrace.streams.world.record import Record, record_of
from millrace.streams.world.words import all_words
from millrace.streams.world.world import World

S, TICK = 1_000_000_000, 200_000_000
K, E = QuestionKind, WorldEventKind


@pytest.fixture(scope="module")
def records():
    return [record_of(World(seed, 3, "standard", 24.0), 120, TICK) for seed in range(8)]


def drawn(records, kind, num=12):
    rng = np.random.default_rng(0)
    asked = [
        draw_question(kind, r, int(rng.integers(25, 120)), rng, range(3)) for r in records for _ in range(num)
    ]
    return [a for a in asked if a is not None]


@pytest.mark.parametrize("kind", list(QuestionKind))
def test_a_question_reads_back_and_uses_known_words(records, kind):
    rng = np.random.default_rng(1)
    if kind is K.FROM:
        records = [record_of(World(seed, 3, "overlap", 24.0), 120, TICK) for seed in range(3)]
    asked = drawn(records, kind)
    assert asked
    for a in asked:
        sentence = ask(a.question, rng)
        assert read_question(sentence) == a.question
        assert {*sentence.split(), *a.answer.split()} <= set(all_words())
        assert a.about_ns <= a.tick * TICK


def test_every_kind_belongs_to_one_family():
    assert Counter(k for kinds in FAMILIES.values() for k in kinds) == Counter(QuestionKind)


@pytest.mark.parametrize("kind", [K.PRESENT, K.WAS])
def test_yes_and_no_are_as_likely(records, kind):
    answers = Counter(a.answer for a in drawn(records, kind, 40))
    assert 0.4 < answers["yes"] / answers.total() < 0.6


def test_answers_about_this_moment_are_what_the_masks_show():
    world = World(3, 2, "easy", 24.0)
    record, rng = record_of(world, 120, TICK), np.random.default_rng(0)
    for tick in range(20, 120, 4):
        asked = draw_question(K.PRESENT, record, tick, rng, range(2))
        things = {s.thing for s in world.sightings(asked.question.camera, tick * TICK) if s.share >= 0.5}
        assert (asked.question.thing in things) == (asked.answer == "yes")


def test_what_is_over_is_answered_from_the_log():
    red, blue = Thing("red", "car"), Thing("blue", "car")
    events = (
        WorldEvent(1 * S, 0, E.ENTER, red, side="left", identity=1),
        WorldEvent(3 * S, 0, E.LEAVE, red, side="top", identity=1),
        WorldEvent(5 * S, 1, E.ENTER, red, side="right", identity=1),
        WorldEvent(6 * S, None, E.SOUND, sound="bell"),
        WorldEvent(7 * S, 0, E.ENTER, blue, side="left", identity=2),
    )
    rows = np.array([[45, 1, 1, 7, 0, 80, 48, 20, 1]], np.float32)
    record, rng = Record(2, 60, TICK, events, rows), np.random.default_rng(0)

    def answer(kind, tick=45):
        asked = [draw_question(kind, record, tick, rng, range(2)) for _ in range(20)]
        return {(a.question.camera, a.answer, a.about_ns) for a in asked if a}

    assert answer(K.WAY_OUT) == {(0, "top", 3 * S)}
    assert answer(K.LAST_IN) == {(0, "blue car", 7 * S), (1, "red car", 5 * S)}
    assert answer(K.FROM) == {(1, "cam1", 3 * S)}
    assert answer(K.HEARD) == {(None, "bell", 6 * S)}
    assert answer(K.BEFORE_SOUND) == {(0, "red car", 1 * S), (1, "red car", 5 * S)}
    assert answer(K.LAST_IN, tick=2) == set()


@pytest.mark.parametrize(
    "instruction",
    [
        Instruction(E.ENTER, 2, "person", "blue"),
        Instruction(E.LEAVE, None, "car"),
        Instruction(E.STOP, 0, None, "red"),
        Instruction(E.ENTER),
        Instruction(E.SOUND, sound="three beeps"),
    ],
)
def test_an_instruction_reads_back_and_wants_what_it_says(instruction):
    for seed in range(8):
        sentence = instruct(instruction, np.random.default_rng(seed))
        assert read_instruction(sentence) == instruction
        assert set(sentence.split()) <= set(all_words())
    fits = WorldEvent(0, 2, E.ENTER, Thing("blue", "person"), side="left")
    assert Instruction(E.ENTER, 2, "person", "blue").wants(fits)
    assert not Instruction(E.ENTER, 1, "person", "blue").wants(fits)
    assert not Instruction(E.LEAVE, 2, "person", "blue").wants(fits)
    assert Instruction(E.ENTER, None, None, "blue").wants(fits)


def test_what_is_no_question_and_no_instruction_is_none():
    assert read_question("what is the weather") is None
    assert read_instruction("tell me a joke") is None
    assert ask(Question(K.COUNT, camera=1)) == "how many things are in cam2"
