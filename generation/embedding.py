"""All that comes in, as vectors of the model's width: time, patches, sound, words, the gate.

Attention has no positions; what it reads carries the time of the stream as the hands of some clocks, so that it can
look for what came last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..perception.blocks import TokenBlock, TokenKind

MAX_CAMERAS = 4
MAX_AUDIO_PLACES = 16
NS_PER_TICK = 200_000_000
CLOCK_PERIODS_S = (2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0)


@dataclass(frozen=True, slots=True)
class InputSizes:
    """Lengths of what perception delivers, and the number of words."""

    num_video_features: int
    num_audio_features: int
    num_places: int
    num_words: int


class InputEmbedding(nn.Module):
    """Linear maps of features plus learnt vectors of place and camera; words and the gate are vectors themselves."""

    def __init__(self, d_model: int, sizes: InputSizes) -> None:
        super().__init__()
        self.video = nn.Linear(sizes.num_video_features, d_model)
        self.audio = nn.Linear(sizes.num_audio_features, d_model)
        self.time = nn.Linear(2, d_model)
        self.place = nn.Embedding(sizes.num_places, d_model)
        self.camera = nn.Embedding(MAX_CAMERAS, d_model)
        self.audio_place = nn.Embedding(MAX_AUDIO_PLACES, d_model)
        self.word = nn.Embedding(sizes.num_words, d_model)
        skip = nn.utils.skip_init  # its zeros need no draw from the generator
        self.clock: nn.Linear = skip(nn.Linear, 2 * len(CLOCK_PERIODS_S), d_model, bias=False)  # type: ignore[no-untyped-call]
        nn.init.zeros_(self.clock.weight)
        self.turns_per_ns: Tensor
        rates = 1e-9 / torch.tensor(CLOCK_PERIODS_S, dtype=torch.float64)
        self.register_buffer("turns_per_ns", rates, persistent=False)
        self.gate = nn.Parameter(torch.zeros(d_model))
        self.user = nn.Parameter(torch.zeros(d_model))  # tells what a person typed from what the model wrote
        self.fovea = nn.Parameter(torch.zeros(d_model))  # tells a patch of a closer look from one of the view
        for table in (self.place, self.camera, self.audio_place, self.word):
            nn.init.normal_(table.weight, std=0.5)
        nn.init.normal_(self.gate, std=0.5)

    def patches(self, features: Tensor, places: Tensor, slots: Tensor) -> Tensor:
        """Features [N, F] at places [N] of cameras [N] to [N, D]."""
        embedded: Tensor = self.video(features) + self.place(places) + self.camera(slots)
        return embedded

    def foveas(self, features: Tensor, places: Tensor, slots: Tensor) -> Tensor:
        """As `patches`, for patches of a fovea; `places` are those of the whole view."""
        return self.patches(features, places, slots) + self.fovea

    def texts(self, numbers: Tensor) -> Tensor:
        """Words that a person typed [N] to [N, D]."""
        embedded: Tensor = self.word(numbers) + self.user
        return embedded

    def sounds(self, features: Tensor, places: Tensor) -> Tensor:
        """Features [N, F] at their order in the tick [N] to [N, D]."""
        embedded: Tensor = self.audio(features) + self.audio_place(places.clamp(max=MAX_AUDIO_PLACES - 1))
        return embedded

    def gaps(self, gap_ns: Tensor) -> Tensor:
        """Time since the last tick [N] to [N, D]."""
        ticks = gap_ns.float() / NS_PER_TICK
        embedded: Tensor = self.time(torch.stack([ticks.clamp(max=10.0), torch.log1p(ticks)], dim=-1))
        return embedded

    def clocks(self, t_ns: Tensor) -> Tensor:
        """Times of the stream [N] to [N, D]: sine and cosine of where the hand of each clock stands."""
        angles = (t_ns.double()[:, None] * self.turns_per_ns % 1 * (2 * torch.pi)).float()
        embedded: Tensor = self.clock(torch.cat([angles.sin(), angles.cos()], dim=-1))
        return embedded

    def written(self, number: int, clock: Tensor) -> Tensor:
        """A word that the model wrote itself, [D]; `clock` [D] is that of its tick."""
        return self.word.weight[number] + clock

    def tick(self, t_ns: int, gap_ns: int, blocks: Sequence[TokenBlock]) -> Tensor:
        """One tick's sequence [N, D]: the time token, patches, sounds, typed words, the gate."""
        rows = [self.gaps(torch.tensor([gap_ns]))]
        # Each camera's closer look stands behind its view.
        seen = [b for b in blocks if b.kind in (TokenKind.VIDEO, TokenKind.FOVEA) and b.num_kept]
        if seen:
            slots = torch.cat([torch.full((b.num_kept,), b.slot) for b in seen])
            is_closer = torch.cat([torch.full((b.num_kept, 1), b.kind is TokenKind.FOVEA) for b in seen])
            patches = self.patches(
                torch.cat([b.features for b in seen]), torch.cat([b.places for b in seen]), slots
            )
            rows.append(patches + is_closer * self.fovea)
        rows += [
            self.sounds(b.features, b.places) for b in blocks if b.kind is TokenKind.AUDIO and b.num_kept
        ]
        rows += [self.texts(b.features) for b in blocks if b.kind is TokenKind.TEXT and b.num_kept]
        rows.append(self.gate[None])
        return torch.cat(rows) + self.clocks(torch.tensor([t_ns]))
