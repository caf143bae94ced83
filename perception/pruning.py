"""Which patches of a frame become tokens: what has changed since it was last kept, things first, one of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .encoder import COLUMNS, NUM_PATCHES, EncoderConfig

Floats = NDArray[np.float32]
Places = NDArray[np.int64]
MIDDLES = np.stack(  # of the patches (x, y) [60, 2], in patches
    [np.arange(NUM_PATCHES) % COLUMNS + 0.5, np.arange(NUM_PATCHES) // COLUMNS + 0.5], 1
).astype(np.float32)


class Pruner(Protocol):
    """Chooses the patches of one camera's frame that are kept; may remember what it kept before."""

    def select(self, features: Floats, t_ns: int, max_tokens: int) -> Places:
        """Places [N] of the kept patches, N at most `max_tokens`, of features [60, F]."""
        ...


@dataclass(frozen=True, slots=True)
class PruningConfig:
    """Thresholds of the change-and-foreground pruner."""

    min_thing: float = 0.3  # probability from which a patch is foreground
    min_change: float = 0.05  # cosine distance to the last kept embedding at that place that counts as news
    refresh_ns: int = 1_900_000_000  # what rests is said again this often


@dataclass(frozen=True, slots=True, eq=False)
class Opinion:
    """The heads' part of the features, taken apart."""

    embeddings: Floats  # [60, D]
    thing: Floats  # [60] probability
    colour: Places  # [60] the likeliest
    is_still: NDArray[np.bool_]  # [60]
    offset: Floats  # [60, 2] to the thing's middle, in patches
    side: Floats  # [60] in patches

    @property
    def middles(self) -> Floats:
        """Where each patch says that its thing is [60, 2]: (x, y) from the picture's corner, in patches."""
        return np.asarray(MIDDLES + self.offset, np.float32)


class ChangePruner:
    """News first: a patch is offered when it shows a thing and differs from the embedding last *kept* at its place.

    Comparing with the last kept one (not the frame before) lets no slow drift slip through. Patches of one thing agree on
    its middle; the best one speaks for all, and counts as kept for all: a big thing does not crowd out a small one.
    """

    def __init__(self, encoder: EncoderConfig, config: PruningConfig | None = None) -> None:
        self.config = config or PruningConfig()
        self._encoder = encoder
        self._kept = np.zeros((NUM_PATCHES, encoder.width), np.float32)
        self._kept_ns = np.full(NUM_PATCHES, -(1 << 62), np.int64)
        self._kept_resting = np.zeros(NUM_PATCHES, bool)

    def select(self, features: Floats, t_ns: int, max_tokens: int) -> Places:
        """See `Pruner.select`."""
        opinion = take_apart(features, self._encoder)
        change = cosine_distance(opinion.embeddings, self._kept)
        is_thing = opinion.thing >= self.config.min_thing
        is_news = (change >= self.config.min_change) | (t_ns - self._kept_ns >= self.config.refresh_ns)
        # A resting thing that is no longer there is news too: nothing else would say that it was carried away.
        is_gone = (
            self._kept_resting
            & (opinion.thing < self.config.min_thing / 2)
            & (change >= self.config.min_change)
        )
        worth = opinion.thing - 0.15 * np.hypot(*opinion.offset.T) + 0.3 * np.minimum(change, 1)
        score = np.where(is_thing & is_news, worth + 2, np.where(is_gone, change, -np.inf))
        chosen: list[int] = []
        while len(chosen) < max_tokens:
            best = int(np.argmax(score))
            if not np.isfinite(score[best]):
                break
            chosen.append(best)
            spoken_for = self._same_thing(opinion, best) if is_thing[best] else np.zeros(NUM_PATCHES, bool)
            spoken_for[best] = True
            score[spoken_for] = -np.inf
            self._keep(spoken_for, opinion, t_ns)
        return np.array(sorted(chosen), np.int64)

    def _same_thing(self, opinion: Opinion, best: int) -> NDArray[np.bool_]:
        middles = opinion.middles
        apart = np.hypot(*(middles - middles[best]).T)
        reach = 0.5 * max(float(opinion.side[best]), 1.0)
        same_colour = opinion.colour == opinion.colour[best]
        near = apart < np.where(same_colour, reach, 0.4 * reach)
        return np.asarray(near & (opinion.thing >= self.config.min_thing))

    def _keep(self, places: NDArray[np.bool_], opinion: Opinion, t_ns: int) -> None:
        self._kept[places] = opinion.embeddings[places]
        self._kept_ns[places] = t_ns
        self._kept_resting[places] = opinion.is_still[places] & (
            opinion.thing[places] >= self.config.min_thing
        )


class RandomPruner:
    """Baseline of equal budget: patches drawn at random."""

    def __init__(self, seed: int = 0) -> None:
        self._rng = np.random.default_rng(seed)

    def select(self, features: Floats, t_ns: int, max_tokens: int) -> Places:
        """See `Pruner.select`."""
        return np.sort(self._rng.permutation(NUM_PATCHES)[:max_tokens]).astype(np.int64)


class StridePruner:
    """Baseline of equal budget: every n-th patch, the grid shifted by one from frame to frame."""

    def __init__(self) -> None:
        self._shift = 0

    def select(self, features: Floats, t_ns: int, max_tokens: int) -> Places:
        """See `Pruner.select`."""
        if max_tokens <= 0:
            return np.zeros(0, np.int64)
        self._shift += 1
        stride = NUM_PATCHES / max_tokens
        return np.unique((np.arange(max_tokens) * stride + self._shift).astype(np.int64) % NUM_PATCHES)


def take_apart(features: Floats, encoder: EncoderConfig) -> Opinion:
    """What features [60, F] say, head by head."""
    ends = np.cumsum((encoder.width, *encoder.head_sizes))[:-1]
    embeddings, thing, colour, _, motion, offset, side = np.split(features, ends, axis=1)
    return Opinion(embeddings, thing[:, 0], colour.argmax(1), motion.argmax(1) == 0, offset, side[:, 0])


def cosine_distance(a: Floats, b: Floats) -> Floats:
    """0 for rows [N, D] that point the same way, 1 for those that share nothing or where one is zero."""
    scale = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return np.asarray(1 - (a * b).sum(1) / np.maximum(scale, 1e-6), np.float32)
