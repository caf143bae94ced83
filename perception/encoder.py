"""The patch encoder: a view and what moved in it become 60 patch features, with heads that say what each patch shows."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..kernels.linear import Linear
from ..streams.media import VIEW_HEIGHT, VIEW_WIDTH
from ..streams.world.events import COLOURS, LABELS

PATCH = 16  # pixels
COLUMNS, ROWS = VIEW_WIDTH // PATCH, VIEW_HEIGHT // PATCH
NUM_PATCHES = COLUMNS * ROWS
NUM_MOTIONS = 9  # still, and eight headings


@dataclass(frozen=True, slots=True)
class EncoderConfig:
    """Sizes of the encoder."""

    width: int = 128
    # Channels of the convolutions before the last, which has `width`.
    stem: tuple[int, int, int] = (32, 64, 128)
    num_blocks: int = 5
    num_heads: int = 4
    mlp_hidden: int = 384
    num_colours: int = len(COLOURS)
    num_labels: int = len(LABELS)  # kinds of things, and what only carries them

    @property
    def num_features(self) -> int:
        """Length of what is said of a patch: its embedding and the heads' opinions."""
        return self.width + sum(self.head_sizes)

    @property
    def head_sizes(self) -> tuple[int, ...]:
        """Lengths of the heads in the order of `PatchHeads`: thing, colour, label, motion, centre, side."""
        return 1, self.num_colours, self.num_labels, NUM_MOTIONS, 2, 1


@dataclass(frozen=True, slots=True, eq=False)
class PatchHeads:
    """Raw outputs of the heads, for each patch."""

    thing: Tensor  # [B, 60] logit of "shows a thing": the segmentation
    colour: Tensor  # [B, 60, num_colours] logits
    label: Tensor  # [B, 60, num_labels] logits
    motion: Tensor  # [B, 60, 9] logits: still, eight headings
    centre: Tensor  # [B, 60, 2] from the patch's middle to the thing's, in patches
    side: Tensor  # [B, 60] side of the thing, in patches


class _Block(nn.Module):
    """A pre-norm transformer block. Explicit softmax: at 60 tokens it is faster on a CPU than the fused call."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        width = config.width
        self.num_heads = config.num_heads
        self.norm_attention, self.norm_mlp = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = Linear(width, 3 * width), Linear(width, width)
        self.up, self.down = Linear(width, config.mlp_hidden), Linear(config.mlp_hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        batch, num, width = x.shape
        heads = (
            self.qkv(self.norm_attention(x)).view(batch, num, 3, self.num_heads, -1).permute(2, 0, 3, 1, 4)
        )
        query, key, value = heads.unbind(0)
        weights = torch.softmax(query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5, dim=-1)
        x = x + self.out((weights @ value).transpose(1, 2).reshape(batch, num, width))
        mixed: Tensor = self.down(F.gelu(self.up(self.norm_mlp(x))))
        return x + mixed


class PatchEncoder(nn.Module):
    """Six channels (the view, and twice its difference to the one read before) at 160 x 96 to 10 x 6 patches."""

    def __init__(self, config: EncoderConfig | None = None) -> None:
        super().__init__()
        self.config = config or EncoderConfig()
        width = self.config.width
        first, second, third = self.config.stem
        self.stem = nn.Sequential(
            nn.Conv2d(6, first, 4, stride=2, padding=1),
            nn.GELU(),
            nn.Conv2d(first, second, 3, stride=2, padding=1),
            nn.GELU(),
            nn.Conv2d(second, third, 3, stride=2, padding=1),
            nn.GELU(),
            nn.Conv2d(third, width, 3, stride=2, padding=1),
        )
        self.place = nn.Parameter(torch.randn(1, NUM_PATCHES, width) * 0.02)
        self.blocks = nn.ModuleList(_Block(self.config) for _ in range(self.config.num_blocks))
        self.norm = nn.LayerNorm(width)
        self.heads = Linear(width, self.config.num_features - width)

    def forward(self, views: Tensor, before: Tensor) -> tuple[Tensor, PatchHeads]:
        """Views now and the ones read before, uint8 [B, 96, 160, 3], to embeddings [B, 60, width] and heads."""
        x = self.stem(_channels(views, before))
        x = x.flatten(2).transpose(1, 2) + self.place
        for block in self.blocks:
            x = block(x)
        x = self.norm(x)
        return x, _split(self.heads(x).float(), self.config)


def patch_features(embeddings: Tensor, heads: PatchHeads) -> Tensor:
    """What the model is told of each patch [B, 60, F]: the embedding, the heads' probabilities and lengths."""
    return torch.cat(
        [
            embeddings.float(),
            torch.sigmoid(heads.thing)[..., None],
            torch.softmax(heads.colour, -1),
            torch.softmax(heads.label, -1),
            torch.softmax(heads.motion, -1),
            heads.centre,
            heads.side[..., None],
        ],
        dim=-1,
    )


def _channels(views: Tensor, before: Tensor) -> Tensor:
    # Permuted, not copied: the bytes already lie channels-last, the faster layout for convolutions on a CPU.
    now = views.float().permute(0, 3, 1, 2) * (1 / 127.5) - 1
    then = before.float().permute(0, 3, 1, 2) * (1 / 127.5) - 1
    return torch.cat([now, 2 * (now - then)], dim=1).contiguous(memory_format=torch.channels_last)


def _split(raw: Tensor, config: EncoderConfig) -> PatchHeads:
    thing, colour, label, motion, centre, side = torch.split(raw, list(config.head_sizes), dim=-1)
    return PatchHeads(thing[..., 0], colour, label, motion, centre, side[..., 0])
