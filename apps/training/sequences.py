"""Streams of ticks as token sequences with targets: what the backbone is trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...generation.embedding import CLOCK_PERIODS_S, MAX_CAMERAS, NS_PER_TICK, InputEmbedding
from ...generation.losses import IGNORE
from ...generation.quiet import is_worth_reading
from ...generation.words import END, Vocabulary
from ...streams.world.events import COLOURS, WorldEventKind
from ...streams.world.language import REPLY, TEMPLATES
from .scene_state import scene_states
from .slips import NO_SLIPS
from .talk import TalkRates, draw_talk
from .tickstreams import TickStream
from .writing import Writing

TIME, VIDEO, AUDIO, WORD, GATE, USER = range(6)
_ANSWER_WEIGHT = 3.0
# The first two are one event in fifty, and what tells one sound from another is one word.
_WEIGHTS = {WorldEventKind.COLLIDE: 3.0, WorldEventKind.COLOUR: 3.0, WorldEventKind.SOUND: 3.0}


@dataclass(frozen=True, slots=True, eq=False)
class TokenSequence:
    """One stream as tokens: what each is, which row of its source it takes, and what follows."""

    stream: TickStream
    slots: NDArray[np.int64]  # camera of the world -> slot of the model
    kind: NDArray[np.int64]  # [T]
    # [T] row of the features or the scene, number of the word, of TIME the ns since the last
    row: NDArray[np.int64]
    target: NDArray[np.int64]  # [T] next word, SILENT or IGNORE
    is_answer: NDArray[np.bool_]  # [T] whether the target is the content of a reply
    t_ns: NDArray[np.int64]  # [T] of the tick, from a random beginning: clocks may stand at any hour
    emphasis: NDArray[np.float32]  # [T] what the target counts beside others
    scene: NDArray[np.bool_]  # [G, NUM_STATES] what is so at each gate


def build_sequence(
    stream: TickStream, vocabulary: Vocabulary, rng: np.random.Generator, rates: TalkRates | None = None
) -> TokenSequence:
    """Lay out a stream tick by tick: time, patches, sounds, typed words, gate, written words.

    Cameras take random slots; questions, instructions and wording are drawn. Quiet ticks are left out, as at inference.
    """
    slots = rng.permutation(np.sort(rng.permutation(MAX_CAMERAS)[: stream.num_cameras]))
    rates = rates or TalkRates()
    record, gates = stream.record.moved(slots), list[int]()
    talk = draw_talk(record, vocabulary, rates, rng)
    limit = int(rng.integers(3, 14)) if rng.random() < rates.cut else 1 << 30
    kind, row, target, times = list[int](), list[int](), list[int](), list[int]()
    start_ns = int(rng.integers(round(max(CLOCK_PERIODS_S) * 1e9)))
    video_at = np.searchsorted(stream.video_tick, np.arange(stream.num_ticks + 2))
    audio_at = np.searchsorted(stream.audio_tick, np.arange(stream.num_ticks + 2))
    writing = Writing(talk, rates.slips if rng.random() < rates.slipped else NO_SLIPS, rng)
    news_ns, read_ns = None, None
    for tick in range(1, stream.num_ticks + 1):
        patches = _by_slot(stream, slots, int(video_at[tick]), int(video_at[tick + 1]))
        sounds = range(int(audio_at[tick]), int(audio_at[tick + 1]))
        typed = talk.typed.get(tick, [])
        writing.add(tick)
        has_news = bool(patches or sounds or typed)
        t_ns = tick * NS_PER_TICK
        news_ns = t_ns if has_news else news_ns
        if not (is_worth_reading(has_news, t_ns, news_ns, read_ns) or writing.is_begun):
            continue
        kind += [TIME, *[VIDEO] * len(patches), *[AUDIO] * len(sounds), *[USER] * len(typed), GATE]
        row += [t_ns - (t_ns if read_ns is None else read_ns), *patches, *sounds, *typed, len(gates)]
        read_ns = t_ns
        gates.append(tick)
        target += [IGNORE] * (1 + len(patches) + len(sounds) + len(typed))
        now, due = writing.take(limit)
        kind += [WORD] * len(now)
        row += _misread(now, vocabulary, rates.misread, rng)
        target += due
        times += [start_ns + t_ns] * (len(kind) - len(times))
    is_answer = _answers(target, vocabulary.encode(REPLY)[0])
    # The content of a reply is a word or two among hundreds, and decides more than all the rest.
    emphasis = np.where(is_answer, np.float32(_ANSWER_WEIGHT), np.float32(1))
    for event, weight in _WEIGHTS.items():
        emphasis[_sentences_with(_marks(event, vocabulary), target) & ~is_answer] = weight
    columns = np.array(kind), np.array(row), np.array(target), is_answer, np.array(times), emphasis
    return TokenSequence(stream, slots, *columns, scene_states(record, gates))


def _misread(words: list[int], vocabulary: Vocabulary, share: float, rng: np.random.Generator) -> list[int]:
    """The words as they are read back, some colours another: what a thing is must not be guessed from its colour."""
    colours = _colours(vocabulary)
    return [int(rng.choice(colours)) if w in colours and rng.random() < share else w for w in words]


@lru_cache
def _colours(vocabulary: Vocabulary) -> tuple[int, ...]:
    return tuple(vocabulary.encode(colour)[0] for colour in COLOURS)


def _answers(target: list[int], reply: int) -> NDArray[np.bool_]:
    """Which targets stand between `reply:` and the end of the sentence."""
    found, is_inside = np.zeros(len(target), bool), False
    for n, number in enumerate(target):
        if number in (reply, END):
            is_inside = number == reply
        elif number > END:
            found[n] = is_inside
    return found


@lru_cache
def _marks(event: WorldEventKind, vocabulary: Vocabulary) -> frozenset[int]:
    """The words by which a sentence about such an event is known: no other sentence about an event has them."""
    own, others = set[str](), set[str]()
    for kind, templates in TEMPLATES.items():
        words = [word for word in " ".join(templates).split() if "{" not in word]
        (own if kind is event else others).update(words)
    return frozenset(vocabulary.encode(word)[0] for word in own - others)


def _sentences_with(marks: frozenset[int], target: list[int]) -> NDArray[np.bool_]:
    """Which targets are the words of a sentence that holds one of `marks`, all but its first.

    The first is the choice between speech and silence: weighed more it is made too often, and in a crowd without end.
    """
    found, start = np.zeros(len(target), bool), 0
    for n, number in enumerate(target):
        if number < END:
            start = n + 1
        elif number == END:
            found[start + 1 : n + 1] = not marks.isdisjoint(target[start:n])
            start = n + 1
    return found


def _by_slot(stream: TickStream, slots: NDArray[np.int64], start: int, end: int) -> list[int]:
    """Rows of one tick in the order of the model's slots, as perception delivers them."""
    return sorted(range(start, end), key=lambda n: (slots[stream.video_slot[n]], stream.is_fovea[n]))


@dataclass(frozen=True, slots=True, eq=False)
class SegmentBatch:
    """Rows of equal length, gathered by kind: positions in the flattened batch, and what stands there."""

    shape: tuple[int, int]  # rows, tokens
    is_new: Tensor  # bool [B]: the row starts a stream, its carried state is void
    target: Tensor  # int64 [B, T]
    is_answer: Tensor  # bool [B, T]
    emphasis: Tensor  # float32 [B, T]
    t_ns: Tensor  # int64 [B, T]
    video_at: Tensor
    video: Tensor
    video_place: Tensor
    video_slot: Tensor
    is_fovea: Tensor  # bool, of the patches
    audio_at: Tensor
    audio: Tensor
    audio_place: Tensor
    word_at: Tensor
    word: Tensor
    time_at: Tensor
    gap_ns: Tensor  # int64, since the tick read before
    gate_at: Tensor
    scene: Tensor  # bool, at the gates
    user_at: Tensor
    user: Tensor

    def to(self, device: str) -> SegmentBatch:
        """The same batch on another device."""
        tensors = {f.name: getattr(self, f.name).to(device) for f in fields(self) if f.name != "shape"}
        return SegmentBatch(shape=self.shape, **tensors)

    def embed(self, embedding: InputEmbedding, d_model: int) -> Tensor:
        """Input vectors [B, T, D]; padding is zero."""
        flat = torch.zeros(self.shape[0] * self.shape[1], d_model, device=self.target.device)
        patches = embedding.patches(self.video, self.video_place, self.video_slot)
        parts = (
            (self.time_at, embedding.gaps(self.gap_ns)),
            (self.video_at, patches + self.is_fovea[:, None] * embedding.fovea),
            (self.audio_at, embedding.sounds(self.audio, self.audio_place)),
            (self.word_at, embedding.word(self.word)),
            (self.user_at, embedding.texts(self.user)),
            (self.gate_at, embedding.gate.expand(len(self.gate_at), -1)),
        )
        where = torch.cat([at for at, _ in parts])
        flat = flat.index_copy(0, where, torch.cat([x.float() for _, x in parts]))
        return (flat + embedding.clocks(self.t_ns.flatten())).view(*self.shape, d_model)


def gather(rows: Sequence[tuple[TokenSequence, int]], length: int) -> SegmentBatch:
    """A batch of segments: each row is `length` tokens of a sequence from a start on, with padding behind its end."""
    kind = np.full((len(rows), length), -1)
    row, target, t_ns = np.zeros_like(kind), np.full_like(kind, IGNORE), np.zeros_like(kind)
    is_answer, emphasis = np.zeros(kind.shape, bool), np.ones(kind.shape, np.float32)
    columns = {"kind": kind, "row": row, "target": target, "t_ns": t_ns}
    columns |= {"is_answer": is_answer, "emphasis": emphasis}
    for n, (sequence, start) in enumerate(rows):
        for name, column in columns.items():
            part = getattr(sequence, name)[start : start + length]
            column[n, : len(part)] = part
    video, audio, scenes = [], [], []
    for n, (sequence, _) in enumerate(rows):
        stream, seen, heard = sequence.stream, row[n][kind[n] == VIDEO], row[n][kind[n] == AUDIO]
        slots = sequence.slots[stream.video_slot[seen]]
        scenes.append(sequence.scene[row[n][kind[n] == GATE]])
        video.append((stream.video[seen], stream.video_place[seen], slots, stream.is_fovea[seen]))
        audio.append((stream.audio[heard], stream.audio_place[heard]))
    at = {k: torch.from_numpy(np.flatnonzero(kind == k)) for k in (TIME, VIDEO, AUDIO, WORD, GATE, USER)}
    video_columns = [torch.from_numpy(np.concatenate(c)) for c in zip(*video, strict=True)]
    audio_columns = [torch.from_numpy(np.concatenate(c)) for c in zip(*audio, strict=True)]
    return SegmentBatch(
        shape=(len(rows), length),
        is_new=torch.tensor([start == 0 for _, start in rows]),
        target=torch.from_numpy(target),
        is_answer=torch.from_numpy(is_answer),
        emphasis=torch.from_numpy(emphasis),
        t_ns=torch.from_numpy(t_ns),
        video_at=at[VIDEO],
        video=video_columns[0].float(),
        video_place=video_columns[1],
        video_slot=video_columns[2],
        is_fovea=video_columns[3],
        audio_at=at[AUDIO],
        audio=audio_columns[0].float(),
        audio_place=audio_columns[1],
        word_at=at[WORD],
        word=torch.from_numpy(row[kind == WORD]),
        time_at=at[TIME],
        gap_ns=torch.from_numpy(row[kind == TIME]),
        gate_at=at[GATE],
        scene=torch.from_numpy(np.concatenate(scenes)),
        user_at=at[USER],
        user=torch.from_numpy(row[kind == USER]),
    )
