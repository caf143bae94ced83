"""Processes that hold the examinees and do one piece of the exam after another, under one progress."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import ExitStack
from types import TracebackType
from typing import Any, TypeAlias, TypeVar

import torch

from ..processes import pool_of
from .examinee import Examinee
from .roster import Roster

T = TypeVar("T")
R = TypeVar("R")
Count: TypeAlias = Callable[[int], None]  # so much more is done
Work: TypeAlias = Callable[
    [Sequence[Examinee], T, Count], R
]  # a function of a module: it travels to other processes

_POLL_S = 0.25
_examinees: list[Examinee] = []
_done: Any = None  # a counter that all processes share


class Crew:
    """A context manager; `workers` 1 does all the work in this process. Results do not depend on their number."""

    def __init__(self, roster: Roster, workers: int, progress: Count = lambda done: None) -> None:
        """`progress` is called with all that has been counted so far."""
        self.roster, self.workers, self._progress = roster, workers, progress
        self._stack = ExitStack()
        self._pool: ProcessPoolExecutor | None = None
        self._num_done = 0

    def __enter__(self) -> Crew:
        # Here too, for the errors: of processes that cannot begin nothing would be told but that they ended.
        self._examinees = self.roster.examinees()
        if self.workers == 1:
            # As in the other processes: sums of floats depend on how many threads share them.
            self._stack.callback(torch.set_num_threads, torch.get_num_threads())
            torch.set_num_threads(1)
            return self
        self._counter = multiprocessing.get_context("spawn").Value("Q", 0)
        pool = pool_of(self.workers, _start_worker, (self.roster, self._counter))
        self._pool = self._stack.enter_context(pool)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def run(self, work: Work[T, R], tasks: Sequence[T], costs: Sequence[int] | None = None) -> list[R]:
        """The results in the order of the tasks. The costliest are begun first: nobody waits for one at the end."""
        if self._pool is None:
            return [work(self._examinees, task, self._count) for task in tasks]
        order = range(len(tasks))
        if costs is not None:
            order = sorted(order, key=lambda n: -costs[n])  # type: ignore[assignment]
        coming = {n: self._pool.submit(_do, work, tasks[n]) for n in order}
        waiting: set[Future[R]] = set(coming.values())
        while waiting:
            done, waiting = wait(waiting, _POLL_S, FIRST_COMPLETED)
            for future in done:
                future.result()  # an error is told at once, not when all is over
            self._progress(self._counter.value)
        return [coming[n].result() for n in range(len(tasks))]

    def _count(self, num: int) -> None:
        self._num_done += num
        self._progress(self._num_done)


def _start_worker(roster: Roster, counter: Any) -> None:
    global _examinees, _done
    _examinees, _done = roster.examinees(), counter


def _do(work: Work[T, R], task: T) -> R:
    return work(_examinees, task, _count_shared)


def _count_shared(num: int) -> None:
    with _done.get_lock():
        _done.value += num
