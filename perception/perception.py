"""From what came in to tokens: sample frames, encode views, prune patches, tokenise sound."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from ..streams.clock import perf_ns
from ..streams.media import AudioChunk, Inputs, VideoFrame
from .audio import AudioTokenizer
from .blocks import CameraPlan, Perceived, TokenBlock, TokenKind
from .encoder import NUM_PATCHES, PatchEncoder, patch_features
from .pruning import ChangePruner, Pruner
from .sampler import NO_BUDGET, STILL, FrameSampler


@dataclass(slots=True, eq=False)
class _Eye:
    """What perception remembers of one camera."""

    pruner: Pruner
    sampler: FrameSampler = field(default_factory=FrameSampler)
    before: NDArray[np.uint8] | None = None  # the view read last


class Perception:
    """Looks at all cameras and listens to all microphones of one session; slots are numbered as the names stand.

    `make_pruner` exchanges the pruning, for measurements; by default it keeps changed things.
    """

    def __init__(
        self, encoder: PatchEncoder, names: Sequence[str], make_pruner: Callable[[], Pruner] | None = None
    ) -> None:
        self.encoder = encoder.eval()
        self.names = tuple(names)
        self._make_pruner = make_pruner or (lambda: ChangePruner(encoder.config))
        self.reset()

    def reset(self) -> None:
        """Forget everything seen and heard."""
        self._eyes = {name: _Eye(self._make_pruner()) for name in self.names}
        self._ears: dict[str, AudioTokenizer] = {}

    @torch.inference_mode()
    def read(self, inputs: Inputs, cameras: Mapping[str, CameraPlan]) -> Perceived:
        """One tick's tokens: cameras in the order of their slots, then sound.

        A camera that the plan does not grant, or that shows nothing new, gives an empty block and a cause in `skipped`.
        """
        start = perf_ns()
        skipped = self._sample(inputs, cameras)
        looked = [name for name in self.names if name in inputs.frames and name not in skipped]
        sampled = perf_ns()
        features = self._encode([inputs.frames[name] for name in looked])
        encoded = perf_ns()
        blocks = self._prune(inputs, cameras, dict(zip(looked, features, strict=True)))
        pruned = perf_ns()
        blocks += [self._listen(name, inputs.t_ns, chunks) for name, chunks in inputs.audio.items() if chunks]
        costs = {
            "sample": sampled - start,
            "encode": encoded - sampled,
            "prune": pruned - encoded,
            "audio": perf_ns() - pruned,
        }
        return Perceived(blocks, skipped, costs)

    def _sample(self, inputs: Inputs, cameras: Mapping[str, CameraPlan]) -> dict[str, str]:
        skipped: dict[str, str] = {}
        for name in self.names:
            frame, plan = inputs.frames.get(name), cameras.get(name, CameraPlan())
            if frame is None:
                continue
            if not plan.read:
                skipped[name] = NO_BUDGET
            elif not self._eyes[name].sampler.wants(frame):
                skipped[name] = STILL
        return skipped

    def _encode(self, frames: Sequence[VideoFrame]) -> list[NDArray[np.float32]]:
        if not frames:
            return []
        now = [frame.pixels for frame in frames]
        eyes = [self._eyes[frame.source] for frame in frames]
        before = [view if eye.before is None else eye.before for eye, view in zip(eyes, now, strict=True)]
        for eye, view in zip(eyes, now, strict=True):
            eye.before = view
        return encode_views(self.encoder, now, before)

    def _prune(
        self, inputs: Inputs, cameras: Mapping[str, CameraPlan], features: Mapping[str, NDArray[np.float32]]
    ) -> list[TokenBlock]:
        blocks: list[TokenBlock] = []
        for slot, name in enumerate(self.names):
            if name not in inputs.frames:
                continue
            places = np.zeros(0, np.int64)
            if name in features:
                max_tokens = cameras.get(name, CameraPlan()).max_tokens
                places = self._eyes[name].pruner.select(features[name], inputs.t_ns, max_tokens)
            kept = (
                features[name][places]
                if name in features
                else np.zeros((0, self.encoder.config.num_features), np.float32)
            )
            blocks.append(
                _block(name, slot, inputs.frames[name].t_ns, TokenKind.VIDEO, kept, places, NUM_PATCHES)
            )
        return blocks

    def _listen(self, name: str, t_ns: int, chunks: Sequence[AudioChunk]) -> TokenBlock:
        features, num_offered = self._ears.setdefault(name, AudioTokenizer()).tokens(chunks)
        return _block(name, 0, t_ns, TokenKind.AUDIO, features, np.arange(len(features)), num_offered)


@torch.inference_mode()
def encode_views(
    encoder: PatchEncoder, now: Sequence[NDArray[np.uint8]], before: Sequence[NDArray[np.uint8]]
) -> list[NDArray[np.float32]]:
    """Features [60, F] of each view [96, 160, 3], given the view read before it."""
    embeddings, heads = encoder(torch.from_numpy(np.stack(now)), torch.from_numpy(np.stack(before)))
    return list(patch_features(embeddings, heads).numpy())


def _block(
    name: str,
    slot: int,
    t_ns: int,
    kind: TokenKind,
    features: NDArray[np.float32],
    places: NDArray[np.int64],
    offered: int,
) -> TokenBlock:
    return TokenBlock(name, slot, t_ns, kind, torch.from_numpy(features), torch.from_numpy(places), offered)
