"""From what came in to tokens: sample frames, encode views, prune patches, tokenise sound."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from ..streams.clock import Stopwatch
from ..streams.media import AudioChunk, Inputs, VideoFrame
from ..streams.world.events import COLOURS, LABELS
from .audio import AudioTokenizer
from .blocks import CameraPlan, Glimpse, Perceived, TokenBlock, TokenKind
from .encoder import NUM_PATCHES, EncoderConfig, PatchEncoder, patch_features
from .fovea import CloserLook, Fovea
from .pruning import ChangePruner, Floats, Places, Pruner
from .sampler import NO_BUDGET, STILL, FrameSampler


@dataclass(slots=True, eq=False)
class _Eye:
    """What perception remembers of one camera."""

    pruner: Pruner
    fovea: Fovea
    sampler: FrameSampler = field(default_factory=FrameSampler)
    before: NDArray[np.uint8] | None = None  # the view read last


class Perception:
    """Looks at all cameras and listens to all microphones of one session; slots are numbered as the names stand.

    `make_pruner` exchanges the pruning, for measurements; by default it keeps changed things. Without `fovea` no part of
    a picture is looked at closely, whatever the plan grants.
    """

    def __init__(
        self,
        encoder: PatchEncoder,
        names: Sequence[str],
        make_pruner: Callable[[], Pruner] | None = None,
        *,
        fovea: bool = True,
    ) -> None:
        self.encoder = encoder.eval()
        self.names = tuple(names)
        self.has_fovea = fovea
        self._make_pruner = make_pruner or (lambda: ChangePruner(encoder.config))
        self.reset()

    def reset(self) -> None:
        """Forget everything seen and heard."""
        self._eyes = {
            name: _Eye(self._make_pruner(), Fovea(self.encoder.config, self._make_pruner))
            for name in self.names
        }
        self._ears: dict[str, AudioTokenizer] = {}

    @torch.inference_mode()
    def read(self, inputs: Inputs, cameras: Mapping[str, CameraPlan]) -> Perceived:
        """One tick's tokens: cameras in the order of their slots, each with its closer look behind it, then sound.

        A camera that the plan does not grant, or that shows nothing new, gives an empty block and a cause in `skipped`.
        """
        watch = Stopwatch()
        costs: dict[str, int] = {}
        skipped = self._sample(inputs, cameras)
        looked = [name for name in self.names if name in inputs.frames and name not in skipped]
        costs["sample"] = watch.lap_ns()
        encoded = self._encode([inputs.frames[name] for name in looked])
        features = dict(zip(looked, encoded, strict=True))
        costs["encode"] = watch.lap_ns()
        places = self._prune(inputs, cameras, features)
        costs["prune"] = watch.lap_ns()
        told = self._look_closer(inputs, cameras, features)
        costs["fovea"] = watch.lap_ns()
        blocks = self._blocks(inputs, features, places, told)
        costs["prune"] += watch.lap_ns()
        blocks += [self._listen(name, inputs.t_ns, chunks) for name, chunks in inputs.audio.items() if chunks]
        costs["audio"] = watch.lap_ns()
        glimpses = {name: glimpse(self.encoder.config, features[name], places[name]) for name in looked}
        return Perceived(blocks, skipped, costs, tuple(told), glimpses)

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
        self, inputs: Inputs, cameras: Mapping[str, CameraPlan], features: Mapping[str, Floats]
    ) -> dict[str, Places]:
        return {
            name: self._eyes[name].pruner.select(
                seen, inputs.t_ns, cameras.get(name, CameraPlan()).max_tokens
            )
            for name, seen in features.items()
        }

    def _look_closer(
        self, inputs: Inputs, cameras: Mapping[str, CameraPlan], features: Mapping[str, Floats]
    ) -> dict[str, tuple[Floats, Places]]:
        """What closer looks say, by camera. A second pass, because the first one says where to look."""
        looks: dict[str, CloserLook] = {}
        for name, seen in features.items():
            is_granted = self.has_fovea and cameras.get(name, CameraPlan()).fovea
            look = self._eyes[name].fovea.look(
                inputs.frames[name].native, seen, inputs.t_ns, is_granted=is_granted
            )
            if look is not None:
                looks[name] = look
        if not looks:
            return {}
        closer = encode_views(
            self.encoder, [look.now for look in looks.values()], [look.before for look in looks.values()]
        )
        return {
            name: self._eyes[name].fovea.tokens(seen, inputs.t_ns)
            for name, seen in zip(looks, closer, strict=True)
        }

    def _blocks(
        self,
        inputs: Inputs,
        features: Mapping[str, Floats],
        places: Mapping[str, Places],
        told: Mapping[str, tuple[Floats, Places]],
    ) -> list[TokenBlock]:
        nothing = np.zeros((0, self.encoder.config.num_features), np.float32), np.zeros(0, np.int64)
        blocks: list[TokenBlock] = []
        for slot, name in enumerate(self.names):
            if name not in inputs.frames:
                continue
            t_ns, closer = inputs.frames[name].t_ns, told.get(name, nothing)
            kept, kept_places = nothing
            if name in features:
                kept_places = self._eyes[name].fovea.unspoken(features[name], places[name], *closer)
                kept = features[name][kept_places]
            blocks.append(_block(name, slot, t_ns, TokenKind.VIDEO, kept, kept_places, NUM_PATCHES))
            if name in told:
                blocks.append(_block(name, slot, t_ns, TokenKind.FOVEA, *closer, NUM_PATCHES))
        return blocks

    def _listen(self, name: str, t_ns: int, chunks: Sequence[AudioChunk]) -> TokenBlock:
        features, num_offered = self._ears.setdefault(name, AudioTokenizer()).tokens(chunks)
        return _block(name, 0, t_ns, TokenKind.AUDIO, features, np.arange(len(features)), num_offered)


def glimpse(config: EncoderConfig, features: NDArray[np.float32], kept: NDArray[np.int64]) -> Glimpse:
    """What features [60, F] say of a picture, in words."""
    ends = config.width + np.cumsum(config.head_sizes)
    colours = features[kept, ends[0] : ends[1]].argmax(1)
    labels = features[kept, ends[1] : ends[2]].argmax(1)
    names = tuple(f"{COLOURS[c]} {LABELS[n]}" for c, n in zip(colours, labels, strict=True))
    return Glimpse(features[:, config.width].copy(), tuple(kept.tolist()), names)


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
