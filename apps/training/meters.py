"""What a stage measures of itself between two lines of the log: means of its figures, and its speed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from ...streams.clock import Stopwatch
from .feeder import Feeder


class Meter:
    """Means of figures since they were last taken. Nothing is read from the device before."""

    def __init__(self) -> None:
        self._sums: dict[str, float | Tensor] = {}
        self._count = 0

    def add(self, values: Mapping[str, float | Tensor]) -> None:
        """One step's figures."""
        for name, value in values.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
        self._count += 1

    def mean(self, name: str) -> float:
        """Of one figure so far."""
        return float(self._sums.get(name, 0.0)) / max(self._count, 1)

    def take(self) -> dict[str, float]:
        """All means, and begin anew."""
        means = {name: self.mean(name) for name in self._sums}
        self._sums, self._count = {}, 0
        return means

    def state(self) -> dict[str, Any]:
        """What `restore` takes. Sums keep their type: they go on to the last bit."""
        return {"sums": dict(self._sums), "count": self._count}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a saved state; an empty one is a start."""
        self._sums, self._count = dict(state.get("sums", {})), int(state.get("count", 0))


class Gauge:
    """How fast it learns, and which share of the time it waits for data. The first step, often slow, is left out."""

    def __init__(self, items: str) -> None:
        self._items = items
        self._watch = Stopwatch()
        self._has_begun = False
        self._num_items = self._ns = self._waited_before_ns = 0

    def add(self, num_items: int) -> None:
        """A step is done, from the waiting for its data on."""
        ns = self._watch.lap_ns()
        if self._has_begun:
            self._num_items += num_items
            self._ns += ns
        self._has_begun = True

    def skip(self) -> None:
        """What was done since `add` is neither learning nor waiting."""
        self._watch.lap_ns()

    def figures(self, feeder: Feeder[Any]) -> dict[str, float]:
        """Items a second, and the share of waiting."""
        waited_ns = feeder.waited_ns - self._waited_before_ns
        rate = self._num_items / max(self._ns / 1e9, 1e-9)
        return {f"{self._items}_s": rate, "data_wait": min(1.0, waited_ns / max(self._ns, 1))}

    def renew(self, feeder: Feeder[Any]) -> None:
        """Begin another stretch."""
        self._num_items = self._ns = 0
        self._waited_before_ns = feeder.waited_ns
