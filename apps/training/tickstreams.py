"""Streams of ticks: worlds seen and heard through the frozen encoder, kept as arrays for the language stage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ...files import write_whole
from ...generation.embedding import NS_PER_TICK
from ...perception.audio import NUM_AUDIO_FEATURES
from ...perception.blocks import CameraPlan, TokenBlock, TokenKind
from ...perception.encoder import NUM_PATCHES, PatchEncoder
from ...perception.perception import Perception
from ...perception.pruning import Pruner
from ...streams.media import SAMPLE_RATE_HZ
from ...streams.world.events import KINDS, SHAPES
from ...streams.world.record import Record, record_of
from ...streams.world.ticks import world_inputs
from ...streams.world.world import World
from .checkpoints import packed
from .precision import mixed_precision

TICK_SAMPLES = SAMPLE_RATE_HZ * NS_PER_TICK // 1_000_000_000
MAX_TOKENS = 6  # patches of a camera in a tick, when the budget is full


@dataclass(frozen=True, slots=True, eq=False)
class TickStream:
    """One world as the model reads it: kept patches and sounds with their tick, and what happened."""

    num_ticks: int
    num_cameras: int
    video: NDArray[np.float16]  # [N, F]
    video_place: NDArray[np.int64]  # [N]
    video_slot: NDArray[np.int64]  # [N] camera, from 0
    video_tick: NDArray[np.int64]  # [N] ascending
    is_fovea: NDArray[np.bool_]  # [N] of a closer look
    audio: NDArray[np.float16]  # [M, F]
    audio_place: NDArray[np.int64]  # [M]
    audio_tick: NDArray[np.int64]  # [M] ascending
    record: Record
    num_offered: int = 0


def is_of_shapes(stream: TickStream) -> bool:
    """Whether all that can be seen in a stream are flat shapes; not of one in which nothing can be seen."""
    kinds = stream.record.rows[:, 3]
    return len(kinds) > 0 and all(KINDS[int(kind)] in SHAPES for kind in np.unique(kinds))


def read_stream(
    encoder: PatchEncoder,
    world: World,
    make_pruner: Callable[[], Pruner] | None = None,
    vary_budget: bool = False,
    max_tokens: int = MAX_TOKENS,
    has_native: bool = True,
) -> TickStream:
    """See and hear a world at every tick, through the same perception as a live session."""
    num_ticks = int(world.duration_s * 1e9) // NS_PER_TICK
    budgets = _budgets(num_ticks, max_tokens, vary_budget, np.random.default_rng([world.seed, 78]))
    names = [f"cam{n + 1}" for n in range(world.num_cameras)]
    perception = Perception(encoder, names, make_pruner)
    blocks: list[tuple[int, TokenBlock]] = []
    ticks = world_inputs(world, names, NS_PER_TICK, has_native=has_native)
    # In bfloat16 the features move by 0.02 at most and take less than half the time.
    with mixed_precision("cpu"):
        for tick, (inputs, budget) in enumerate(zip(ticks, budgets, strict=True), start=1):
            plan = {name: CameraPlan(max_tokens=int(budget)) for name in names}
            blocks += [(tick, block) for block in perception.read(inputs, plan).blocks]
    offered = NUM_PATCHES * num_ticks * world.num_cameras
    return _pack(world, num_ticks, blocks, offered, encoder.config.num_features)


def _budgets(num_ticks: int, most: int, vary: bool, rng: np.random.Generator) -> NDArray[np.int64]:
    """A full budget, or for some streams one that changes from tick to tick, so that pruning is familiar."""
    if not vary or rng.random() < 0.6:
        return np.full(num_ticks, most)
    return rng.integers(1, most + 1, num_ticks)


def _pack(
    world: World, num_ticks: int, blocks: Sequence[tuple[int, TokenBlock]], offered: int, num_features: int
) -> TickStream:
    seen = [(tick, b) for tick, b in blocks if b.kind in (TokenKind.VIDEO, TokenKind.FOVEA) and b.num_kept]
    heard = [(tick, b) for tick, b in blocks if b.kind is TokenKind.AUDIO and b.num_kept]
    return TickStream(
        num_ticks=num_ticks,
        num_cameras=world.num_cameras,
        video=_rows([b.features for _, b in seen], num_features),
        video_place=_column([b.places for _, b in seen]),
        video_slot=_column([torch.full((b.num_kept,), b.slot) for _, b in seen]),
        video_tick=_column([torch.full((b.num_kept,), tick) for tick, b in seen]),
        is_fovea=_column([torch.full((b.num_kept,), b.kind is TokenKind.FOVEA) for _, b in seen]).astype(
            bool
        ),
        audio=_rows([b.features for _, b in heard], NUM_AUDIO_FEATURES),
        audio_place=_column([b.places for _, b in heard]),
        audio_tick=_column([torch.full((b.num_kept,), tick) for tick, b in heard]),
        record=record_of(world, num_ticks, NS_PER_TICK),
        num_offered=offered,
    )


def _rows(parts: Sequence[torch.Tensor], width: int) -> NDArray[np.float16]:
    return torch.cat([torch.zeros(0, width), *parts]).numpy().astype(np.float16)


def _column(parts: Sequence[torch.Tensor]) -> NDArray[np.int64]:
    return torch.cat([torch.zeros(0, dtype=torch.int64), *parts]).numpy().astype(np.int64)


def save_streams(path: Path, streams: Sequence[TickStream]) -> None:
    """A shard of streams; it appears whole or not at all. Raises CheckpointError."""
    write_whole(path, packed(list(streams)))


def load_streams(path: Path) -> list[TickStream]:
    """A shard that `save_streams` wrote on this machine."""
    return list(torch.load(path, weights_only=False))
