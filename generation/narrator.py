"""The whole model as the runtime sees it: it reads a tick's tokens, and at the gate it speaks or stays silent.

What it says is of three kinds: narration (`cam1: ...`), an alert that a standing instruction asked for
(`cam1: ... alert`: that is decided last), and the reply to a question (`reply: ...`), written in the tick in which
the question was read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from ..memory.state import SessionState
from ..perception.audio import NUM_AUDIO_FEATURES
from ..perception.blocks import TokenBlock, TokenKind
from ..perception.encoder import NUM_PATCHES, EncoderConfig, PatchEncoder
from ..perception.perception import Perception
from .backbone import Hybrid
from .config import HybridConfig
from .embedding import NS_PER_TICK, InputEmbedding, InputSizes
from .quiet import is_worth_reading
from .words import END, SILENT, Vocabulary

MAX_SENTENCE = 24  # words; a sentence that runs on longer is ended
REMINDER_NS = 20 * NS_PER_TICK  # standing instructions are read again this often: words leave the window, too


@dataclass(frozen=True, slots=True)
class NarratorConfig:
    """What a checkpoint says of its model."""

    backbone: HybridConfig
    encoder: EncoderConfig
    words: tuple[str, ...]
    text_delay_ns: int = NS_PER_TICK  # the model speaks this long after the cause
    speak_threshold: float = 0.5  # probability of speech from which the gate opens
    skips_quiet: bool = False  # whether it was trained to leave out ticks that bring nothing


@dataclass(frozen=True, slots=True)
class Word:
    """One word as it is written; the end of a sentence is a word without text."""

    text: str
    is_end: bool = False
    confidence: float = 1.0  # that this is the right word, by a head of its own
    probability: float = (
        1.0  # that the text head gave it; silence and the end of the sentence were among the others
    )


class Narrator(nn.Module):
    """Patch encoder, input embedding, hybrid backbone and text head, under one roof and one file of weights."""

    def __init__(self, config: NarratorConfig) -> None:
        super().__init__()
        self.config = config
        self.vocabulary = Vocabulary(config.words)
        sizes = InputSizes(config.encoder.num_features, NUM_AUDIO_FEATURES, NUM_PATCHES, len(self.vocabulary))
        self.encoder = PatchEncoder(config.encoder)
        self.embedding = InputEmbedding(config.backbone.d_model, sizes)
        self.backbone = Hybrid(config.backbone)
        self.head = nn.Linear(config.backbone.d_model, len(self.vocabulary))
        self.confidence = nn.Linear(config.backbone.d_model, 1)  # reads the trunk and never trains it

    @staticmethod
    def load(path: Path | None = None) -> Narrator:
        """The model of a checkpoint, or the one that ships with the package. Raises CheckpointError."""
        from .checkpoint import load_narrator

        return load_narrator(path)

    @property
    def text_delay_ns(self) -> int:
        return self.config.text_delay_ns

    @property
    def depth(self) -> int:
        """Layers of the backbone."""
        return self.config.backbone.num_layers

    def set_speak_threshold(self, threshold: float) -> None:
        """Move the gate: higher is more silent."""
        self.config = replace(self.config, speak_threshold=threshold)

    def new_state(self) -> SessionState:
        """An empty session."""
        return SessionState.allocate(self.config.backbone.state_spec())

    def perception(self, names: Sequence[str]) -> Perception:
        """The eyes and ears that fit this model, for these cameras; the first is `cam1`."""
        return Perception(self.encoder, names, fovea=self.has_fovea)

    @property
    def has_fovea(self) -> bool:
        """Whether it was trained with closer looks: without, they would only confuse it."""
        return bool(self.embedding.fovea.any())

    def text_block(self, text: str, t_ns: int) -> TokenBlock:
        """What a person typed as tokens to read: a question, or a standing instruction. Unknown words are left out."""
        numbers = torch.tensor(self.vocabulary.read(text), dtype=torch.int64)
        return TokenBlock("text", 0, t_ns, TokenKind.TEXT, numbers, torch.arange(len(numbers)), len(numbers))

    @torch.inference_mode()
    def read(
        self, t_ns: int, blocks: Sequence[TokenBlock], state: SessionState, depth: int | None = None
    ) -> Tensor | None:
        """Read one tick into the state; the result is the hidden vector [D] at the gate.

        None for a quiet tick that was left out, where the model was trained so.
        """
        if not self._wants(t_ns, any(block.num_kept for block in blocks), state):
            return None
        gap_ns = 0 if state.t_ns is None else t_ns - state.t_ns
        state.t_ns = t_ns
        hidden: Tensor = self.backbone.read(self.embedding.tick(t_ns, gap_ns, blocks), state, depth)[-1]
        return hidden

    def _wants(self, t_ns: int, has_news: bool, state: SessionState) -> bool:
        if has_news:
            state.news_ns = t_ns
        is_due = is_worth_reading(has_news, t_ns, state.news_ns, state.t_ns)
        return is_due or bool(state.pending) or not self.config.skips_quiet

    def write(
        self, hidden: Tensor | None, state: SessionState, max_text_tokens: int, depth: int | None = None
    ) -> Iterator[Word]:
        """Words from the gate on, until silence or the limit; a sentence cut by the limit goes on at the next tick.

        `hidden` is what `read` gave: after None nothing is said.

        The state is whole before each word is handed out, so the caller may stop at any word.
        """
        clock: Tensor | None = None  # the same for all words of a tick
        for _ in range(max_text_tokens if hidden is not None else 0):
            assert hidden is not None
            number, chance = self._choose(hidden, state)
            if number == SILENT:
                return
            state.pending = [] if number == END else [*state.pending, number]
            sure = self._confidence(hidden)
            clock = self._clock(state) if clock is None else clock
            hidden = self._step(number, clock, state, depth)
            is_end = number == END
            yield Word("" if is_end else self.vocabulary.word(number), is_end, sure, chance)

    def end(self, state: SessionState, depth: int | None = None) -> None:
        """Break off a sentence that was begun: the memory holds the words that were said, and that it ended there."""
        if state.pending:
            state.pending = []
            self._step(END, self._clock(state), state, depth)

    @torch.inference_mode()
    def _choose(self, hidden: Tensor, state: SessionState) -> tuple[int, float]:
        """The likeliest word and its probability; between sentences first whether to speak at all."""
        if len(state.pending) >= MAX_SENTENCE:
            return END, 1.0
        logits = self.head(hidden)
        chances = torch.softmax(logits, 0)
        if not state.pending:
            if 1 - chances[SILENT].item() < self.config.speak_threshold:
                return SILENT, chances[SILENT].item()
            logits[END] = -torch.inf
        logits[SILENT] = -torch.inf
        number = int(logits.argmax())
        return number, chances[number].item()

    @torch.inference_mode()
    def _confidence(self, hidden: Tensor) -> float:
        return torch.sigmoid(self.confidence(hidden)).item()

    @torch.inference_mode()
    def _clock(self, state: SessionState) -> Tensor:
        return self.embedding.clocks(torch.tensor([state.t_ns or 0]))[0]

    @torch.inference_mode()
    def _step(self, number: int, clock: Tensor, state: SessionState, depth: int | None) -> Tensor:
        hidden: Tensor = self.backbone.step(self.embedding.written(number, clock), state, depth)
        return hidden
