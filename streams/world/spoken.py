"""What somebody says aloud in a world: questions with their true answers, and standing instructions."""

from __future__ import annotations

import numpy as np

from .events import WorldEvent, WorldEventKind
from .examiner import draw_question
from .instructions import Instruction, instruct
from .questions import FAMILIES, ask
from .record import record_at
from .speech import Utterance, need_speech, say
from .world import World

_NS_PER_TICK = 200_000_000
_PURPOSE = 91  # of the generator, beside seed and cameras: nothing else of the world changes
_FIRST_S, _APART_S = 4.0, (5.0, 14.0)  # until the first is understood, and from each to the next
_PAUSE_NS = 500_000_000  # between two that are spoken
_INSTRUCTIONS = 0.3  # share of what is spoken
_KINDS = (
    *FAMILIES["live"],
    *FAMILIES["memory"],
)  # what is to be heard is laid around the speech: nobody asks of it
_E = WorldEventKind


def draw_speech(world: World) -> tuple[Utterance, ...]:
    """One voice that asks and instructs now and then, in order of time; the stage of the world must be there.

    A question ends at the moment at which its answer is true; an instruction asks for what will still happen. Raises
    MissingDependencyError without espeak-ng.
    """
    need_speech()
    rng = np.random.default_rng([world.seed, world.num_cameras, _PURPOSE])
    voice, found, end_s = int(rng.integers(2**31)), list[Utterance](), _FIRST_S
    while end_s < world.duration_s:
        drawn = _draw(world, int(end_s * 1e9) // _NS_PER_TICK, rng)
        if drawn is not None:
            said = _spoken(*drawn, voice)
            if said.t_ns >= (found[-1].end_ns + _PAUSE_NS if found else 0):
                found.append(said)
        end_s += float(rng.uniform(*_APART_S))
    return tuple(found)


def _draw(world: World, tick: int, rng: np.random.Generator) -> tuple[str, str | None, int] | None:
    """A text, its answer, and when its last word is spoken; None where there is nothing to be asked."""
    end_ns = tick * _NS_PER_TICK
    coming = [e for e in world.stage.events if e.t_ns > end_ns and e.kind in (_E.ENTER, _E.LEAVE, _E.STOP)]
    if coming and rng.random() < _INSTRUCTIONS:
        wanted = _instruction(coming[int(rng.integers(len(coming)))], rng)
        return instruct(wanted, rng), None, end_ns
    record = record_at(world, tick, _NS_PER_TICK)
    for number in rng.permutation(len(_KINDS)):
        asked = draw_question(_KINDS[number], record, tick, rng, range(world.num_cameras))
        if asked is not None:
            return ask(asked.question, rng), asked.answer, end_ns
    return None


def _instruction(event: WorldEvent, rng: np.random.Generator) -> Instruction:
    """One that wants this event; the camera or the colour may be left open."""
    assert event.thing is not None
    return Instruction(
        event.kind,
        camera=event.camera if rng.random() < 0.65 else None,
        noun=event.thing.kind,
        colour=event.thing.colour if rng.random() < 0.6 else None,
    )


def _spoken(text: str, answer: str | None, end_ns: int, voice: int) -> Utterance:
    samples = say(text, voice)
    assert samples is not None
    said = Utterance(0, text, samples, answer)
    return Utterance(end_ns - said.end_ns, text, samples, answer)
