"""What happens between two words of one tick."""

import pytest
from media_files import MeanLooker, RecurrentSpeaker, Word

from millrace.runtime.budget import FullPlan, Limits
from millrace.runtime.inbox import Inbox
from millrace.runtime.sentences import SentenceBuilder
from millrace.runtime.tick import Tick
from millrace.streams.channel import Channel, Policy
from millrace.streams.clock import NS_PER_MS, VirtualClock


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
