"""Somebody asks and instructs aloud in a world, and its log says what and when."""

from __future__ import annotations

import shutil
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from millrace.errors import MissingDependencyError
from millrace.streams.media import SAMPLE_RATE_HZ
from millrace.streams.world import speech
from millrace.streams.world.examiner import possible_questions
from millrace.streams.world.instructions import read_instruction
from millrace.streams.world.questions import read_question
from millrace.streams.world.record import record_of
from millrace.streams.world.world import World

NS, TICK = 1_000_000_000, 200_000_000
SCENES = ("standard", "lobby")
needs_espeak = pytest.mark.skipif(not shutil.which("espeak-ng"), reason="espeak-ng is not on this machine")


@pytest.fixture(scope="module", params=SCENES)
def pair(request):
    """A world and the same one in which somebody speaks."""
    return World(5, 2, request.param, 40.0), World(5, 2, request.param, 40.0, spoken=True)


def span(world, t_ns, end_ns):
    first, last = (round(t * SAMPLE_RATE_HZ / NS) for t in (t_ns, end_ns))
    return world.soundtrack.samples[first:last]


@needs_espeak
def test_what_is_said_is_of_the_grammar_and_nobody_is_interrupted(pair):
    said = pair[1].speech
    assert len(said) >= 2
    for one in said:
        assert (read_question(one.text) is None) == (one.answer is None)
        assert one.answer is not None or read_instruction(one.text) is not None
        assert 0 <= one.t_ns < one.end_ns <= 40 * NS
    assert all(one.end_ns < other.t_ns for one, other in pairwise(said))


@needs_espeak
def test_the_answer_is_true_when_the_last_word_is_spoken(pair):
    world = pair[1]
    record = record_of(world, 200, TICK)
    record = replace(record, events=world.stage.events)
    asked = [one for one in world.speech if one.answer is not None]
    assert asked
    for one in asked:
        question, tick = read_question(one.text), round(one.end_ns / TICK)
        assert abs(one.end_ns - tick * TICK) < 1e6
        # Names of what is not there are drawn: many draws find the very question again.
        found = {
            asked.answer
            for seed in range(200)
            for asked in possible_questions(
                question.kind, record, tick, np.random.default_rng(seed), range(2)
            )
            if asked.question == question
        }
        assert found == {one.answer}


@needs_espeak
def test_an_instruction_asks_for_what_will_still_happen():
    worlds = [World(seed, 2, "standard", 40.0, spoken=True) for seed in range(4)]
    given = [(world, one) for world in worlds for one in world.speech if one.answer is None]
    assert given
    for world, one in given:
        wanted = read_instruction(one.text)
        assert any(wanted.wants(event) and event.t_ns > one.end_ns for event in world.events)


@needs_espeak
def test_it_is_heard_where_the_log_says_so(pair):
    quiet, spoken = pair
    for one in spoken.speech:
        said = span(spoken, one.t_ns, one.end_ns)
        voice = one.samples[: len(said)]
        likeness = np.corrcoef(np.abs(said), np.abs(voice[: len(said)]))[0, 1]
        before = np.corrcoef(np.abs(span(quiet, one.t_ns, one.end_ns)), np.abs(voice))[0, 1]
        assert likeness > 0.3 > abs(before)


@needs_espeak
def test_nothing_else_of_the_world_changes(pair):
    quiet, spoken = pair
    assert spoken.stage.events == quiet.stage.events
    assert (spoken.picture(1, 9 * NS).pixels == quiet.picture(1, 9 * NS).pixels).all()
    assert quiet.speech == ()
    again = World(5, 2, quiet.scene, 40.0, spoken=True)
    assert [(one.t_ns, one.text, one.answer) for one in again.speech] == [
        (one.t_ns, one.text, one.answer) for one in spoken.speech
    ]
    assert (again.soundtrack.samples == spoken.soundtrack.samples).all()


@needs_espeak
def test_in_flat_worlds_no_sound_of_the_log_is_spoken_over():
    worlds = [World(seed, 1, "easy", 40.0, spoken=True) for seed in range(14)]
    sounds = 0
    for world in worlds:
        for event in world.soundtrack.events:
            sounds += 1
            assert not any(one.t_ns <= event.t_ns <= one.end_ns for one in world.speech)
    assert sounds > 5


def test_a_world_that_should_speak_says_what_is_missing(monkeypatch):
    monkeypatch.setattr(speech, "can_speak", lambda: False)
    with pytest.raises(MissingDependencyError, match="apt install espeak-ng"):
        World(5, 1, "easy", 10.0, spoken=True)
