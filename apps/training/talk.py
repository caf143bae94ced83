"""What is asked, answered and told while a stream runs: drawn anew each time the stream is read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ...generation.embedding import NS_PER_TICK
from ...generation.narrator import REMINDER_NS
from ...generation.words import Vocabulary
from ...streams.world.events import COLOURS, KINDS, SOUNDS, Thing, WorldEvent, WorldEventKind
from ...streams.world.examiner import draw_question
from ...streams.world.instructions import Instruction, instruct
from ...streams.world.language import mark_last, narrate
from ...streams.world.questions import FAMILIES, REPLY, QuestionKind, ask
from ...streams.world.record import Record
from .slips import SlipRates, untrue

# An event is told so long after the first tick that shows it; questions are answered at once. Two ticks show more of
# what comes in by the border, but to count them is harder to learn: the loss needs 1.4 times the batches.
DELAY_TICKS = 1
_REMINDER_TICKS = REMINDER_NS // NS_PER_TICK
_E, _Q = WorldEventKind, QuestionKind


@dataclass(frozen=True, slots=True)
class TalkRates:
    """How a stream is talked to and written about; shares of streams, ticks between questions, weights of families."""

    asked: float = 1.0
    instructed: float = 0.3
    cut: float = 0.1  # whose sentences are cut by a word limit and go on at the next tick
    misread: float = 0.1  # of the colours written, which are read back as another
    slipped: float = 0.5  # of streams in which what is written is not always what should be
    slips: SlipRates = field(default_factory=SlipRates)  # there, at most
    ticks_apart: tuple[float, float] = (0.3, 5.0)  # mean, drawn for each stream between these
    families: dict[str, float] = field(
        default_factory=lambda: {"live": 0.4, "memory": 0.4, "identity": 0.08, "sound": 0.12}
    )
    # Weights within a family, others 1: to find one thing among many by its name is what is learnt last.
    kinds: dict[QuestionKind, float] = field(
        default_factory=lambda: (
            dict.fromkeys((_Q.WHICH, _Q.COUNT, _Q.COLOUR, _Q.WAS), 2.0)
            | dict.fromkeys((_Q.PRESENT, _Q.WHERE, _Q.FORMER_COLOUR), 1.5)
        )
    )


@dataclass(slots=True)
class Talk:
    """Words by tick: typed by a person, the replies to them, and sentences about events."""

    typed: dict[int, list[int]]
    replies: dict[int, list[list[int]]]
    told: dict[int, list[list[int]]]
    untrue: Callable[[int, np.random.Generator], list[int]]  # a sentence that is not true in this tick


def draw_talk(record: Record, vocabulary: Vocabulary, rates: TalkRates, rng: np.random.Generator) -> Talk:
    """Questions with true answers, instructions with their alerts, and the narration of all events."""
    standing = _instructions(record, rng) if rng.random() < rates.instructed else []

    def say(event: WorldEvent, tick: int, rng: np.random.Generator) -> list[int]:
        is_alert = any(since <= tick and instruction.wants(event) for since, instruction in standing)
        return vocabulary.encode(mark_last(narrate(event, rng, is_alert)))

    events = sorted(record.events, key=lambda e: (tick_of(e), -1 if e.camera is None else e.camera, e.t_ns))
    talk = Talk(
        defaultdict(list),
        defaultdict(list),
        defaultdict(list),
        lambda tick, rng: say(untrue(events, tick * NS_PER_TICK, rng), tick, rng) if events else [],
    )
    for since, instruction in standing:
        words = vocabulary.encode(instruct(instruction, rng))[:-1]
        for tick in range(since, record.num_ticks + 1, _REMINDER_TICKS):
            talk.typed[tick] += words
    if rng.random() < rates.asked:
        _ask(talk, record, vocabulary, rates, rng)
    for event in events:
        talk.told[tick_of(event) + DELAY_TICKS].append(say(event, tick_of(event), rng))
    return talk


def tick_of(event: WorldEvent) -> int:
    """The first tick that shows an event."""
    return -(-event.t_ns // NS_PER_TICK)


def _ask(
    talk: Talk, record: Record, vocabulary: Vocabulary, rates: TalkRates, rng: np.random.Generator
) -> None:
    names, weights = zip(*rates.families.items(), strict=True)
    cameras = sorted({e.camera for e in record.events if e.camera is not None} | _cameras_of(record))
    apart, tick = rng.uniform(*rates.ticks_apart), 5.0
    while cameras and (tick := tick + 1 + rng.exponential(apart)) <= record.num_ticks:
        family = FAMILIES[str(rng.choice(names, p=np.array(weights) / sum(weights)))]
        share = np.array([rates.kinds.get(kind, 1.0) for kind in family])
        kind = family[int(rng.choice(len(family), p=share / share.sum()))]
        asked = draw_question(kind, record, int(tick), rng, cameras)
        if asked is not None and int(tick) not in talk.typed:
            talk.typed[int(tick)] += vocabulary.encode(ask(asked.question, rng))[:-1]
            talk.replies[int(tick)].append(vocabulary.encode(f"{REPLY} {asked.answer}"))


def _cameras_of(record: Record) -> set[int]:
    return {int(camera) for camera in np.unique(record.rows[:, 1])}


def _instructions(record: Record, rng: np.random.Generator) -> list[tuple[int, Instruction]]:
    """One or two with the tick from which they stand; two of three ask for something that will happen."""
    found = []
    for number in range(int(rng.integers(1, 3))):
        since = 1 + number if rng.random() < 0.5 else int(rng.integers(1, max(2, record.num_ticks * 2 // 3)))
        coming = [e for e in record.events if tick_of(e) >= since and e.kind in _WANTED]
        if coming and rng.random() < 0.67:
            found.append((since, _about(coming[int(rng.integers(len(coming)))], rng)))
        else:
            found.append((since, _about(_anything(record, rng), rng)))
    return found


_WANTED = (_E.ENTER, _E.LEAVE, _E.STOP, _E.SOUND)


def _about(event: WorldEvent, rng: np.random.Generator) -> Instruction:
    """An instruction that wants this event, and often others: some of what it says is left open.

    From one that asks for almost anything to one that asks for just this: the open ones are the easier to learn.
    """
    if event.kind is _E.SOUND or event.thing is None:
        return Instruction(_E.SOUND, sound=event.sound)
    share = rng.uniform(0.1, 0.9)
    return Instruction(
        event.kind,
        camera=event.camera if rng.random() < share else None,
        noun=event.thing.kind if rng.random() < share else None,
        colour=event.thing.colour if rng.random() < share else None,
    )


def _anything(record: Record, rng: np.random.Generator) -> WorldEvent:
    """An event that may never happen, of the kinds and colours at hand."""
    if rng.random() < 0.15:
        return WorldEvent(0, None, _E.SOUND, sound=str(rng.choice(SOUNDS)))
    things = sorted({e.thing for e in record.events if e.thing}, key=str)
    kinds: Sequence[str] = [t.kind for t in things] or KINDS
    thing = Thing(str(rng.choice(COLOURS)), kinds[int(rng.integers(len(kinds)))])
    cameras = sorted(_cameras_of(record)) or [0]
    kind = _WANTED[int(rng.integers(3))]
    return WorldEvent(0, cameras[int(rng.integers(len(cameras)))], kind, thing)
