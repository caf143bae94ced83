"""What could be asked and ordered in a world: drawn from its truth, before anybody looks at it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ...generation.embedding import NS_PER_TICK
from ...streams.world.events import COLOURS, SOUNDS, WorldEvent, WorldEventKind
from ...streams.world.examiner import possible_questions
from ...streams.world.instructions import Instruction, instruct
from ...streams.world.questions import Asked, QuestionKind, ask
from ...streams.world.record import Record
from .papers import Order, Query, Setting

APART_TICKS = 15  # at most one question every 3 s
FIRST_TICK = 20
_TEXT_SEED = 5
_SHARE_NEVER = 0.3  # of the instructions ask for what never comes
E, K = WorldEventKind, QuestionKind
_WANTED = (E.ENTER, E.LEAVE, E.STOP, E.SOUND)


@dataclass(frozen=True, slots=True)
class Draft:
    """Everything that may be asked of one world, many questions a tick, and its instructions."""

    setting: Setting
    queries: tuple[Query, ...]
    orders: tuple[Order, ...]


def draft(setting: Setting) -> Draft:
    """Draw one world's possible questions and its instructions. The same setting gives the same draft."""
    if not setting.kinds and not setting.num_orders:
        return Draft(setting, (), ())
    world = setting.world()
    record = setting.record(world)
    rng = np.random.default_rng([setting.seed, _TEXT_SEED])
    queries = [
        query
        for tick in range(FIRST_TICK, setting.num_ticks, APART_TICKS)
        for kind in setting.kinds
        for query in _queries(kind, setting, record, tick, rng)
    ]
    orders = [_order(number, setting, record, rng) for number in range(setting.num_orders)]
    return Draft(setting, tuple(queries), tuple(sorted(orders, key=lambda order: order.tick)))


def _queries(
    kind: QuestionKind, setting: Setting, record: Record, tick: int, rng: np.random.Generator
) -> list[Query]:
    """All of a kind at a tick, but of equal answers with an equal delay only one."""
    found = possible_questions(kind, record, tick, rng, range(setting.num_cameras))
    order = rng.permutation(len(found))
    unlike = {(found[n].answer, found[n].about_ns): found[n] for n in order}
    return [
        Query(ask(asked.question, rng), asked, form_of(asked, setting.num_cameras))
        for asked in unlike.values()
    ]


def form_of(asked: Asked, num_cameras: int) -> str:
    """What the wording gives away: counting all things may find none; a camera is one of those that are there."""
    question = asked.question
    if question.kind is K.COUNT:
        return f"{question.kind} {'some' if question.noun else 'all'}"
    if question.kind is K.FROM:
        return f"{question.kind} {question.camera} of {num_cameras}"
    if question.kind in (K.WHICH, K.WHICH_WAS):
        return f"{question.kind} of {num_cameras}"
    return question.kind.value


def _order(number: int, setting: Setting, record: Record, rng: np.random.Generator) -> Order:
    """An instruction from the start of the stream or from its middle, for what comes or for what never does."""
    is_first = number == 0 and setting.seed % 3 > 0
    tick = 1 + number if is_first else int(rng.integers(10, max(11, setting.num_ticks // 2)))
    coming = [e for e in record.events if e.t_ns > tick * NS_PER_TICK and e.kind in _WANTED]
    if not coming:
        instruction = Instruction(E.ENTER, 0, "car", "purple")
    else:
        event = coming[int(rng.integers(len(coming)))]
        never = _never(event, record, rng) if rng.random() < _SHARE_NEVER else None
        instruction = never or _about(event, rng)
    return Order(instruct(instruction, rng), tick)


def _about(event: WorldEvent, rng: np.random.Generator) -> Instruction:
    """An instruction that wants this event, and often others: some of what it could say is left open."""
    if event.thing is None:
        return Instruction(E.SOUND, sound=event.sound)
    noun = event.thing.kind if rng.random() < 0.75 else None
    return Instruction(
        event.kind,
        camera=event.camera if rng.random() < 0.65 else None,
        noun=noun,
        # Where anything would do in any camera, all is an alert: one half at least is named.
        colour=event.thing.colour if noun is None or rng.random() < 0.6 else None,
    )


def _never(event: WorldEvent, record: Record, rng: np.random.Generator) -> Instruction | None:
    """An instruction that differs by one word from one that comes true, and never does; None if all do."""
    if event.thing is None:
        options = [Instruction(E.SOUND, sound=sound) for sound in SOUNDS]
    else:
        near = Instruction(event.kind, event.camera, event.thing.kind, event.thing.colour)
        options = [replace(near, colour=colour) for colour in COLOURS]
        options += [replace(near, camera=c) for c in range(record.num_cameras)]
    options = [i for i in options if not any(i.wants(e) for e in record.events)]
    return options[int(rng.integers(len(options)))] if options else None
