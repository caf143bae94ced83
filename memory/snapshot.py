"""A session's state as bytes: safetensors with a version and the shape it belongs to."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

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
    if about["spec"] != asdict(spec):
        raise StateError(f"a session state of another model ({_difference(about['spec'], asdict(spec))})")
    storage = _tensor(data)
    if storage.dtype != dtype:
        raise StateError(
            f"a session state in {storage.dtype}: allocate the state with that dtype, not {dtype}"
        )
    return _snapshot(about["snapshot"], spec), storage


def _about(data: bytes) -> dict[str, object]:
    try:
        length = int.from_bytes(data[:8], "little")
        about: dict[str, object] = json.loads(
            json.loads(data[8 : 8 + length])["__metadata__"]["millrace_state"]
        )
        return about
    except (ValueError, KeyError, TypeError):
        raise StateError(f"{len(data)} bytes are no session state: give what export() returned") from None


def _tensor(data: bytes) -> Tensor:
    try:
        storage: Tensor = load(data)[_TENSOR]
        return storage
    except (SafetensorError, KeyError) as error:
        raise StateError(f"a damaged session state ({error}): give what export() returned") from None


def _difference(theirs: dict[str, object], ours: dict[str, object]) -> str:
    names = [name for name in ours if theirs.get(name) != ours[name]]
    return ", ".join(f"{name} {theirs.get(name)}, here {ours[name]}" for name in names) or "unknown fields"


def _snapshot(fields: dict[str, object], spec: StateSpec) -> Snapshot:
    snapshot = Snapshot(**{name: tuple(v) if isinstance(v, list) else v for name, v in fields.items()})
    return snapshot
