"""What is carried from segment to segment, layer by layer, as a state that can be saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from torch import Tensor

from ...generation.attention import AttentionCarry
from ...generation.backbone import Carry
from ...generation.config import MAMBA
from ...generation.mamba import MambaCarry


def carries_state(carries: Sequence[Carry] | None) -> list[dict[str, Any]] | None:
    """As plain tensors; None before the first batch."""
    return None if carries is None else [asdict(carry) for carry in carries]


def carries_of(
    state: Sequence[Mapping[str, Tensor]] | None, kinds: Sequence[str], device: str
) -> list[Carry] | None:
    """The carries of mixers of these kinds (`M`, `A`) from what `carries_state` made of them."""
    if state is None:
        return None
    return [_carry(kind, tensors, device) for kind, tensors in zip(kinds, state, strict=True)]


def carries_where(carries: Sequence[Carry] | None, keep: Tensor) -> list[Carry] | None:
    """Void in the rows where `keep` [B] is false, which start a stream; None stays None."""
    return None if carries is None else [carry.where(keep) for carry in carries]


def _carry(kind: str, tensors: Mapping[str, Tensor], device: str) -> Carry:
    make = MambaCarry if kind == MAMBA else AttentionCarry
    return make(**{name: tensor.to(device) for name, tensor in tensors.items()})
