"""What happens between two words of one tick."""

import pytest
from media_files import MeanLooker, RecurrentSpeaker, Word

from millrace.runtime.budget import FullPlan, Limits
from millrace.runtime.inbox import Inbox
from millrace.runtime.sentences import SentenceBuilder
from millrace.runtime.tick import Tick
from millrace.streams.channel import Channel, Policy
from millrace.streams.clock import NS_PER_MS, VirtualClock
from millrace.streams.media import TextInput


class Talker(RecurrentSpeaker):
    """Says two sentences in every tick, unless one is broken off."""

    def read(self, t_ns, blocks, state, depth):
        state.pending = ["one", "two", "", "three", "four", ""]

    def write(self, hidden, state, max_text_tokens, depth):
        while state.pending:
            text = state.pending.pop(0)
            yield Word(text, is_end=not text)

    def end(self, state, depth):
        del state.pending[: state.pending.index("") + 1]


@pytest.mark.parametrize(
    ("hushed_at", "said"),
    [
        (1, ["one", ""]),  # whoever hears the very first word may hush at once
        (2, ["one", "two", ""]),
        (3, ["one", "two", "", "three", "four", ""]),  # between two sentences, none is broken off
        (4, ["one", "two", "", "three", ""]),
    ],
)
def test_a_hush_breaks_off_the_sentence_it_meets_and_no_other(hushed_at, said):
    heard = []

    def hear():
        heard.extend(outbox.drain())
        if len(heard) == hushed_at:
            tick.hush()

    outbox = Channel(64, Policy.BLOCK, on_put=hear)
    budget = FullPlan(200 * NS_PER_MS, Limits(depth=1))
    clock, inbox, sentences = VirtualClock(), Inbox(realtime=False), SentenceBuilder([])
    tick = Tick(clock, inbox, budget, MeanLooker([]), Talker(), outbox, sentences)
    tick.run(0)
    assert [delta.text for delta in heard] == said
    heard.clear()
    hushed_at = 0
    tick.run(200 * NS_PER_MS)
    assert [delta.text for delta in heard] == ["one", "two", "", "three", "four", ""]


class Narrating(RecurrentSpeaker):
    """Tells the same two events in every tick."""

    def __init__(self, probability=1.0):
        super().__init__()
        self.probability = probability

    def write(self, hidden, state, max_text_tokens, depth):
        for text in ("cam1: a red car appears on the left", "cam2: a red car appears on the left"):
            yield from (Word(word, probability=self.probability) for word in text.split())
            yield Word("", is_end=True)


def test_a_sentence_that_states_what_an_instruction_asks_for_is_told_as_an_alert():
    budget, inbox = FullPlan(200 * NS_PER_MS, Limits(depth=1)), Inbox(realtime=False)
    outbox, sentences = Channel(64, Policy.DROP_OLDEST), SentenceBuilder(["yard", "door"])
    tick = Tick(VirtualClock(), inbox, budget, MeanLooker([]), Narrating(), outbox, sentences)
    inbox.text(TextInput("typed", 0, "Please tell me when a red car enters cam2."))
    told = [(sentence.camera, sentence.text) for sentence in tick.run(0).sentences]
    assert told == [
        ("yard", "cam1: a red car appears on the left"),
        ("door", "alert cam2: a red car appears on the left"),
    ]


@pytest.mark.parametrize(("least", "mark"), [(0.2, "alert "), (0.5, "")])
def test_an_alert_wants_as_sure_a_sentence_as_the_options_say(least, mark):
    budget, inbox = FullPlan(200 * NS_PER_MS, Limits(depth=1)), Inbox(realtime=False)
    outbox, sentences = Channel(64, Policy.DROP_OLDEST), SentenceBuilder(["yard", "door"])
    speaker = Narrating(probability=0.75)  # of each of the words that count
    tick = Tick(VirtualClock(), inbox, budget, MeanLooker([]), speaker, outbox, sentences, least)
    inbox.text(TextInput("typed", 0, "tell me when a red car enters cam2"))
    *_, last = tick.run(0).sentences
    assert 0.2 < last.confidence < 0.5
    assert last.text == f"{mark}cam2: a red car appears on the left"
