"""Real media files and a small real model for the tests of the runtime."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import torch
from torch import Tensor, nn

from millrace.perception.blocks import CameraPlan, Perceived, TokenBlock, TokenKind

NS_PER_TICK = 200_000_000


def write_clip(path: Path, *, seconds=2.0, seed=0, fps=30, size=(160, 96), with_sound=False) -> Path:
    """An H.264 file in which a bright square walks; which way and how fast hangs on the seed."""
    width, height = size
    noise = np.random.default_rng(seed)
    speed, colour = noise.uniform(1, 3), noise.integers(128, 256, 3)
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=fps, options={"preset": "ultrafast", "g": "15"})
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        sound = container.add_stream("aac", rate=16_000, layout="mono") if with_sound else None
        for number in range(round(seconds * fps)):
            pixels = np.full((height, width, 3), 40, np.uint8)
            left = int(number * speed) % (width - 20)
            pixels[30:60, left : left + 20] = colour
            container.mux(video.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(video.encode(None))
        if sound is not None:
            for chunk in sound_frames(seconds, seed):
                container.mux(sound.encode(chunk))
            container.mux(sound.encode(None))
    return path


def sound_frames(seconds: float, seed: int) -> Iterator[av.AudioFrame]:
    """A tone of 440 Hz and up, by seed, in pieces of 1,024 samples at 16 kHz."""
    for first in range(0, int(seconds * 16_000), 1_024):
        times = (first + np.arange(1_024)) / 16_000
        samples = (0.3 * np.sin(2 * np.pi * (440 + 55 * seed) * times)).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 16_000, first, Fraction(1, 16_000)
        yield frame


class MeanLooker:
    """Eight features of each view and of each tick's sound; a view just like the one before is skipped."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = list(names)
        self.reset()

    def reset(self) -> None:
        self.seen: dict[str, Tensor] = {}
        self.reads: list = []

    def read(self, inputs, cameras: dict[str, CameraPlan]) -> Perceived:
        self.reads.append(inputs)
        blocks, skipped = [], {}
        for name, frame in inputs.frames.items():
            features = view_features(frame.pixels)
            if not cameras[name].read:
                skipped[name] = "no budget"
            elif name in self.seen and torch.equal(self.seen[name], features):
                skipped[name] = "still"
            else:
                self.seen[name] = features
                slot, place = self.names.index(name), torch.zeros(1, dtype=torch.int64)
                blocks.append(
                    TokenBlock(name, slot, frame.t_ns, TokenKind.VIDEO, features[None], place, num_offered=60)
                )
        for name, chunks in inputs.audio.items():
            samples = torch.from_numpy(np.concatenate([chunk.samples for chunk in chunks]))
            loud = samples.abs().mean().repeat(8)[None]
            blocks.append(
                TokenBlock(name, 0, inputs.t_ns, TokenKind.AUDIO, loud, torch.zeros(1, dtype=torch.int64), 1)
            )
        return Perceived(blocks, skipped, {"encode": 1_000})


def view_features(pixels: np.ndarray) -> Tensor:
    columns = torch.from_numpy(pixels.astype(np.float32)).mean(dim=(0, 2)) / 255
    return torch.nn.functional.adaptive_avg_pool1d(columns[None], 8)[0]


@dataclass
class SpeakerState:
    hidden: Tensor
    pending: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Word:
    text: str
    is_end: bool = False
    probability: float = 1.0


class RecurrentSpeaker(nn.Module):
    """A small recurrent net with fixed weights; says which camera moved it most, three words a tick."""

    def __init__(self, *, text_delay_ns: int = NS_PER_TICK) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(1)
        self.cell = nn.GRUCell(8, 16)
        for weight in self.parameters():
            weight.data = torch.randn(weight.shape, generator=generator) * 0.5
        self.text_delay_ns = text_delay_ns
        self.depth = 1

    def new_state(self) -> SpeakerState:
        return SpeakerState(torch.zeros(16))

    def text_block(self, text: str, t_ns: int) -> TokenBlock:
        features = torch.full((1, 8), float(len(text)))
        return TokenBlock("text", 0, t_ns, TokenKind.TEXT, features, torch.arange(1), 1)

    def end(self, state: SpeakerState, depth: int) -> None:
        state.pending = []

    def perception(self, names: Sequence[str]) -> MeanLooker:
        return MeanLooker(names)

    def read(self, t_ns: int, blocks: Sequence[TokenBlock], state: SpeakerState, depth: int) -> Tensor:
        moved = [0.0]
        for block in blocks:
            before = state.hidden
            state.hidden = self.cell(block.features, before[None])[0]
            moved.append(float((state.hidden - before).abs().sum()))
        slot = max(range(len(moved)), key=moved.__getitem__)
        return torch.tensor([float(slot), max(moved)])

    def write(self, hidden: Tensor, state: SpeakerState, max_text_tokens: int, depth: int) -> Iterator[Word]:
        slot, moved = hidden.tolist()
        if not state.pending and slot:
            state.pending = [f"cam{int(slot)}:", "moved", "by", f"{moved:.6f}", ""]
        for _ in range(min(max_text_tokens, 3)):
            if not state.pending:
                return
            text = state.pending.pop(0)
            yield Word(text, is_end=not text)
