"""Stage three: the whole model learns to narrate the streams, state carried from segment to segment."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ...generation.backbone import Carry
from ...generation.checkpoint import load_narrator
from ...generation.config import HybridConfig
from ...generation.embedding import NS_PER_TICK
from ...generation.losses import IGNORE, confidence_loss, text_loss
from ...generation.narrator import Narrator, NarratorConfig
from ...generation.words import SILENT
from ...perception.encoder import PatchEncoder
from ...streams.world.words import all_words
from .carries import carries_of, carries_state, carries_where
from .encoder_stage import cosine
from .looks import language_looks
from .loop import Stage, run_stage
from .precision import mixed_precision
from .progress import RunLog
from .scene_state import SceneHead
from .segments import segments_of
from .sequences import SegmentBatch
from .settings import TrainSettings
from .start import start_from
from .talk import DELAY_TICKS
from .teacher import Teacher, divergence, unlikeness
from .tickstreams import TickStream


def new_narrator(settings: TrainSettings, encoder: PatchEncoder) -> Narrator:
    """An untrained narrator around a trained encoder. Its attention sees as far back as in training."""
    torch.manual_seed(settings.seed)
    backbone = HybridConfig(
        d_model=settings.d_model,
        pattern=settings.pattern,
        head_dim=settings.head_dim,
        mlp_hidden=settings.mlp_hidden,
        window=settings.window,
    )
    delay_ns = DELAY_TICKS * NS_PER_TICK
    narrator = Narrator(NarratorConfig(backbone, encoder.config, all_words(), delay_ns, skips_quiet=True))
    if settings.start:
        start_from(narrator, load_narrator(Path(settings.start)), settings.fresh_mixers)
    narrator.encoder.load_state_dict(encoder.state_dict())
    narrator.encoder.requires_grad_(False)
    return narrator


class LanguageTrainer:
    """The narrator without its encoder, the head that tells the scene, and the optimiser, as one state to be saved."""

    def __init__(self, settings: TrainSettings, narrator: Narrator) -> None:
        self.settings, self.narrator = settings, narrator
        self.scene = SceneHead(narrator.config.backbone.d_model).to(settings.device)
        weights = [p for p in (*narrator.parameters(), *self.scene.parameters()) if p.requires_grad]
        groups = [
            {"params": [p for p in weights if p.ndim >= 2], "weight_decay": 0.05},
            {"params": [p for p in weights if p.ndim < 2], "weight_decay": 0.0},
        ]
        self.optimizer = torch.optim.AdamW(groups, settings.language_lr, betas=(0.9, 0.95))
        self.step = 0
        self._carries: list[Carry] | None = None
        self._teacher = Teacher(settings, narrator) if settings.likeness else None
        read = narrator.backbone.forward_with_exits
        self._read = torch.compile(read) if settings.compile else read

    def state(self) -> dict[str, Any]:
        return {
            "narrator": self.narrator.state_dict(),
            "scene": self.scene.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "carries": carries_state(self._carries),
            "teacher": self._teacher and self._teacher.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.narrator.load_state_dict(state["narrator"])
        self.scene.load_state_dict(state["scene"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step = state["step"]
        pattern = self.narrator.config.backbone.pattern
        self._carries = carries_of(state.get("carries"), pattern, self.settings.device)
        if self._teacher is not None and state.get("teacher"):  # a run may take a teacher on the way
            self._teacher.restore(state["teacher"])

    def learn(self, batch: SegmentBatch) -> dict[str, float]:
        """One step on a batch of segments; returns the loss and how often gate and words were right."""
        settings = self.settings
        rate = cosine(settings.language_lr, self.step, settings.language_steps, 100)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        with mixed_precision(settings.device):
            x = batch.embed(self.narrator.embedding, self.narrator.config.backbone.d_model)
            starts, depth = carries_where(self._carries, ~batch.is_new), self._draw_depth()
            below = tuple(exit for exit in settings.exits if exit < depth)
            seen = below if self._teacher is None else tuple(range(1, depth))
            hidden, carries, inner = self._read(x, starts, depth, seen)
            early = [h for n, h in zip(seen, inner, strict=True) if n in below]
            said = batch.target != IGNORE
            target = batch.target[said]
            logits = self.narrator.head(hidden[said])
            unlike, diverging = self._unlike([*inner, hidden], logits, batch, said)
            exits = [self.narrator.head(h[said]) for h in early]
            gates = [h.flatten(0, 1)[batch.gate_at] for h in early or [hidden]]
            scene = torch.stack([self.scene.loss(h, batch.scene) for h in gates]).mean()
            sure = self.narrator.confidence(hidden[said].detach())[:, 0]
        # Layers that were left out keep what they had, as in a session whose depth changes from tick to tick.
        self._carries = [carry.detach() for carry in (*carries, *(starts or ())[depth:])]
        counts = settings.silence_weight, batch.emphasis[said]
        loss = text_loss(logits, target, *counts)
        exit_loss = sum((text_loss(e, target, *counts) for e in exits), logits.new_zeros(()))
        total = loss + settings.exit_weight * exit_loss + confidence_loss(sure, logits, target)
        total = total + settings.scene_weight * scene + settings.likeness * (unlike + diverging)
        total.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(
            [p for g in self.optimizer.param_groups for p in g["params"]], 1.0
        )
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.step += 1
        told = {
            "loss": float(loss.detach()),
            "scene": float(scene.detach()),
            "grad_norm": float(norm),
            "lr": rate,
        }
        if self._teacher is not None:
            told |= {"unlike": float(unlike.detach()), "diverging": float(diverging.detach())}
        return {**told, **_right(logits.detach(), target, batch.is_answer[said])}

    def _unlike(
        self, hidden: Sequence[Tensor], logits: Tensor, batch: SegmentBatch, said: Tensor
    ) -> tuple[Tensor, Tensor]:
        """How far from the teacher's the hidden vectors and the words are; nothing without one."""
        if self._teacher is None:
            return logits.new_zeros(()), logits.new_zeros(())
        theirs = self._teacher.read(batch)
        return unlikeness(hidden, theirs), divergence(logits, self._teacher.words(theirs[-1][said]))

    def _draw_depth(self) -> int:
        """Layers for this batch: all, or now and then those below an exit; all in the first, that each has a carry."""
        whole, exits = len(self.settings.pattern), self.settings.exits
        if self._carries is None or not exits or torch.rand(()).item() >= self.settings.random_depth:
            return whole
        return exits[int(torch.randint(len(exits), ()).item())]


def train_language(
    settings: TrainSettings, narrator: Narrator, streams: Sequence[TickStream], log: RunLog
) -> Narrator:
    """The narrator after all steps; goes on from `language.pt` where one lies."""
    trainer = LanguageTrainer(settings, narrator.to(settings.device))
    data = segments_of(settings, streams, narrator.vocabulary)
    looks = language_looks(settings, narrator, log)
    run_stage(Stage("language", settings.language_steps, "tokens", trainer, data, looks), settings, log)
    return narrator.eval()


def _right(logits: Tensor, target: Tensor, is_answer: Tensor) -> dict[str, float]:
    """How often the next word is right where one follows, and how often silence and speech are told apart."""
    guess, spoken = logits.argmax(-1), target != SILENT
    opens = (guess != SILENT) & spoken
    return {
        "words": (guess == target)[spoken].float().mean().item() if spoken.any() else 0.0,
        "answers": (guess == target)[is_answer].float().mean().item() if is_answer.any() else 0.0,
        "speech_recall": opens.sum().item() / max(spoken.sum().item(), 1),
        "silence": (guess == SILENT)[~spoken].float().mean().item() if (~spoken).any() else 0.0,
    }
