"""A rendered world as those who sit the benchmark take it: one tick's inputs after another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...generation.embedding import NS_PER_TICK
from ...streams.media import Inputs
from ...streams.world import ticks
from ...streams.world.world import World


def world_inputs(world: World, names: Sequence[str]) -> Iterator[Inputs]:
    """All ticks of a world; some cameras go through a real H.264 encoder, as their recipe says."""
    return ticks.world_inputs(world, names, NS_PER_TICK)
