"""Before stage three, where it is asked for: mixers that begin anew learn to say what those of `start` say.

Each is alone with its place: it reads what the trained mixer there reads, and is pulled to what that one writes. So a
mixer of another kind stands in trained weights within a fraction of what learning from words alone would take (the
alignment of hidden states of MOHAWK, Bick et al. 2024, arXiv:2408.10189).
"""

from __future__ import annotations

from collections.abc import Sequence
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
from .loop import Stage, run_stage
from .precision import mixed_precision
from .progress import RunLog
from .segments import segments_of
from .sequences import SegmentBatch
from .settings import TrainSettings
from .start import fresh_layers, start_from
from .teacher import Teacher, unmet
from .tickstreams import TickStream


class ImitationTrainer:
    """The mixers that begin anew, the teacher whose mixers they listen to, and the optimiser.

    Raises ConfigError where no mixer begins anew, or the teacher has no mixer at the same place.
    """

    def __init__(self, settings: TrainSettings, narrator: Narrator) -> None:
        self.settings, self.narrator = settings, narrator
        trained = load_narrator(Path(settings.start))
        self.places = fresh_layers(start_from(narrator, trained, settings.fresh_mixers))
        if not self.places:
            raise ConfigError(
                "imitation_steps is above 0, and no mixer begins anew: give 0, fresh_mixers, or another pattern"
            )
        self._teacher = Teacher(settings, narrator)
        layers = cast(list[Layer], list(narrator.backbone.layers))
        self._pupils = nn.ModuleList(layers[n].mixer for n in self.places)
        self._heard: list[
            tuple[Tensor, Tensor]
        ] = []  # of each place in turn: what was read, what was written
        for n in self.places:
            self._teacher.layers[n].mixer.register_forward_hook(self._listen)
        self.optimizer = torch.optim.AdamW(
            self._pupils.parameters(), settings.imitation_lr, betas=(0.9, 0.95), weight_decay=0.01
        )
        self.step = 0
        self._carries: list[Carry] | None = None

    def state(self) -> dict[str, Any]:
        return {
            "mixers": self._pupils.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "carries": carries_state(self._carries),
            "teacher": self._teacher.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        self._pupils.load_state_dict(state["mixers"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step = state["step"]
        kinds = [self.narrator.config.backbone.pattern[n] for n in self.places]
        self._carries = carries_of(state["carries"], kinds, self.settings.device)
        self._teacher.restore(state["teacher"])

    def learn(self, batch: SegmentBatch) -> dict[str, float]:
        """One step; `loss` is the share of what the trained mixers write that is not met, a mean of the places."""
        rate = cosine(self.settings.imitation_lr, self.step, self.settings.imitation_steps, 100)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        with mixed_precision(self.settings.device):
            self._heard.clear()
            self._teacher.read(batch)
            carried = carries_where(self._carries, ~batch.is_new)
            starts: Sequence[Carry | None] = carried or [None] * len(self.places)
            carries, missed = list[Carry](), list[Tensor]()
            for mixer, start, (read, written) in zip(self._pupils, starts, self._heard, strict=True):
                said, carry = mixer(read, start)
                carries.append(carry.detach())
                missed.append(unmet(said, written))
        self._carries = carries
        loss = torch.stack(missed).mean()
        loss.backward()  # type: ignore[no-untyped-call]
        for mixer in self._pupils:  # each on its own, as they learn
            torch.nn.utils.clip_grad_norm_(mixer.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.step += 1
        by_place = {
            f"unmet_{n + 1}": float(part.detach()) for n, part in zip(self.places, missed, strict=True)
        }
        return {"loss": float(loss.detach()), "lr": rate, **by_place}

    def _listen(self, mixer: nn.Module, inputs: tuple[Tensor, ...], outputs: tuple[Tensor, Carry]) -> None:
        self._heard.append((inputs[0], outputs[0]))


def imitate(
    settings: TrainSettings, narrator: Narrator, streams: Sequence[TickStream], log: RunLog
) -> Narrator:
    """The narrator, its new mixers after all steps; goes on from `imitation.pt` where one lies."""
    trainer = ImitationTrainer(settings, narrator.to(settings.device))
    data = segments_of(settings, streams, narrator.vocabulary)
    run_stage(Stage("imitation", settings.imitation_steps, "tokens", trainer, data), settings, log)
    return narrator


def check_imitation(settings: TrainSettings, narrator: Narrator) -> None:
    """Raises ConfigError where the settings want something imitated that is not there; changes nothing."""
    if settings.imitation_steps:
        ImitationTrainer(settings, narrator)
    elif settings.likeness:
        Teacher(settings, narrator)
