"""The weights of `start` as they were, reading what the new model reads: what it is to be like."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn import functional as F

from ...errors import ConfigError
from ...generation.backbone import Carry, Layer
from ...generation.checkpoint import load_narrator
from ...generation.narrator import Narrator
from .carries import carries_of, carries_state, carries_where
from .sequences import SegmentBatch
from .settings import TrainSettings


class Teacher:
    """Reads batch after batch, its state carried. `narrator` is the new model as it begins, with its words.

    Raises ConfigError where the two have not the same number of layers of the same width.
    """

    def __init__(self, settings: TrainSettings, narrator: Narrator) -> None:
        trained = load_narrator(Path(settings.start))
        _check_shape(narrator, trained)
        self._device = settings.device
        self._backbone = trained.backbone.to(settings.device).requires_grad_(False)
        # What both share, in the words of the new one, before it learns anything.
        self._embedding = copy.deepcopy(narrator.embedding).to(settings.device).requires_grad_(False)
        self._head = copy.deepcopy(narrator.head).to(settings.device).requires_grad_(False)
        self._carries: list[Carry] | None = None

    @property
    def layers(self) -> list[Layer]:
        return cast(list[Layer], list(self._backbone.layers))

    def state(self) -> dict[str, Any]:
        return {"carries": carries_state(self._carries)}

    def restore(self, state: Mapping[str, Any]) -> None:
        self._carries = carries_of(state["carries"], self._backbone.config.pattern, self._device)

    @torch.no_grad()
    def read(self, batch: SegmentBatch) -> list[Tensor]:
        """Its hidden vectors [B, T, D] after each layer."""
        config = self._backbone.config
        x = batch.embed(self._embedding, config.d_model)
        starts, whole = carries_where(self._carries, ~batch.is_new), config.num_layers
        hidden, self._carries, inner = self._backbone.forward_with_exits(
            x, starts, whole, tuple(range(1, whole))
        )
        return [*inner, hidden]

    def words(self, hidden: Tensor) -> Tensor:
        """Its logits [N, V] for its last hidden vectors [N, D]."""
        logits: Tensor = self._head(hidden)
        return logits


def unlikeness(ours: Sequence[Tensor], theirs: Sequence[Tensor]) -> Tensor:
    """The squared distance of hidden vectors, as a share of their squared length, a mean of the layers; a scalar."""
    pairs = zip(ours, theirs, strict=False)  # a model may be read less deep
    return torch.stack([unmet(a, b) for a, b in pairs]).mean()


def unmet(said: Tensor, wanted: Tensor) -> Tensor:
    """The share of what is wanted that is not met: 1 for silence, 0 for the same; a scalar."""
    return (said - wanted).float().square().mean() / wanted.float().square().mean()


def divergence(ours: Tensor, theirs: Tensor) -> Tensor:
    """Kullback-Leibler divergence of our words from theirs, in nats a word; both are logits [N, V]."""
    said, wanted = (F.log_softmax(logits.float(), -1) for logits in (ours, theirs))
    return F.kl_div(said, wanted, reduction="batchmean", log_target=True)


def _check_shape(narrator: Narrator, trained: Narrator) -> None:
    new, old = narrator.config.backbone, trained.config.backbone
    if (new.d_model, new.num_layers) != (old.d_model, old.num_layers):
        raise ConfigError(
            f"start has {old.num_layers} layers of width {old.d_model}, the model to be trained {new.num_layers} of "
            f"{new.d_model}, so it cannot be its teacher: give 0 for imitation_steps and likeness, or the same shape"
        )
