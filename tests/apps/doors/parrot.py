"""A model that answers at once and tells of every camera that moved: what doors are tested with."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import numpy as np
import torch

from millrace.apps.doors.house import House
from millrace.generation.narrator import Word
from millrace.perception.blocks import Glimpse, Perceived, TokenBlock, TokenKind
from millrace.streams.clock import WallClock


class _Eyes:
    """Sees the mean brightness of each camera."""

    def __init__(self, names):
        self.names, self.before = list(names), {}

    def read(self, inputs, cameras):
        blocks, glimpses = [], {}
        for name, frame in inputs.frames.items():
            mean = float(frame.pixels.mean())
            moved = abs(mean - self.before.get(name, mean)) > 2
            self.before[name] = mean
            kept = torch.ones(int(moved), 1)
            slot = self.names.index(name)
            blocks.append(
                TokenBlock(name, slot, frame.t_ns, TokenKind.VIDEO, kept, torch.arange(len(kept)), 60)
            )
            glimpses[name] = Glimpse(
                np.full(60, 0.5, np.float32), (7,) * int(moved), ("red car",) * int(moved)
            )
        return Perceived(blocks, glimpses=glimpses)

    def reset(self):
        self.before = {}


@dataclass
class _Mind:
    pending: list[str] = field(default_factory=list)


class Parrot:
    """Replies `reply: QUESTION` to each line, and says `camN: moved` of each camera whose picture changes.

    It writes `words_per_tick` words a tick, so that a sentence can be made to last.
    """

    text_delay_ns = 0
    depth = 1
    probability = 0.5  # of each of its words

    def __init__(self, words_per_tick: int = 32) -> None:
        self.words_per_tick = words_per_tick
        self.ended: list[list[str]] = []  # what was left of the sentences that were broken off
        self._typed: dict[int, str] = {}

    def new_state(self):
        return _Mind()

    def perception(self, names):
        return _Eyes(names)

    def text_block(self, text, t_ns):
        number = len(self._typed)
        self._typed[number] = text
        return TokenBlock("text", 0, t_ns, TokenKind.TEXT, torch.tensor([[number]]), torch.arange(1), 1)

    def read(self, t_ns, blocks, state, depth):
        for block in blocks:
            if block.kind is TokenKind.TEXT:
                line = self._typed[int(block.features[0, 0])]
                state.pending += ["reply:", *line.split(), ""]
            elif block.kind is TokenKind.VIDEO and block.num_kept:
                state.pending += [f"cam{block.slot + 1}:", "moved", ""]
        return torch.zeros(1)

    def write(self, hidden, state, max_text_tokens, depth) -> Iterator[Word]:
        for _ in range(min(max_text_tokens, self.words_per_tick)):
            if not state.pending:
                return
            text = state.pending.pop(0)
            yield Word(text, is_end=not text, probability=self.probability)

    def end(self, state, depth):
        cut = state.pending.index("") + 1
        self.ended.append(state.pending[:cut])
        del state.pending[:cut]


@asynccontextmanager
async def running(house: House):
    """The house with its session running; stopped and joined at the end."""
    session = asyncio.create_task(house.run())
    while not all(seat.source.wait_open(0) for seat in house.seats.all):
        await pause(0.01)
        if session.done():
            await session
    try:
        yield house
    finally:
        house.stop()
        await session


def shade(value: int) -> np.ndarray:
    """A picture of one grey."""
    return np.full((96, 160, 3), value, np.uint8)


async def show(house: House, seat, value: int) -> None:
    """Push a picture of one grey and wait until a tick has seen it."""
    assert seat.push_frame(shade(value))
    await seen(house, seat.name, value)


async def seen(house: House, name: str, value: int) -> None:
    """Wait until a tick has seen a picture of this grey by this camera."""
    await until(lambda: name in house.frames and int(house.frames[name].pixels[0, 0, 0]) == value)


async def until(is_so) -> None:
    """Wait until something is so; the limit of the whole test ends a vain wait."""
    while not is_so():
        await pause(0.01)


async def pause(seconds: float) -> None:
    """Let others work for so long."""
    clock = WallClock()
    await clock.sleep_until(round(seconds * 1e9))
