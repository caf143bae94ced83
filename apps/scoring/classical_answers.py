"""Answers to questions from what the classical baseline believes it saw: a perfect memory of imperfect sightings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from ...streams.world.events import SOUNDS, Thing, WorldEvent, WorldEventKind
from ...streams.world.questions import NUMBERS, PLACES, Question, QuestionKind
from .classical_witness import Belief, Story, Witness

E, K = WorldEventKind, QuestionKind
_GUESS = 0.2  # probability of an answer for which there is no ground
_NOTHING = Thing("red", "disc")


@dataclass(frozen=True, slots=True)
class Answer:
    """What is replied, and how probable it is that it is right."""

    text: str
    confidence: float


@dataclass(slots=True)
class Memory:
    """All events that were believed, by the time of their telling, and the eyes of this moment."""

    witnesses: Sequence[Witness]
    past: list[Belief] = field(default_factory=list)

    def answer(self, question: Question) -> Answer:
        """The answer to any question of the grammar; a guess where nothing is known."""
        return _ANSWERS[question.kind](self, question)

    def here(self, camera: int | None) -> list[Story]:
        """What is in a camera's view now, or in any."""
        return [s for n, w in enumerate(self.witnesses) if camera in (None, n) for s in w.present]

    def events(self, camera: int | None, *kinds: WorldEventKind) -> list[Belief]:
        """Past events with a thing, of a camera or of any, in order of time."""
        return [
            b
            for b in self.past
            if b.event.kind in kinds and b.event.thing and (camera is None or b.event.camera == camera)
        ]


def likeness(first: Thing | None, second: Thing | None) -> int:
    """2 for the same name; kinds are mistaken more often than colours, so the colour says more."""
    if first is None or second is None:
        return 0
    return 2 if first == second else int(first.colour == second.colour)


def _best(stories: Iterable[Story], thing: Thing | None) -> Story | None:
    return max(stories, key=lambda s: (likeness(s.thing, thing), s.last_ns), default=None)


def _last(beliefs: Sequence[Belief], thing: Thing | None = None) -> Belief | None:
    """The newest of the likest."""
    alike = max((likeness(b.event.thing, thing) for b in beliefs), default=0)
    return next((b for b in reversed(beliefs) if likeness(b.event.thing, thing) == alike), None)


def _present(memory: Memory, question: Question) -> Answer:
    found = any(s.thing == question.thing for s in memory.here(question.camera))
    return Answer("yes" if found else "no", 0.85)


def _colour(memory: Memory, question: Question) -> Answer:
    story = max(memory.here(question.camera), key=lambda s: s.name.share_of(question.noun), default=None)
    if story is None:
        last = _last(memory.events(question.camera, E.ENTER, E.LEAVE))
        return Answer(last.event.thing.colour if last and last.event.thing else _NOTHING.colour, _GUESS)
    return Answer(story.thing.colour, story.sure if story.thing.kind == question.noun else 0.4)


def _count(memory: Memory, question: Question) -> Answer:
    kinds = [s.thing.kind for s in memory.here(question.camera)]
    number = len(kinds) if question.noun is None else max(kinds.count(question.noun), 1)
    return Answer(NUMBERS[min(number, len(NUMBERS) - 1)], 0.8)


def _which(memory: Memory, question: Question) -> Answer:
    seen = [(likeness(s.thing, question.thing), n) for n, w in enumerate(memory.witnesses) for s in w.present]
    alike, camera = max(seen, default=(0, 0), key=lambda pair: pair[0])
    return Answer(f"cam{camera + 1}", 0.9 if alike == 2 else 0.5)


def _moving(memory: Memory, question: Question) -> Answer:
    story = _best(memory.here(question.camera), question.thing)
    return Answer("yes" if story is None or story.is_moving else "no", 0.85 if story else 0.5)


def _where(memory: Memory, question: Question) -> Answer:
    story = _best(memory.here(question.camera), question.thing)
    if story is None:
        return Answer(PLACES[1], 1 / len(PLACES))
    place = memory.witnesses[question.camera or 0].place(story)
    return Answer(PLACES[min(max(int(place * 3), 0), 2)], 0.9 if story.thing == question.thing else 0.5)


def _last_of(kind: WorldEventKind) -> Callable[[Memory, Question], Answer]:
    def answer(memory: Memory, question: Question) -> Answer:
        last = next(reversed(memory.events(question.camera, kind)), None)
        if last is None:
            story = next(iter(memory.here(question.camera)), None)
            return Answer(str(story.thing if story else _NOTHING), _GUESS)
        return Answer(str(last.event.thing), last.confidence)

    return answer


def _was(memory: Memory, question: Question) -> Answer:
    found = any(b.event.thing == question.thing for b in memory.events(question.camera, *E))
    found |= any(s.thing == question.thing for s in memory.here(question.camera))
    return Answer("yes" if found else "no", 0.85)


def _way_out(memory: Memory, question: Question) -> Answer:
    last = _last(memory.events(question.camera, E.LEAVE), question.thing)
    if last is None:
        return Answer("left", _GUESS)
    return Answer(str(last.event.side), 0.8 if last.event.thing == question.thing else 0.4)


def _former_colour(memory: Memory, question: Question) -> Answer:
    gone = memory.events(question.camera, E.LEAVE)
    of_kind = [b for b in gone if b.event.thing and b.event.thing.kind == question.noun]
    last = next(reversed(of_kind or gone), None)
    if last is None or last.event.thing is None:
        return Answer(_NOTHING.colour, _GUESS)
    return Answer(last.event.thing.colour, last.confidence if of_kind else _GUESS)


def _which_was(memory: Memory, question: Question) -> Answer:
    last = _last(memory.events(None, E.LEAVE, E.ENTER, E.STOP, E.GO), question.thing)
    sure = 0.85 if last and last.event.thing == question.thing else 0.4
    return Answer(f"cam{_camera_of(last) + 1}", sure)


def _from(memory: Memory, question: Question) -> Answer:
    elsewhere = [
        b for b in memory.events(None, E.ENTER, E.LEAVE, E.STOP, E.GO) if b.event.camera != question.camera
    ]
    last = _last(elsewhere, question.thing)
    if last is None:
        others = [n for n in range(len(memory.witnesses)) if n != question.camera]
        return Answer(f"cam{(others or [0])[0] + 1}", _GUESS)
    return Answer(f"cam{_camera_of(last) + 1}", 0.8 if last.event.thing == question.thing else 0.4)


def _heard(memory: Memory, question: Question) -> Answer:
    last = next((b for b in reversed(memory.past) if b.event.sound), None)
    return Answer(str(last.event.sound), last.confidence) if last else Answer(SOUNDS[0], 0.1)


def _before_sound(memory: Memory, question: Question) -> Answer:
    heard = [b.event.t_ns for b in memory.past if b.event.sound == question.sound]
    entered = memory.events(question.camera, E.ENTER)
    before = [b for b in entered if not heard or b.event.t_ns < heard[-1]]
    last = next(reversed(before or entered), None)
    if last is None:
        return Answer(str(_NOTHING), 0.05)
    return Answer(str(last.event.thing), 0.8 * last.confidence if heard and before else _GUESS)


def _camera_of(belief: Belief | None) -> int:
    event: WorldEvent | None = belief.event if belief else None
    return event.camera if event and event.camera is not None else 0


_ANSWERS: dict[QuestionKind, Callable[[Memory, Question], Answer]] = {
    K.PRESENT: _present,
    K.COLOUR: _colour,
    K.COUNT: _count,
    K.WHICH: _which,
    K.MOVING: _moving,
    K.WHERE: _where,
    K.LAST_IN: _last_of(E.ENTER),
    K.LAST_OUT: _last_of(E.LEAVE),
    K.WAS: _was,
    K.WAY_OUT: _way_out,
    K.FORMER_COLOUR: _former_colour,
    K.WHICH_WAS: _which_was,
    K.FROM: _from,
    K.HEARD: _heard,
    K.BEFORE_SOUND: _before_sound,
}
