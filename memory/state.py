"""What the model keeps between ticks: the state of one session, allocated once, of fixed size."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..errors import StateError
from .layers import AttentionState, MambaState
from .snapshot import Snapshot, pack, unpack
from .spec import StateSpec


class SessionState:
    """States of all Mamba-2 layers, keys and values of all attention layers, and where the session stands.

    All tensors are views of one storage, so that a copy is one copy. Layers count their own tokens, for with
    a smaller depth the later layers read fewer. One thread at a time may use it.
    """

    def __init__(self, spec: StateSpec, storage: Tensor) -> None:
        """Use `SessionState.allocate`."""
        self.spec = spec
        self.storage = storage
        self.mamba: list[MambaState] = []
        self.attention: list[AttentionState] = []
        self.t_ns: int | None = None  # of the last tick that was read
        self.news_ns: int | None = None  # of the last one that brought anything
        self.num_tokens = 0
        self._pending: list[int] = []
        self._lay_out()
        self.reset()

    @classmethod
    def allocate(
        cls, spec: StateSpec, dtype: torch.dtype = torch.float32, device: torch.device | str = "cpu"
    ) -> SessionState:
        """An empty session's state; the only place where memory is taken."""
        size = spec.num_mamba * MambaState.size(spec) + spec.num_attention * AttentionState.size(spec)
        return cls(spec, torch.empty(size, dtype=dtype, device=device))

    def _lay_out(self) -> None:
        rest = self.storage
        for _ in range(self.spec.num_mamba):
            part, rest = rest.tensor_split([MambaState.size(self.spec)])
            self.mamba.append(MambaState(self.spec, part))
        for _ in range(self.spec.num_attention):
            part, rest = rest.tensor_split([AttentionState.size(self.spec)])
            self.attention.append(AttentionState(self.spec, part))

    @property
    def pending(self) -> Sequence[int]:
        """Token ids of the sentence that is not finished yet, at most `spec.max_pending`."""
        return self._pending

    @pending.setter
    def pending(self, token_ids: Sequence[int]) -> None:
        if len(token_ids) > self.spec.max_pending:
            most = self.spec.max_pending
            raise StateError(f"a pending sentence of {len(token_ids)} tokens: end sentences after {most}")
        self._pending = [int(token_id) for token_id in token_ids]

    @property
    def num_bytes(self) -> int:
        """Memory of the tensors; it never changes."""
        return self.storage.numel() * self.storage.element_size()

    def reset(self) -> None:
        """Forget everything, in place."""
        for mamba in self.mamba:
            mamba.reset()
        for attention in self.attention:
            attention.reset()
        self.t_ns, self.news_ns, self.num_tokens, self._pending = None, None, 0, []

    def fork(self) -> SessionState:
        """An independent copy: what happens to one does not reach the other."""
        twin = SessionState.allocate(self.spec, self.storage.dtype, self.storage.device)
        twin.storage.copy_(self.storage)
        twin._take(self._snapshot())
        return twin

    def export(self) -> bytes:
        """The whole state as safetensors bytes, with its version and spec."""
        return pack(self._snapshot(), self.storage, self.spec)

    def restore(self, data: bytes) -> None:
        """Become what was exported, in place. Raises `StateError`, changing nothing, if it does not fit."""
        snapshot, storage = unpack(data, self.spec, self.storage.dtype)
        self.storage.copy_(storage)
        self._take(snapshot)

    def _snapshot(self) -> Snapshot:
        return Snapshot(
            t_ns=self.t_ns,
            num_tokens=self.num_tokens,
            pending=tuple(self._pending),
            mamba_seen=tuple(layer.num_seen for layer in self.mamba),
            attention_seen=tuple(layer.num_seen for layer in self.attention),
            news_ns=self.news_ns,
        )

    def _take(self, snapshot: Snapshot) -> None:
        self.t_ns, self.news_ns, self.num_tokens = snapshot.t_ns, snapshot.news_ns, snapshot.num_tokens
        self._pending = list(snapshot.pending)
        for mamba, num_seen in zip(self.mamba, snapshot.mamba_seen, strict=True):
            mamba.num_seen = num_seen
        for attention, num_seen in zip(self.attention, snapshot.attention_seen, strict=True):
            attention.num_seen = num_seen
