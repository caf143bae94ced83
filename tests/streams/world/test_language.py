"""The grammar writes what it reads."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from millrace.streams.world.events import (
    COLOURS,
    DIRECTIONS,
    KINDS,
    SOUNDS,
    WAYS,
    Thing,
    WorldEvent,
    WorldEventKind,
)
from millrace.streams.world.language import (
    mark_first,
    mark_last,
    narrate,
    parse,
    read_statement,
    vocabulary,
)

things = st.builds(Thing, st.sampled_from(COLOURS), st.sampled_from(KINDS))
cameras = st.integers(0, 3)
times = st.integers(0, 10**12)
K = WorldEventKind

events = st.one_of(
    st.builds(WorldEvent, times, cameras, st.sampled_from([K.ENTER, K.LEAVE]), things, st.sampled_from(WAYS)),
    st.builds(WorldEvent, times, cameras, st.just(K.STOP), things),
    st.builds(WorldEvent, times, cameras, st.just(K.GO), things, direction=st.sampled_from(DIRECTIONS)),
    st.builds(WorldEvent, times, cameras, st.just(K.COLLIDE), things, other=things),
    st.builds(WorldEvent, times, cameras, st.just(K.COLOUR), things, colour=st.sampled_from(COLOURS)),
    st.builds(WorldEvent, times, st.none(), st.just(K.SOUND), sound=st.sampled_from(SOUNDS)),
)


@given(events, st.integers(0, 2**32))
def test_what_the_grammar_writes_it_reads_back(event, seed):
    assert parse(narrate(event, np.random.default_rng(seed)), event.t_ns) == event


@given(events, st.booleans(), st.integers(0, 2**32))
def test_an_alert_is_the_same_sentence_marked(event, is_alert, seed):
    sentence = narrate(event, np.random.default_rng(seed), is_alert)
    statement = read_statement(sentence, event.t_ns)
    assert (statement.event, statement.is_alert) == (event, is_alert)


@given(events, st.integers(0, 2**32))
def test_every_word_is_in_the_vocabulary(event, seed):
    assert set(narrate(event, np.random.default_rng(seed)).split()) <= set(vocabulary())


@pytest.mark.parametrize(
    "sentence",
    [
        "",
        "hello",
        "cam1:",
        "cam5: the red disc stops",
        "mic: the red disc stops",
        "cam1: i hear noise",
        "cam1: the red stops",
        "cam1: the red person stops",
        "cam1: the disc in red stops",
    ],
)
def test_what_is_not_of_the_grammar_is_none(sentence):
    assert parse(sentence) is None


def test_a_model_writes_the_mark_of_an_alert_last_and_it_is_told_first():
    event = WorldEvent(0, 1, WorldEventKind.ENTER, Thing("blue", "person"), side="left")
    plain, alert = narrate(event), narrate(event, is_alert=True)
    assert mark_last(alert) == f"{plain} alert" and mark_last(plain) == plain
    assert mark_first(mark_last(alert)) == alert and mark_first(plain) == plain
    assert read_statement(mark_first(f"{plain} alert")).is_alert
