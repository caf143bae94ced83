"""Data a few batches ahead of the one that learns, and the measure of how long it had to wait."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import fields, replace
from typing import Any, Generic, TypeVar

from torch import Tensor

from ...streams.clock import Stopwatch

T = TypeVar("T")
_POLL_S = 0.2


class Feeder(Generic[T]):
    """Runs a generator in a thread, at most `ahead` items before they are asked for; a context closes both.

    None from the generator means that nothing is ready yet: it may be closed there. What it raises is raised to the
    reader. `waited_ns` is what the reader waited for all items but the first.
    """

    def __init__(
        self,
        items: Generator[T | None, None, None],
        ahead: int = 4,
        prepare: Callable[[T], T] = lambda item: item,
    ) -> None:
        self._items, self._prepare = items, prepare
        self._queue: queue.Queue[tuple[T | None, BaseException | None]] = queue.Queue(ahead)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="feeder")
        self.waited_ns = 0

    def __enter__(self) -> Feeder[T]:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def __iter__(self) -> Iterator[T]:
        is_first = True
        while True:
            watch = Stopwatch()
            item, error = self._queue.get()
            self.waited_ns += 0 if is_first else watch.lap_ns()
            is_first = False
            if error is not None:
                raise error
            if item is None:
                return
            yield item

    def _run(self) -> None:
        try:
            with closing(self._items) as items:
                for item in items:
                    if self._stop.is_set() or (
                        item is not None and not self._put((self._prepare(item), None))
                    ):
                        return
            self._put((None, None))
        except BaseException as error:  # whatever it is, the reader is told
            self._put((None, error))

    def _put(self, entry: tuple[T | None, BaseException | None]) -> bool:
        """False as soon as nobody will read any more."""
        while not self._stop.is_set():
            try:
                self._queue.put(entry, timeout=_POLL_S)
                return True
            except queue.Full:
                continue
        return False


B = TypeVar("B")


def pinned(batch: B) -> B:
    """A batch (a dataclass of tensors) in memory from which a GPU copies while it computes."""
    return _mapped(batch, lambda tensor: tensor.pin_memory())


def to_device(batch: B, device: str) -> B:
    """A batch (a dataclass of tensors) on another device; from pinned memory nobody waits for it."""
    return _mapped(batch, lambda tensor: tensor.to(device, non_blocking=True))


def _mapped(batch: B, change: Callable[[Tensor], Tensor]) -> B:
    columns = {f.name: getattr(batch, f.name) for f in fields(batch)}  # type: ignore[arg-type]
    tensors: dict[str, Any] = {n: change(v) for n, v in columns.items() if isinstance(v, Tensor)}
    return replace(batch, **tensors)  # type: ignore[type-var]
