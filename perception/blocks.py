"""What passes between the plan, perception and the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import torch
from numpy.typing import NDArray

FOVEA_TOKENS = 2  # the most that a closer look adds in a tick


class TokenKind(StrEnum):
    """Which sense a block of tokens comes from; each has its own projection in the model."""

    VIDEO = "video"
    FOVEA = "fovea"  # a closer look at a part of the picture; features and places as in VIDEO
    AUDIO = "audio"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class CameraPlan:
    """What the budget grants one camera in one tick, made by the budget."""

    read: bool = True  # may this camera be looked at
    max_tokens: int = 6  # how many patches of it may be kept; a closer look may add `FOVEA_TOKENS`
    fovea: bool = True  # may a part of it be looked at closely


@dataclass(frozen=True, slots=True, eq=False)
class TokenBlock:
    """Tokens of one source in one tick, made by perception.

    `features` are what the encoder says of each kept token, before the model's own linear map to its width:
    so perception does not know the width of any model.
    """

    source: str
    slot: int  # camera number, from 0; 0 for sound and text
    t_ns: int
    kind: TokenKind
    features: torch.Tensor  # [N, F] float32 (video, fovea, audio), or token ids [N] int64 (text)
    places: torch.Tensor  # [N] int64: patch of the view (video, fovea), position in the tick (audio, text)
    num_offered: int  # tokens before pruning

    @property
    def num_kept(self) -> int:
        return int(self.features.shape[0])


@dataclass(frozen=True, slots=True, eq=False)
class Glimpse:
    """What was seen in one camera's picture, for a person who looks over the model's shoulder."""

    things: NDArray[np.float32]  # [60] probability that a patch shows a thing
    kept: Sequence[int]  # patches that became tokens
    names: Sequence[str]  # of what each of these shows, such as `red person`, by the encoder alone


@dataclass(frozen=True, slots=True, eq=False)
class Perceived:
    """The result of one look at all inputs, made by perception."""

    blocks: list[TokenBlock]
    skipped: Mapping[str, str] = field(default_factory=dict)  # camera -> why its frame was not read
    costs_ns: Mapping[str, int] = field(default_factory=dict)  # stage (sample, encode, ..., audio) -> time
    closer: Sequence[str] = ()  # cameras of which a part was looked at closely
    glimpses: Mapping[str, Glimpse] = field(default_factory=dict)  # by camera that was looked at
