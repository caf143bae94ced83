"""A session's state as bytes: safetensors with a version and the shape it belongs to."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from ..errors import StateError
from .spec import StateSpec

VERSION = 1
_TENSOR = "storage"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a session's state holds beside its tensors."""

    t_ns: int | None
    num_tokens: int
    pending: tuple[int, ...]
    mamba_seen: tuple[int, ...]  # tokens that each layer has read
    attention_seen: tuple[int, ...]
    news_ns: int | None = None


def pack(snapshot: Snapshot, storage: Tensor, spec: StateSpec) -> bytes:
    """Bytes that `unpack` understands."""
    about = {"version": VERSION, "spec": asdict(spec), "snapshot": asdict(snapshot)}
    data: bytes = save({_TENSOR: storage.detach().cpu()}, {"millrace_state": json.dumps(about)})
    return data


def unpack(data: bytes, spec: StateSpec, dtype: torch.dtype) -> tuple[Snapshot, Tensor]:
    """Raises `StateError` when the bytes are damaged, of another version, or for another shape."""
    about = _about(data)
    if about.get("version") != VERSION:
        raise StateError(f"a session state of version {about.get('version')}: this program reads {VERSION}")
    if about.get("spec") != asdict(spec):
        raise StateError(f"a session state of another model ({_difference(about.get('spec'), asdict(spec))})")
    storage = _tensor(data)
    if storage.dtype != dtype:
        raise StateError(
            f"a session state in {storage.dtype}: allocate the state with that dtype, not {dtype}"
        )
    return _snapshot(about.get("snapshot"), spec), storage


def _about(data: bytes) -> dict[str, Any]:
    try:
        length = int.from_bytes(data[:8], "little")
        about = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["millrace_state"])
        return dict(about)
    except (ValueError, KeyError, TypeError, OverflowError):
        raise StateError(f"{len(data)} bytes are no session state: give what export() returned") from None


def _tensor(data: bytes) -> Tensor:
    try:
        storage: Tensor = load(data)[_TENSOR]
        return storage
    except (SafetensorError, KeyError) as error:
        raise StateError(f"a damaged session state ({error}): give what export() returned") from None


def _difference(theirs: Any, ours: dict[str, Any]) -> str:
    theirs = theirs if isinstance(theirs, dict) else {}
    names = [name for name in ours if theirs.get(name) != ours[name]]
    return ", ".join(f"{name} {theirs.get(name)}, here {ours[name]}" for name in names)


def _snapshot(fields: Any, spec: StateSpec) -> Snapshot:
    try:
        snapshot = Snapshot(
            t_ns=None if fields["t_ns"] is None else int(fields["t_ns"]),
            num_tokens=int(fields["num_tokens"]),
            pending=tuple(map(int, fields["pending"])),
            mamba_seen=tuple(map(int, fields["mamba_seen"])),
            attention_seen=tuple(map(int, fields["attention_seen"])),
            news_ns=None if fields.get("news_ns") is None else int(fields["news_ns"]),
        )
        _check_counts(snapshot, spec)
        return snapshot
    except (TypeError, KeyError, ValueError):
        raise StateError("a damaged session state (its counts): give what export() returned") from None


def _check_counts(snapshot: Snapshot, spec: StateSpec) -> None:
    counts = (*snapshot.mamba_seen, *snapshot.attention_seen)
    lengths = len(snapshot.mamba_seen), len(snapshot.attention_seen)
    if lengths != (spec.num_mamba, spec.num_attention) or len(snapshot.pending) > spec.max_pending:
        raise ValueError(f"lengths {lengths}")
    if min(counts, default=0) < 0:
        raise ValueError(f"counts {counts}")
