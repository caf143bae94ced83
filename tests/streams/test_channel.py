from __future__ import annotations

import threading
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from millrace.streams.channel import CLOSED, OVERFLOW, REPLACED, Channel, Policy

operations = st.lists(st.one_of(st.integers(1, 5), st.none()), max_size=60)  # a size to put, or take one


@given(operations, st.integers(1, 8))
def test_drop_oldest_keeps_the_newest_that_fit(steps: list[int | None], maxsize: int) -> None:
    channel: Channel[int] = Channel(maxsize, Policy.DROP_OLDEST, size_of=lambda size: size)
    model: deque[int] = deque()
    num_dropped = 0
    for size in steps:
        if size is None:
            assert channel.take_nowait() == (model.popleft() if model else None)
            continue
        while model and sum(model) + size > maxsize:
            model.popleft()
            num_dropped += 1
        model.append(size)
        assert channel.put(size)
        assert channel.statistics().depth == sum(model)
    assert channel.statistics().dropped.get(OVERFLOW, 0) == num_dropped
    assert channel.drain() == list(model)


@given(st.sampled_from([Policy.LATEST, Policy.DROP_OLDEST]), operations)
def test_every_item_is_taken_dropped_or_waiting(policy: Policy, steps: list[int | None]) -> None:
    channel: Channel[int] = Channel(3, policy)
    for size in steps:
        if size is None:
            channel.take_nowait()
        else:
            channel.put(size)
    figures = channel.statistics()
    assert figures.put == figures.taken + sum(figures.dropped.values()) + figures.depth
    assert figures.depth == len(channel) <= figures.maxsize


def test_the_newest_frame_replaces_the_one_that_waits() -> None:
    channel: Channel[str] = Channel(1, Policy.LATEST)
    for item in "abc":
        assert channel.put(item)
    assert channel.drain() == ["c"]
    assert channel.statistics().dropped == {REPLACED: 2}


def test_a_full_blocking_channel_holds_the_giver_until_there_is_room() -> None:
    channel: Channel[int] = Channel(2, Policy.BLOCK)
    given_all = threading.Event()
    giver = threading.Thread(target=lambda: ([channel.put(n) for n in range(5)], given_all.set()))
    giver.start()
    assert not given_all.wait(0.05)
    taken: list[int] = []
    while len(taken) < 5:
        taken += channel.drain()
    giver.join()
    assert taken == [0, 1, 2, 3, 4]
    assert channel.statistics().dropped == {}


def test_closing_frees_a_blocked_giver_and_counts_what_it_held() -> None:
    channel: Channel[int] = Channel(1, Policy.BLOCK)
    channel.put(1)
    results: list[bool] = []
    giver = threading.Thread(target=lambda: results.append(channel.put(2)))
    giver.start()
    channel.close()
    giver.join()
    assert results == [False]
    assert channel.statistics().dropped == {CLOSED: 1}
    assert channel.drain() == [1]
    assert channel.is_closed


def test_an_item_larger_than_the_channel_passes_through_an_empty_one() -> None:
    channel: Channel[int] = Channel(4, Policy.BLOCK, size_of=lambda size: size)
    assert channel.put(100)
    assert channel.take_nowait() == 100


def test_take_while_stops_at_the_first_unwanted_item() -> None:
    channel: Channel[int] = Channel(9, Policy.BLOCK)
    for item in (1, 2, 5, 1):
        channel.put(item)
    assert channel.take_while(lambda item: item < 3) == [1, 2]
    assert channel.drain() == [5, 1]


def test_the_hook_hears_of_every_put_and_of_the_close() -> None:
    calls: list[int] = []
    channel: Channel[int] = Channel(1, Policy.LATEST, on_put=lambda: calls.append(len(channel)))
    channel.put(1)
    channel.put(2)
    channel.close()
    assert calls == [1, 1, 1]


def test_a_channel_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="maxsize is 0"):
        Channel(0, Policy.LATEST)
