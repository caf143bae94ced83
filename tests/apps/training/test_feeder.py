"""Data comes ahead, in order, and ends with the one who reads; waiting for it is measured."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from itertools import count, islice

import pytest
import torch

from millrace.apps.training.feeder import Feeder, to_device


def numbers(closed, upto=None):
    try:
        yield from count() if upto is None else range(upto)
    finally:
        closed.append(threading.current_thread().name)


def test_items_come_in_order_and_end():
    closed = []
    with Feeder(numbers(closed, 50), ahead=3, prepare=lambda n: n * 2) as feeder:
        assert list(feeder) == [2 * n for n in range(50)]
    assert closed == ["feeder"]


def test_an_endless_source_is_closed_with_its_reader():
    closed = []
    with pytest.raises(KeyboardInterrupt), Feeder(numbers(closed), ahead=2) as feeder:
        assert list(islice(feeder, 5)) == [0, 1, 2, 3, 4]
        raise KeyboardInterrupt
    assert closed == ["feeder"]
    assert not any(thread.name == "feeder" for thread in threading.enumerate())


def test_a_source_that_is_not_ready_can_be_closed():
    asked = threading.Event()

    def never():
        while True:
            asked.set()
            yield None

    with Feeder(never()):
        assert asked.wait(10)


def test_what_the_source_raises_reaches_the_reader():
    def broken():
        yield 1
        raise ValueError("no more")

    with Feeder(broken()) as feeder, pytest.raises(ValueError, match="no more"):
        list(feeder)


def test_only_waiting_is_counted_and_not_for_the_first():
    gate = threading.Event()

    def slow():
        yield 0
        yield 1
        assert gate.wait(10)
        yield 2

    with Feeder(slow()) as feeder:
        items = iter(feeder)
        assert [next(items), next(items)] == [0, 1]
        before = feeder.waited_ns
        threading.Timer(0.05, gate.set).start()
        assert next(items) == 2
        assert feeder.waited_ns - before > 30_000_000


@dataclass(frozen=True)
class Batch:
    shape: tuple[int, int]
    values: torch.Tensor


def test_a_batch_moves_with_all_its_tensors():
    moved = to_device(Batch((1, 2), torch.ones(1, 2)), "meta")
    assert moved.values.device.type == "meta" and moved.shape == (1, 2)
