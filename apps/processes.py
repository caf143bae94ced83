"""Work on all cores: processes that leave Ctrl-C to the one that asked for it, and that end when it ends."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

import cv2
import torch

from ..errors import StateError

A = TypeVar("A")
B = TypeVar("B")


def in_order(
    workers: int, function: Callable[[A], B], tasks: Iterable[A], ahead: int
) -> Generator[B, None, None]:
    """The results of all tasks in their order, at most `ahead` of them begun before they are asked for.

    With 0 workers they are worked off here. Close the iterator to end the processes.
    """
    if workers == 0:
        yield from map(function, tasks)
        return
    waiting, left = deque[Future[B]](), iter(tasks)
    with pool_of(workers, _nothing, ()) as pool:
        waiting.extend(pool.submit(function, task) for task in islice(left, ahead))
        while waiting:
            result = waiting.popleft().result()
            waiting.extend(pool.submit(function, task) for task in islice(left, 1))
            yield result


def as_they_come(
    workers: int,
    function: Callable[[A], B],
    tasks: Iterable[A],
    start: Callable[..., None],
    arguments: tuple[Any, ...],
) -> Iterator[B]:
    """The results of all tasks, the first that is done first; each process begins with `start(*arguments)`.

    With one worker they are worked off here.
    """
    if workers == 1:
        start(*arguments)
        yield from map(function, tasks)
        return
    with pool_of(workers, start, arguments) as pool:
        for future in as_completed([pool.submit(function, task) for task in tasks]):
            yield future.result()


@contextmanager
def pool_of(
    workers: int, start: Callable[..., None], arguments: tuple[Any, ...]
) -> Iterator[ProcessPoolExecutor]:
    """Processes of one thread each, begun with `start(*arguments)`; they end with the block, or with this process.

    Raises StateError where one of them is killed.
    """
    # Spawned, not forked: torch's thread pools do not survive a fork.
    context = multiprocessing.get_context("spawn")
    lifeline, end = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(workers, context, _begin, (lifeline, start, arguments))
    try:
        yield pool
        pool.shutdown()
    except BrokenProcessPool:
        raise StateError(
            "a process that helped was ended, often for want of memory: run the same command again, "
            "with fewer --workers"
        ) from None
    finally:
        end.close()  # whoever still works stops at once: nobody waits for it
        pool.shutdown(cancel_futures=True)
        lifeline.close()


def _begin(lifeline: Connection, start: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(lifeline,), daemon=True).start()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    start(*arguments)


def _end_with(lifeline: Connection) -> None:
    """The other end is closed by the parent, or by its death."""
    wait([lifeline])
    os._exit(1)


def _nothing() -> None:
    """Nothing is to be prepared."""
