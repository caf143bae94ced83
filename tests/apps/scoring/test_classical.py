"""The classical baseline on clean rendered worlds: what it sees, remembers and is told to watch for."""

from functools import cache

import cv2
import numpy as np
import pytest

from millrace.apps.scoring.classical import Classical
from millrace.apps.scoring.matching import compare
from millrace.generation.embedding import NS_PER_TICK
from millrace.streams.media import AudioChunk, Inputs, VideoFrame
from millrace.streams.world.events import WorldEventKind
from millrace.streams.world.language import read_statement
from millrace.streams.world.questions import REPLY
from millrace.streams.world.ticks import world_inputs
from millrace.streams.world.world import World

SEED = 1_000_120  # a training world
NUM_TICKS = 100
E = WorldEventKind


@cache
def world() -> World:
    return World(SEED, 1, "easy", NUM_TICKS * NS_PER_TICK / 1e9)


@cache
def ticks() -> tuple[Inputs, ...]:
    return tuple(world_inputs(world(), ["cam1"], NS_PER_TICK, has_native=False))


@cache
def sit(asked_at: int = 0, text: str = ""):
    """All that is said of the world, with the tick of each sentence; a text may be put at a tick."""
    examinee = Classical()
    examinee.start(["cam1"])
    return [
        (tick, said)
        for tick, inputs in enumerate(ticks(), start=1)
        for said in examinee.tick(inputs, [text] if tick == asked_at else [])
    ]


def events(said, *kinds):
    found = [read_statement(s.text, s.t_ns).event for _, s in said if not s.text.startswith(REPLY)]
    return [event for event in found if event.kind in kinds]


def happened(*kinds):
    return [event for event in world().events if event.kind in kinds]


def test_most_that_enters_and_leaves_a_clean_world_is_told_by_its_name():
    score = compare(events(sit(), E.ENTER, E.LEAVE), happened(E.ENTER, E.LEAVE))
    assert score.happened >= 6
    assert score.recall > 0.7
    assert score.precision > 0.7


def test_sounds_are_told_by_their_name():
    score = compare(events(sit(), E.SOUND), happened(E.SOUND))
    assert score.happened >= 2
    assert score.f1 > 0.7


def test_a_question_about_what_left_is_answered_from_memory():
    last = happened(E.LEAVE)[-1]
    tick = last.t_ns // NS_PER_TICK + 4
    replies = [s.text for t, s in sit(tick, "what left cam1 last") if t == tick and s.text.startswith(REPLY)]
    assert replies == [f"{REPLY} {last.thing}"]


def test_what_is_asked_for_is_told_as_an_alert_once_and_never_before_it_happens():
    wanted = happened(E.ENTER)
    said = sit(1, "tell me when anything enters cam1")
    alerts = [(t, read_statement(s.text)) for t, s in said if s.text.startswith("alert")]
    assert len(alerts) >= 0.6 * len(wanted)
    assert not [s for _, s in said if " enters " in s.text and not s.text.startswith("alert")]
    for tick, alert in alerts:
        before = [e for e in wanted if e.thing == alert.event.thing and e.t_ns <= tick * NS_PER_TICK]
        assert before or alert.event.thing not in [e.thing for e in wanted]


def test_the_same_stream_gives_the_same_sentences_whatever_was_seen_before():
    examinee = Classical()
    examinee.start(["cam1", "cam2"])
    examinee.tick(ticks()[0], [])
    examinee.start(["cam1"])
    again = [(n, said) for n, inputs in enumerate(ticks(), start=1) for said in examinee.tick(inputs, [])]
    assert again == sit()


def test_nothing_is_told_of_an_empty_room_whose_light_swings():
    room = np.random.default_rng(0).normal(120, 6, (96, 160, 3))
    examinee = Classical()
    examinee.start(["cam1"])
    for tick in range(1, 60):
        noise = np.random.default_rng(tick).normal(0, 4, room.shape)
        pixels = np.clip(room * (1 + 0.2 * np.sin(tick / 6)) + noise, 0, 255).astype(np.uint8)
        assert not examinee.tick(Inputs(tick * NS_PER_TICK, {"cam1": VideoFrame("cam1", 0, pixels)}), [])


def test_a_swaying_camera_is_not_taken_for_things():
    coarse = np.random.default_rng(1).normal(110, 14, (14, 22, 1)) * [1, 0.98, 1.03]
    room = cv2.resize(coarse.astype(np.float32), (200, 130), interpolation=cv2.INTER_CUBIC)
    examinee = Classical()
    examinee.start(["cam1"])
    for tick in range(1, 60):
        x, y = 20 + 3 * np.sin(tick / 3), 17 + 2 * np.cos(tick / 4)
        pixels = cv2.getRectSubPix(room, (160, 96), (float(x + 79.5), float(y + 47.5))).astype(np.uint8)
        assert not examinee.tick(Inputs(tick * NS_PER_TICK, {"cam1": VideoFrame("cam1", 0, pixels)}), [])


def test_a_camera_without_news_and_a_stream_without_anything_are_no_error():
    examinee = Classical()
    examinee.start(["cam1", "cam2"])
    assert examinee.tick(Inputs(NS_PER_TICK), []) == []
    silence = AudioChunk("mic", NS_PER_TICK, np.zeros(3200, np.float32))
    assert examinee.tick(Inputs(2 * NS_PER_TICK, audio={"mic": [silence]}), []) == []


@pytest.mark.parametrize(
    "question",
    [
        "what came into cam1 last",
        "how many things are in cam1",
        "what did you hear last",
        "which camera saw a red disc",
    ],
)
def test_every_question_gets_some_answer_even_when_nothing_was_seen(question):
    examinee = Classical()
    examinee.start(["cam1"])
    (said,) = examinee.tick(Inputs(NS_PER_TICK), [question])
    assert said.text.startswith(f"{REPLY} ")
    assert 0 <= said.confidence <= 1
