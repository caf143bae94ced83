"""The one road to time: a wall clock for sessions, a virtual one for tests and for playing fast."""

from __future__ import annotations

import asyncio
import heapq
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import partial
from typing import Protocol

NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000

# How long a sleeping thread of the virtual clock may overlook its stop event.
_STOP_CHECK_S = 0.005


class Clock(Protocol):
    """Session time in integer nanoseconds, and the only ways to wait for it."""

    def now_ns(self) -> int:
        """The session time."""
        ...

    async def sleep_until(self, t_ns: int) -> None:
        """Let other tasks run until the session time is `t_ns`; a time in the past only yields once."""
        ...

    def wait_until(self, t_ns: int, stop: threading.Event) -> bool:
        """Block this thread until `t_ns`; False as soon as `stop` is set."""
        ...

    def participant(self) -> AbstractContextManager[None]:
        """Register a task or thread: a virtual clock moves only while all of them sleep."""
        ...


class WallClock:
    """Real time; the session starts at 0 ns when the clock is made."""

    def __init__(self) -> None:
        self._origin_ns = monotonic_ns()

    def now_ns(self) -> int:
        return monotonic_ns() - self._origin_ns

    async def sleep_until(self, t_ns: int) -> None:
        await asyncio.sleep(max(0, t_ns - self.now_ns()) / NS_PER_S)

    def wait_until(self, t_ns: int, stop: threading.Event) -> bool:
        wait_ns = t_ns - self.now_ns()
        return not (stop.wait(wait_ns / NS_PER_S) if wait_ns > 0 else stop.is_set())

    def participant(self) -> AbstractContextManager[None]:
        return nullcontext()


class VirtualClock:
    """Time that stands still while a participant works and jumps to the earliest deadline when all sleep.

    Without registered participants a single sleeper is enough for a jump. The one who moves the time by hand
    (`jump_to`) registers nobody, or stays registered and awake.
    """

    def __init__(self, start_ns: int = 0) -> None:
        self._now_ns = start_ns
        self._num_participants = 0
        self._next_ticket = 0
        self._sleepers: list[tuple[int, int, Callable[[], None]]] = []
        self._lock = threading.Lock()

    def now_ns(self) -> int:
        return self._now_ns

    async def sleep_until(self, t_ns: int) -> None:
        if t_ns <= self._now_ns:
            await asyncio.sleep(0)
            return
        loop = asyncio.get_running_loop()
        woken = asyncio.Event()
        ticket = self._fall_asleep(t_ns, partial(_set_from_thread, loop, woken))
        try:
            await woken.wait()
        finally:
            self._leave(ticket)

    def wait_until(self, t_ns: int, stop: threading.Event) -> bool:
        if stop.is_set() or t_ns <= self._now_ns:
            return not stop.is_set()
        woken = threading.Event()
        ticket = self._fall_asleep(t_ns, woken.set)
        try:
            while not woken.wait(_STOP_CHECK_S):
                if stop.is_set():
                    return False
        finally:
            self._leave(ticket)
        return not stop.is_set()

    def jump_to(self, t_ns: int) -> None:
        """Move the time forward by hand and wake all whose deadline has come; never moves it back."""
        with self._lock:
            self._advance(t_ns)

    @contextmanager
    def participant(self) -> Iterator[None]:
        with self._lock:
            self._num_participants += 1
        try:
            yield
        finally:
            with self._lock:
                self._num_participants -= 1
                self._jump_if_all_sleep()

    @property
    def num_sleepers(self) -> int:
        with self._lock:
            return len(self._sleepers)

    def _fall_asleep(self, t_ns: int, wake: Callable[[], None]) -> int:
        with self._lock:
            ticket = self._next_ticket
            self._next_ticket += 1
            heapq.heappush(self._sleepers, (t_ns, ticket, wake))
            self._jump_if_all_sleep()
        return ticket

    def _leave(self, ticket: int) -> None:
        with self._lock:
            self._sleepers = [sleeper for sleeper in self._sleepers if sleeper[1] != ticket]
            heapq.heapify(self._sleepers)

    def _jump_if_all_sleep(self) -> None:
        if self._sleepers and len(self._sleepers) >= max(1, self._num_participants):
            self._advance(self._sleepers[0][0])

    def _advance(self, t_ns: int) -> None:
        self._now_ns = max(self._now_ns, t_ns)
        while self._sleepers and self._sleepers[0][0] <= self._now_ns:
            heapq.heappop(self._sleepers)[2]()


def _set_from_thread(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    # A loop that has closed in the meantime has nobody left to wake.
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(event.set)


def monotonic_ns() -> int:
    """The machine's own running time, the same for all its processes."""
    return time.monotonic_ns()


def wall_ns() -> int:
    """The time of day, since 1970: for what other machines have stamped. It may jump."""
    return time.time_ns()


def perf_ns() -> int:
    """A monotonic counter for the cost of a stage; only differences mean something."""
    return time.perf_counter_ns()


def cpu_ns() -> int:
    """Processor time of this process, all its threads together: what work costs on a machine that others use, too."""
    return time.process_time_ns()


class Stopwatch:
    """Nanoseconds since it was made or last lapped."""

    def __init__(self) -> None:
        self._started_ns = perf_ns()

    def lap_ns(self) -> int:
        """The time since the last lap, and start the next."""
        now_ns = perf_ns()
        elapsed_ns, self._started_ns = now_ns - self._started_ns, now_ns
        return elapsed_ns
