"""To begin from weights that were trained before: what both models share is taken over, the rest starts afresh."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from ...errors import ConfigError
from ...generation.narrator import Narrator
from ...perception.encoder import EncoderConfig, PatchEncoder

_BY_WORD = ("embedding.word.weight", "head.weight", "head.bias")  # rows are words
_BY_FEATURE = "embedding.video.weight"  # columns are what the encoder says of a patch


@torch.no_grad()
def start_from(narrator: Narrator, trained: Narrator, fresh_mixers: str = "") -> list[str]:
    """Fill a narrator with all but the encoder of another one; returns the names of tensors that found no counterpart.

    Words are matched by their text, features of patches by their meaning; all else by name and shape. Mixers of the
    kinds in `fresh_mixers` (`M`, `A`) stay as they are, and count as without counterpart.
    """
    source, left = trained.state_dict(), []
    layers = enumerate(narrator.config.backbone.pattern)
    fresh = tuple(f"backbone.layers.{n}.mixer." for n, kind in layers if kind in fresh_mixers)
    is_as_wide = narrator.config.backbone.d_model == trained.config.backbone.d_model
    for name, tensor in narrator.state_dict().items():
        if name.startswith("encoder."):
            continue
        if (
            name.startswith(fresh)
            or name not in source
            or (name in (*_BY_WORD, _BY_FEATURE) and not is_as_wide)
        ):
            left.append(name)
        elif name in _BY_WORD:
            rows = _common_words(narrator, trained)
            tensor[[new for new, _ in rows]] = source[name][[old for _, old in rows]]
        elif name == _BY_FEATURE:
            _fill_features(tensor, source[name], narrator.encoder.config, trained.encoder.config)
        elif tensor.shape == source[name].shape:
            tensor.copy_(source[name])
        else:
            left.append(name)
    return left


def fresh_layers(left: Sequence[str]) -> list[int]:
    """The layers whose mixers begin anew, in part or wholly: `left` is what `start_from` returned."""
    parts = [name.split(".") for name in left if name.startswith("backbone.layers.")]
    return sorted({int(number) for _, _, number, part, *_ in parts if part == "mixer"})


@torch.no_grad()
def grow_from(encoder: PatchEncoder, trained: PatchEncoder) -> None:
    """Fill an encoder with a trained one of its width, as large or smaller: it says the same, and has room to learn.

    New channels feed nothing that was there, new blocks add nothing yet (Net2Net, Chen et al. 2016, arXiv:1511.05641).
    Raises ConfigError where the trained one does not fit in.
    """
    source, config, smaller = trained.state_dict(), encoder.config, trained.config
    if not _fits(smaller, config):
        raise ConfigError(f"start: its encoder ({smaller}) does not fit into that to be trained ({config})")
    for name, tensor in encoder.state_dict().items():
        if name not in source:
            if name.startswith("blocks.") and name.split(".")[2] in ("out", "down"):
                tensor.zero_()
            continue
        old = source[name]
        if name.startswith("stem.") and tensor.ndim == 4:
            tensor[: old.shape[0], old.shape[1] :] = 0
        tensor[tuple(slice(n) for n in old.shape)] = old


def _fits(smaller: EncoderConfig, config: EncoderConfig) -> bool:
    as_large = replace(config, stem=smaller.stem, num_blocks=smaller.num_blocks)
    stems = zip(smaller.stem, config.stem, strict=True)
    return smaller == as_large and smaller.num_blocks <= config.num_blocks and all(a <= b for a, b in stems)


@torch.no_grad()
def blend_with(narrator: Narrator, trained: Narrator, share: float, fresh_mixers: str = "") -> None:
    """Average with the weights that training began from: `share` of the narrator, the rest of `trained`.

    Both lie in one basin, and the average keeps what either is good at (WiSE-FT, Wortsman et al. 2022,
    arXiv:2109.01903). What has no counterpart stays as it is.
    """
    start = Narrator(narrator.config)
    start.load_state_dict(narrator.state_dict())
    left = set(start_from(start, trained, fresh_mixers))
    before = start.state_dict()
    for name, tensor in narrator.state_dict().items():
        if name not in left and tensor.is_floating_point():
            tensor.lerp_(before[name].to(tensor.device), 1 - share)


def _common_words(narrator: Narrator, trained: Narrator) -> list[tuple[int, int]]:
    """Numbers in both vocabularies of silence, the end, and every word that both have."""
    num_marks = len(narrator.vocabulary) - len(narrator.config.words)
    old = {word: number for number, word in enumerate(trained.config.words, start=num_marks)}
    words = enumerate(narrator.config.words, start=num_marks)
    return [(n, n) for n in range(num_marks)] + [(new, old[word]) for new, word in words if word in old]


def _fill_features(tensor: Tensor, source: Tensor, config: EncoderConfig, trained: EncoderConfig) -> None:
    """Columns part by part: colours and kinds that only one of the two knows come last in their part."""
    new = old = 0
    parts = zip((config.width, *config.head_sizes), (trained.width, *trained.head_sizes), strict=True)
    for size, known in parts:
        num = min(size, known)
        tensor[:, new : new + num] = source[:, old : old + num]
        new, old = new + size, old + known
