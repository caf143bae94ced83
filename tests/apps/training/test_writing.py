"""What is written at a gate may be a slip; what should be written there never is."""

from collections import defaultdict

import numpy as np
import pytest

from millrace.apps.training.slips import NO_SLIPS, SlipRates, untrue
from millrace.apps.training.talk import Talk, TalkRates, draw_talk
from millrace.apps.training.writing import Writing
from millrace.generation.losses import IGNORE
from millrace.generation.words import END, SILENT, Vocabulary
from millrace.streams.world.events import UNSEEN, Thing, WorldEvent, WorldEventKind
from millrace.streams.world.language import narrate, parse
from millrace.streams.world.record import Record
from millrace.streams.world.words import all_words

FAR = 1 << 30
REPLY, A, B, FALSE = [10, 11, END], [20, 21, END], [30, 31, END], [40, 41, END]


class Loaded(np.random.Generator):
    """A generator that throws what it is told to, then ones: no slip at all."""

    def __init__(self, *throws):
        super().__init__(np.random.PCG64(0))
        self._throws = [*throws]

    def random(self, *_, **__):
        return self._throws.pop(0) if self._throws else 0.999


def writing(*throws, told=None, replies=None, rates=NO_SLIPS):
    talk = Talk(defaultdict(list), defaultdict(list), defaultdict(list), lambda tick, rng: [*FALSE])
    talk.told.update({tick: [[*s] for s in sentences] for tick, sentences in (told or {}).items()})
    talk.replies.update({tick: [[*s] for s in sentences] for tick, sentences in (replies or {}).items()})
    return Writing(talk, rates, Loaded(1.0, 1.0, 1.0, *throws))  # the first three draw the rates


def tick(writing, number, limit=FAR):
    writing.add(number)
    return writing.take(limit)


def test_without_slips_what_is_due_is_written():
    both = writing(told={1: [A, B]}, replies={1: [REPLY]})
    assert tick(both, 1) == ([*REPLY, *A, *B], [*REPLY, *A, *B, SILENT])
    assert tick(both, 2) == ([], [SILENT])


def test_a_cut_sentence_goes_on_before_a_reply():
    cut = writing(told={1: [A]}, replies={2: [REPLY]})
    assert tick(cut, 1, limit=1) == (A[:1], [A[0], IGNORE]) and cut.is_begun
    assert tick(cut, 2) == ([*A[1:], *REPLY], [*A[1:], *REPLY, SILENT])


def test_what_is_passed_over_stays_due_and_is_told_at_the_next_gate():
    late = writing(0.0, told={1: [A]}, rates=SlipRates(late=0.5, early=0.0, untrue=0.0))
    assert tick(late, 1) == ([], [A[0]])
    assert tick(late, 2) == (A, [*A, SILENT])


def test_the_sentence_behind_may_come_first():
    late = writing(0.0, 0.0, told={1: [A, B]}, rates=SlipRates(late=0.5, early=0.0, untrue=0.0))
    assert tick(late, 1) == ([*B, *A], [A[0], *B[1:], *A, SILENT])


def test_what_is_passed_over_three_times_is_too_late_to_tell():
    late = writing(0.0, 0.0, 0.0, told={1: [A]}, rates=SlipRates(late=0.5, early=0.0, untrue=0.0))
    assert [tick(late, n) for n in range(1, 5)] == [([], [A[0]])] * 3 + [([], [SILENT])]


def test_an_untrue_sentence_is_read_and_never_a_target():
    false = writing(0.0, told={1: [A]}, rates=SlipRates(late=0.0, early=0.0, untrue=0.5))
    assert tick(false, 1) == ([*FALSE, *A], [A[0], IGNORE, IGNORE, *A, SILENT])
    quiet = writing(0.0, rates=SlipRates(late=0.0, early=0.0, untrue=0.5))
    assert tick(quiet, 1) == (FALSE, [SILENT, IGNORE, IGNORE, SILENT])


def test_what_is_told_early_is_not_due_again():
    early = writing(0.0, told={2: [A]}, rates=SlipRates(late=0.0, early=0.5, untrue=0.0))
    assert tick(early, 1) == (A, [SILENT, IGNORE, IGNORE, SILENT])
    assert tick(early, 2) == ([], [SILENT])


def test_a_reply_never_slips():
    asked = writing(0.0, replies={1: [REPLY]}, rates=SlipRates(late=0.5, early=0.5, untrue=0.5))
    assert tick(asked, 1) == (REPLY, [*REPLY, SILENT])


@pytest.fixture(scope="module")
def events():
    kinds = [kind for kind in WorldEventKind if kind is not WorldEventKind.SOUND]
    return [
        WorldEvent(
            n * 10**9,
            n % 3,
            kinds[n % len(kinds)],
            Thing(("red", "blue", "white")[n % 3], ("square", "person", "star", "car")[n % 4]),
            side="left",
            direction="up",
            other=Thing("green", "star"),
            colour="white",
        )
        for n in range(40)
    ] + [WorldEvent(40 * 10**9, None, WorldEventKind.SOUND, sound="bell")]


def test_untrue_sentences_are_of_the_grammar_near_in_time_and_never_of_an_unseen_pair(events):
    vocabulary, rng = Vocabulary(all_words()), np.random.default_rng(0)
    talk = draw_talk(Record(3, 210, 200_000_000, tuple(events), np.zeros((0, 9), np.float32)), vocabulary,
                     TalkRates(asked=0.0, instructed=0.0), rng)  # fmt: skip
    said = [talk.untrue(100, rng) for _ in range(400)]
    stated = [parse(" ".join(vocabulary.word(n) for n in words[:-1])) for words in said]
    assert None not in stated
    assert {event.kind for event in stated} >= set(WorldEventKind) - {WorldEventKind.SOUND}
    assert not {event.thing for event in stated} & UNSEEN
    assert not {Thing(e.colour, e.thing.kind) for e in stated if e.kind is WorldEventKind.COLOUR} & UNSEEN
    happened = {(event.camera, event.kind, event.thing) for event in events}
    altered = sum((event.camera, event.kind, event.thing) not in happened for event in stated)
    assert 100 < altered < 350
    near = [abs(untrue(events, 20 * 10**9, rng).t_ns / 1e9 - 20) for _ in range(400)]
    assert np.median(near) < 4 and max(near) < 15


def test_no_untrue_sentence_is_one_about_to_be_told(events):
    rng = np.random.default_rng(0)
    due = {narrate(event) for event in events if 18 < event.t_ns / 1e9 < 22}
    said = [narrate(untrue(events, 20 * 10**9, rng)) for _ in range(400)]
    assert not due & set(said)
    assert {narrate(event) for event in events} & set(said)  # those told long since, or not for long
