"""Before stage three, where it is asked for: mixers that begin anew learn to say what those of `start` say.

Each is alone with its place: it reads what the trained mixer there reads, and is pulled to what that one writes. So a
mixer of another kind stands in trained weights within a fraction of what learning from words alone would take (the
alignment of hidden states of MOHAWK, Bick et al. 2024, arXiv:2408.10189).
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from ...errors import ConfigError
from ...generation.backbone import Carry, Layer
from ...generation.checkpoint import load_narrator
from ...generation.narrator import Narrator
from .carries import carries_of, carries_state, carries_where
from .encoder_stage import cosine
from .loop import Portion, Position, Stage, run_stage
from .precision import mixed_precision
from .progress import RunLog
from .segments import read_segments
from .sequences import SegmentBatch
from .settings import TrainSettings
from .start import fresh_layers, start_from
from .tickstreams import TickStream


class ImitationTrainer:
    """The mixers that begin anew, the trained narrator that they listen to, and the optimiser.

    Raises ConfigError where no mixer begins anew, or the trained narrator has no mixer at the same place.
    """

    def __init__(self, settings: TrainSettings, narrator: Narrator) -> None:
        self.settings, self.narrator = settings, narrator
        trained = load_narrator(Path(settings.start))
        self.places = fresh_layers(start_from(narrator, trained, settings.fresh_mixers))
        _check_places(self.places, narrator, trained)
        self._trained = trained.to(settings.device).requires_grad_(False)
        self._pupils = nn.ModuleList(_layers(narrator)[n].mixer for n in self.places)
        self._heard: list[
            tuple[Tensor, Tensor]
        ] = []  # of each place in turn: what was read, what was written
        for n in self.places:
            _layers(trained)[n].mixer.register_forward_hook(self._listen)
        self.optimizer = torch.optim.AdamW(
            self._pupils.parameters(), settings.imitation_lr, betas=(0.9, 0.95), weight_decay=0.01
        )
        self.step = 0
        self._carries: list[Carry] | None = None
        self._trained_carries: list[Carry] | None = None

    def state(self) -> dict[str, Any]:
        return {
            "mixers": self._pupils.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "carries": carries_state(self._carries),
            "trained_carries": carries_state(self._trained_carries),
        }

    def restore(self, state: dict[str, Any]) -> None:
        self._pupils.load_state_dict(state["mixers"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step = state["step"]
        kinds, device = self.narrator.config.backbone.pattern, self.settings.device
        self._carries = carries_of(state["carries"], [kinds[n] for n in self.places], device)
        self._trained_carries = carries_of(
            state["trained_carries"], self._trained.config.backbone.pattern, device
        )

    def learn(self, batch: SegmentBatch) -> dict[str, float]:
        """One step; `loss` is the share of what the trained mixers write that is not met, a mean of the places."""
        rate = cosine(self.settings.imitation_lr, self.step, self.settings.imitation_steps, 100)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        with mixed_precision(self.settings.device):
            self._listen_to(batch)
            carried = carries_where(self._carries, ~batch.is_new)
            starts: Sequence[Carry | None] = carried or [None] * len(self.places)
            carries, unmet = list[Carry](), list[Tensor]()
            for mixer, start, (read, written) in zip(self._pupils, starts, self._heard, strict=True):
                said, carry = mixer(read, start)
                carries.append(carry.detach())
                unmet.append((said - written).float().square().mean() / written.float().square().mean())
        self._carries = carries
        loss = torch.stack(unmet).mean()
        loss.backward()  # type: ignore[no-untyped-call]
        for mixer in self._pupils:  # each on its own, as they learn
            torch.nn.utils.clip_grad_norm_(mixer.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.step += 1
        by_place = {
            f"unmet_{n + 1}": float(part.detach()) for n, part in zip(self.places, unmet, strict=True)
        }
        return {"loss": float(loss.detach()), "lr": rate, **by_place}

    @torch.no_grad()
    def _listen_to(self, batch: SegmentBatch) -> None:
        self._heard.clear()
        x = batch.embed(self.narrator.embedding, self.narrator.config.backbone.d_model)
        starts = carries_where(self._trained_carries, ~batch.is_new)
        _, self._trained_carries = self._trained.backbone(x, starts)

    def _listen(self, mixer: nn.Module, inputs: tuple[Tensor, ...], outputs: tuple[Tensor, Carry]) -> None:
        self._heard.append((inputs[0], outputs[0]))


def imitate(
    settings: TrainSettings, narrator: Narrator, streams: Sequence[TickStream], log: RunLog
) -> Narrator:
    """The narrator, its new mixers after all steps; goes on from `imitation.pt` where one lies."""
    trainer = ImitationTrainer(settings, narrator.to(settings.device))

    def data(step: int, position: Position | None) -> Generator[Portion[SegmentBatch] | None, None, None]:
        return read_segments(settings, streams, narrator.vocabulary, position)

    run_stage(Stage("imitation", settings.imitation_steps, "tokens", trainer, data), settings, log)
    return narrator


def _layers(narrator: Narrator) -> list[Layer]:
    return cast(list[Layer], list(narrator.backbone.layers))


def _check_places(places: Sequence[int], narrator: Narrator, trained: Narrator) -> None:
    new, old = narrator.config.backbone, trained.config.backbone
    if not places:
        raise ConfigError(
            "imitation_steps is above 0, and no mixer begins anew: give 0, fresh_mixers, or another pattern"
        )
    if new.d_model != old.d_model or places[-1] >= old.num_layers:
        raise ConfigError(
            f"imitation_steps is above 0, and start has {old.num_layers} layers of width {old.d_model}, the model to "
            f"be trained {new.num_layers} of {new.d_model}: give 0, or a pattern and d_model that fit those of start"
        )
