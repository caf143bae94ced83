"""What each camera shows, told at every tick: it teaches the state what is asked for later, and is not kept.

A question names one thing of a scene, once in a while; a head that must tell the whole scene at every gate gives the
state a thousand labels for each of those. It reads the exits, so that the layers above them can answer from it.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from ...generation.embedding import MAX_CAMERAS
from ...streams.media import VIEW_WIDTH
from ...streams.world.events import COLOURS, KINDS, UNSEEN, Thing
from ...streams.world.record import Record

LATELY_TICKS = 150  # 30 s
MOST = 4  # things of a kind, and of any, that are counted
_PAIRS = len(KINDS) * len(COLOURS)
_COUNTED = len(KINDS) + 1
_GROUPS = ("in view", "moving", "gone lately", "on the left", "in the middle", "on the right", "touching")
NUM_STATES = MAX_CAMERAS * (len(_GROUPS) * _PAIRS + MOST * _COUNTED)
# Pairs that training never shows: to be told that they are never there would be to learn just that.
_TRAINED = np.array([[Thing(c, k) not in UNSEEN for c in COLOURS] for k in KINDS]).reshape(-1)
_COUNTS = np.concatenate(
    [np.tile(_TRAINED, len(_GROUPS) * MAX_CAMERAS), np.ones(MOST * MAX_CAMERAS * _COUNTED, bool)]
)


class SceneHead(nn.Linear):
    """Tells the scene from a hidden vector; at first, that nothing is there."""

    def __init__(self, d_model: int) -> None:
        super().__init__(d_model, NUM_STATES)
        nn.init.zeros_(self.weight)
        nn.init.constant_(self.bias, -6.0)

    def loss(self, hidden: Tensor, states: Tensor) -> Tensor:
        """Binary cross entropy in nats for each state that is so, of hidden [G, D] and states [G, NUM_STATES]."""
        losses = F.binary_cross_entropy_with_logits(self(hidden).float(), states.float(), reduction="none")
        counts = torch.from_numpy(_COUNTS).to(losses.device)
        return (losses * counts).sum() / states.sum().clamp(min=1)


def scene_states(record: Record, ticks: list[int]) -> NDArray[np.bool_]:
    """Whether each state is so at these ticks [T, NUM_STATES].

    By camera, kind and colour: in view, moving, out of view for less than `LATELY_TICKS`, in this third of the picture,
    near enough to another to touch it; by camera and kind, and any kind: whether 1, 2, ... `MOST` are in view.
    """
    tick, camera, kind, colour = (record.rows[:, n].astype(int) for n in (0, 1, 3, 4))
    third = np.clip(record.rows[:, 5] * 3 // VIEW_WIDTH, 0, 2)
    place = camera * _PAIRS + kind * len(COLOURS) + colour
    shape = (record.num_ticks + 1, MAX_CAMERAS * _PAIRS)

    def where(chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
        states = np.zeros(shape, bool)
        states[tick[chosen], place[chosen]] = True
        return states

    here, moving = where(tick > 0), where(record.rows[:, 8] > 0)
    times = np.cumsum(here, 0, dtype=np.int32)
    before = np.concatenate([np.zeros_like(times[:LATELY_TICKS]), times])[: len(times)]
    gone = (times > before) & ~here
    number = np.zeros((shape[0], MAX_CAMERAS * _COUNTED), np.int32)
    for counted in (kind, len(KINDS)):
        np.add.at(number, (tick, camera * _COUNTED + counted), 1)
    counts = [number > n for n in range(MOST)]
    return np.concatenate(
        [here, moving, gone, *(where(third == n) for n in range(3)), where(_touching(record)), *counts], 1
    )[ticks]


def _touching(record: Record) -> NDArray[np.bool_]:
    """Whether each sighting is nearer to another of its tick and camera than half their sides [N]."""
    order = np.lexsort((record.rows[:, 1], record.rows[:, 0]))
    rows, found = record.rows[order], np.zeros(len(order), bool)
    for step in range(1, len(rows)):
        one, other = rows[:-step], rows[step:]
        together = (one[:, :2] == other[:, :2]).all(1)
        if not together.any():
            break
        apart = np.hypot(*(one[:, 5:7] - other[:, 5:7]).T)
        touch = together & (apart < (one[:, 7] + other[:, 7]) / 2)
        found[:-step] |= touch
        found[step:] |= touch
    return found[np.argsort(order)]
