"""The encoder's pictures, rendered while it learns: batches that are a function of the settings and the step alone.

A round is a number of worlds, rendered on all cores but one, and the pool that they fill; some batches are drawn from
it, then comes the next round. A run that goes on renders the round anew in which it was.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing

import numpy as np
from numpy.typing import NDArray

from ..processes import in_order
from .loop import Portion
from .patches import TRAIN_SEEDS, PatchBatch, Sample, augment, collate, samples_of
from .settings import TrainSettings

PER_WORLD = 65  # pictures that a world gives, about
_EVALUATION_SEEDS = 500_000
_ORDER, _CHANGE = 1, 2  # what a generator is for, beside its seed


def render_world(task: tuple[int, int]) -> list[Sample]:
    """All samples of a world: its number, and the seed of the run."""
    number, seed = task
    return samples_of(number, np.random.default_rng([number, seed]))


def rendered(settings: TrainSettings, first_step: int) -> Generator[Portion[PatchBatch] | None, None, None]:
    """Batches from a step to the last; None where nothing is ready yet, so that the one who asks may end it."""
    span, size = settings.encoder_pool, settings.encoder_batch
    worlds = max(1, round(span * size / settings.picture_uses / PER_WORLD))
    rounds = range(first_step // span, -(-settings.encoder_steps // span))
    tasks = ((TRAIN_SEEDS + n, settings.seed) for n in range(rounds.start * worlds, rounds.stop * worlds))
    # The next pool is rendered while batches are drawn from this one.
    rendered_worlds = in_order(settings.workers - 1, render_world, tasks, ahead=worlds + settings.workers)
    with closing(rendered_worlds):
        for number in rounds:
            pool = list[Sample]()
            for _ in range(worlds):
                pool += next(rendered_worlds)
                yield None
            order = _order(len(pool), span * size, [settings.seed, _ORDER, number])
            for step in range(
                max(first_step, number * span), min((number + 1) * span, settings.encoder_steps)
            ):
                start = (step - number * span) * size
                chosen = [pool[n] for n in order[start : start + size]]
                yield Portion(make_batch(chosen, settings.seed, step), size)


def make_batch(samples: list[Sample], seed: int, step: int) -> PatchBatch:
    """The samples, each altered as the step wants it."""
    rng = np.random.default_rng([seed, _CHANGE, step])
    return collate([augment(sample, rng) for sample in samples])


def held_out(settings: TrainSettings) -> list[PatchBatch]:
    """Two batches of worlds that training never sees."""
    size = min(256, settings.encoder_batch * 4)
    worlds = range(_EVALUATION_SEEDS, _EVALUATION_SEEDS + min(24, 1 + size // 10))
    pool = [sample for number in worlds for sample in render_world((number, 0))]
    order = _order(len(pool), 2 * size, [0, _ORDER, 0])
    return [make_batch([pool[n] for n in order[k * size : (k + 1) * size]], 0, k) for k in range(2)]


def _order(num: int, wanted: int, seed: list[int]) -> NDArray[np.int64]:
    """Numbers below `num` in random order, all of them once before one comes again."""
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.permutation(num) for _ in range(-(-wanted // num))])[:wanted]
