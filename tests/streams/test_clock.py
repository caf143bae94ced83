from __future__ import annotations

import asyncio
import contextlib
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from millrace.streams.clock import NS_PER_MS, NS_PER_S, Stopwatch, VirtualClock, WallClock


def test_the_wall_clock_starts_near_zero_and_runs() -> None:
    clock = WallClock()
    first_ns = clock.now_ns()
    assert 0 <= first_ns < NS_PER_S
    assert clock.wait_until(first_ns + NS_PER_MS, threading.Event())
    assert clock.now_ns() >= first_ns + NS_PER_MS


def test_a_stopped_wait_on_the_wall_clock_returns_false_at_once() -> None:
    stop = threading.Event()
    stop.set()
    clock = WallClock()
    assert not clock.wait_until(clock.now_ns() + 60 * NS_PER_S, stop)
    assert clock.now_ns() < NS_PER_S


def test_a_single_sleeper_makes_the_virtual_clock_jump() -> None:
    clock = VirtualClock()
    assert clock.wait_until(3600 * NS_PER_S, threading.Event())
    assert clock.now_ns() == 3600 * NS_PER_S


def test_the_virtual_clock_stands_still_while_a_participant_works() -> None:
    clock = VirtualClock()
    stop, done = threading.Event(), threading.Event()
    with clock.participant(), clock.participant():
        thread = threading.Thread(target=lambda: (clock.wait_until(5, stop), done.set()))
        thread.start()
        assert not done.wait(0.05)
        assert clock.now_ns() == 0
        stop.set()
        thread.join()
    assert clock.num_sleepers == 0


def test_the_virtual_clock_wakes_sleepers_in_order_of_their_deadlines() -> None:
    clock = VirtualClock()
    woken: list[int] = []

    async def sleep(t_ns: int) -> None:
        await clock.sleep_until(t_ns)
        woken.append(clock.now_ns())
        leaving.pop().close()

    async def all_sleep() -> None:
        async with asyncio.TaskGroup() as group:
            for t_ns in (30, 10, 20):
                group.create_task(sleep(t_ns))

    leaving = [contextlib.ExitStack() for _ in range(3)]
    for stack in leaving:
        stack.enter_context(clock.participant())

    asyncio.run(all_sleep())
    assert woken == [10, 20, 30]


def test_threads_and_tasks_share_one_virtual_time() -> None:
    clock = VirtualClock()
    seen: list[tuple[str, int]] = []

    def thread_ticks() -> None:
        for t_ns in (10, 30):
            clock.wait_until(t_ns, threading.Event())
            seen.append(("thread", clock.now_ns()))
        leave.__exit__(None, None, None)

    async def task_ticks() -> None:
        with clock.participant():
            thread.start()
            for t_ns in (20, 40):
                await clock.sleep_until(t_ns)
                seen.append(("task", clock.now_ns()))

    leave = clock.participant()
    leave.__enter__()
    thread = threading.Thread(target=thread_ticks)
    asyncio.run(task_ticks())
    thread.join()
    assert seen == [("thread", 10), ("task", 20), ("thread", 30), ("task", 40)]


def test_a_cancelled_sleep_leaves_no_sleeper_behind() -> None:
    clock = VirtualClock()

    async def cancel_it() -> None:
        with clock.participant(), clock.participant():
            task = asyncio.create_task(clock.sleep_until(10))
            while not clock.num_sleepers:
                await clock.sleep_until(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(cancel_it())
    assert clock.num_sleepers == 0
    assert clock.now_ns() == 0


@given(st.lists(st.integers(0, 10**12), min_size=1))
def test_jumping_by_hand_never_moves_time_back(times: list[int]) -> None:
    clock = VirtualClock()
    for index, t_ns in enumerate(times):
        clock.jump_to(t_ns)
        assert clock.now_ns() == max(times[: index + 1])


def test_a_stopwatch_gives_the_time_of_each_lap() -> None:
    watch = Stopwatch()
    assert watch.lap_ns() >= 0
    assert watch.lap_ns() < NS_PER_S
