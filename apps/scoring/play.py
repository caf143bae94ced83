"""A clip through a whole session, as fast as it is read, before any examinee."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from ...generation.embedding import NS_PER_TICK
from ...generation.narrator import Narrator, Word
from ...perception.blocks import CameraPlan, Perceived, TokenBlock, TokenKind
from ...runtime.agent import Agent
from ...streams.file import FileSource
from ...streams.media import Inputs
from .clips import Sentences
from .examinee import Examinee


def play_narrator(narrator: Narrator, clip: Path) -> Sentences:
    """Sentences of a live session with the time of their cause; the same every time. Raises SourceError."""
    summary = Agent([FileSource(clip)], model=narrator).run_sync(realtime=False)
    return [(round(sentence.t_s * 1e9), sentence.text) for sentence in summary.sentences]


def play_examinee(examinee: Examinee, clip: Path) -> Sentences:
    """The same for anybody: each tick's inputs are handed over as the session makes them. Raises SourceError."""
    seat = _Seat(examinee)
    Agent([FileSource(clip)], model=seat).run_sync(realtime=False)
    return seat.sentences


class _Seat:
    """Stands where the session's model stands; what its examinee says is kept here, and the session hears nothing."""

    text_delay_ns = NS_PER_TICK
    depth = 1

    def __init__(self, examinee: Examinee) -> None:
        self.sentences: list[tuple[int, str]] = []
        self._examinee = examinee

    def perception(self, names: Sequence[str]) -> _Eyes:
        self._examinee.start(names)
        return _Eyes(self)

    def hand_over(self, inputs: Inputs) -> None:
        said = self._examinee.tick(inputs, ())
        self.sentences += [(inputs.t_ns if one.t_ns is None else one.t_ns, one.text) for one in said]

    def new_state(self) -> None:
        return None

    def end(self, state: None, depth: int) -> None:
        """It says nothing that could be broken off."""

    def text_block(self, text: str, t_ns: int) -> TokenBlock:
        nothing = torch.zeros(0, dtype=torch.int64)
        return TokenBlock("text", 0, t_ns, TokenKind.TEXT, nothing, nothing, 0)

    def read(self, t_ns: int, blocks: Sequence[TokenBlock], state: None, depth: int) -> None:
        return None

    def write(self, hidden: Tensor | None, state: None, max_text_tokens: int, depth: int) -> Iterator[Word]:
        return iter(())


class _Eyes:
    """Stands where perception stands."""

    def __init__(self, seat: _Seat) -> None:
        self._seat = seat

    def read(self, inputs: Inputs, cameras: Mapping[str, CameraPlan]) -> Perceived:
        self._seat.hand_over(inputs)
        return Perceived([])

    def reset(self) -> None:
        """A clip is one stream: there is nothing to forget."""
