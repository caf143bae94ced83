"""Examinees in one world: it is rendered once, and all of them sit before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ...generation.embedding import NS_PER_TICK
from ...streams.world.events import WorldEvent
from ...streams.world.ticks import world_inputs
from ...streams.world.world import World
from .examinee import Examinee, Said
from .papers import Sheet


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence with the tick in which it was finished."""

    tick: int
    text: str
    confidence: float
    t_ns: int  # when the stated event happened, by the examinee's own account
    unaided: str | None = None  # the text without what the instructions made of it (`Said.unaided`)
    by_head: float | None = None  # see `Said.by_head`


@dataclass(frozen=True, slots=True)
class Transcript:
    """All that one examinee said in one world, and the patches that it read."""

    lines: tuple[Line, ...]
    num_offered: int = 0
    num_kept: int = 0


@dataclass(frozen=True, slots=True)
class Sitting:
    """One world: what was put, what happened, and what each examinee said."""

    sheet: Sheet
    scene: str  # the recipe that was drawn
    events: tuple[WorldEvent, ...]
    sides: tuple[float | None, ...]  # of each event's thing, in pixels of the view
    transcripts: dict[str, Transcript] = field(default_factory=dict)  # by examinee


def sit(examinees: Sequence[Examinee], sheet: Sheet, on_tick: Callable[[], None] = lambda: None) -> Sitting:
    """Show one world to all examinees, tick by tick; `on_tick` is called after each."""
    world, names = sheet.setting.world(), sheet.setting.names
    lines: dict[str, list[Line]] = {examinee.name: [] for examinee in examinees}
    for examinee in examinees:
        examinee.start(names)
    for tick, inputs in enumerate(world_inputs(world, names, NS_PER_TICK), start=1):
        texts = sheet.texts(tick)
        for examinee in examinees:
            lines[examinee.name] += [
                line_of(said, tick, inputs.t_ns) for said in examinee.tick(inputs, texts)
            ]
        on_tick()
    transcripts = {e.name: _transcript(e, lines[e.name]) for e in examinees}
    return Sitting(
        sheet, world.scene, world.events, tuple(_side(world, e) for e in world.events), transcripts
    )


def line_of(said: Said, tick: int, t_ns: int) -> Line:
    """What was said, with the tick that began at `t_ns`."""
    then_ns = t_ns if said.t_ns is None else said.t_ns
    return Line(tick, said.text, said.confidence, then_ns, said.unaided, said.by_head)


def _transcript(examinee: Examinee, lines: list[Line]) -> Transcript:
    offered, kept = getattr(examinee, "num_offered", 0), getattr(examinee, "num_kept", 0)
    return Transcript(tuple(lines), offered, kept)


def _side(world: World, event: WorldEvent) -> float | None:
    if event.camera is None:
        return None
    found = (s for s in world.sightings(event.camera, event.t_ns) if s.identity == event.identity)
    return next((round(s.side, 1) for s in found), None)
