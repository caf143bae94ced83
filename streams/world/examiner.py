"""What may be asked of a world at a moment, each with its true answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..media import VIEW_WIDTH
from .events import COLOURS, KINDS, Thing, WorldEvent, WorldEventKind, nameable
from .questions import NUMBERS, PLACES, Asked, Question, QuestionKind
from .record import Record, Seen

K, E = QuestionKind, WorldEventKind


def draw_question(
    kind: QuestionKind, record: Record, tick: int, rng: np.random.Generator, cameras: Sequence[int]
) -> Asked | None:
    """A question of that kind that can be asked at a tick, its answer drawn evenly among the possible ones; or None."""
    candidates = possible_questions(kind, record, tick, rng, cameras)
    if not candidates:
        return None
    answers = sorted({c.answer for c in candidates})
    answer = answers[int(rng.integers(len(answers)))]
    fitting = [c for c in candidates if c.answer == answer]
    return fitting[int(rng.integers(len(fitting)))]


def possible_questions(
    kind: QuestionKind, record: Record, tick: int, rng: np.random.Generator, cameras: Sequence[int]
) -> list[Asked]:
    """All questions of that kind that can be asked at a tick; `rng` draws the names of what was not there."""
    return _CANDIDATES[kind](_Moment(record, tick, cameras, rng))


class _Moment:
    """All that a question at one tick may be about."""

    def __init__(self, record: Record, tick: int, cameras: Sequence[int], rng: np.random.Generator) -> None:
        self.record, self.tick, self.cameras, self.rng = record, tick, cameras, rng
        self.t_ns = tick * record.ns_per_tick
        self.past = record.past(tick)
        self.visible = {camera: record.visible(camera, tick) for camera in cameras}

    def asked(self, answer: str, about_ns: int, kind: QuestionKind, **fields: object) -> Asked:
        return Asked(Question(kind, **fields), self.tick, answer, about_ns)  # type: ignore[arg-type]

    def named(self, camera: int) -> list[Seen]:
        """What is in view and has a name of its own there."""
        seen = self.visible[camera]
        return [s for s in seen if sum(o.thing == s.thing for o in seen) == 1]

    def of(self, camera: int, *kinds: WorldEventKind) -> list[WorldEvent]:
        return [e for e in self.past if e.camera == camera and e.kind in kinds and e.thing]

    def gone(self, camera: int) -> list[WorldEvent]:
        """The last way out of everything that was in a camera and is there no more, under no name in view."""
        last = {e.thing: e for e in self.of(camera, E.LEAVE)}
        here = {s.thing for s in self.visible[camera]} | {
            e.thing for e in self.of(camera, E.ENTER) if e.t_ns > last.get(e.thing, e).t_ns
        }
        return [e for thing, e in last.items() if thing not in here]

    def other_things(self, camera: int) -> list[Thing]:
        """Names that nothing in this camera has had: of other cameras first, they are the hardest."""
        had = {e.thing for e in self.past if e.camera == camera} | {s.thing for s in self.visible[camera]}
        others = {e.thing for e in self.past if e.thing and e.camera != camera} - had
        others |= {s.thing for c in self.cameras if c != camera for s in self.visible[c]} - had
        kinds = tuple(sorted({t.kind for t in (*others, *had) if t})) or KINDS
        strange = [t for t in nameable(kinds, COLOURS) if t not in had and t not in others]
        picked = [strange[int(n)] for n in self.rng.integers(len(strange), size=2)] if strange else []
        return [*sorted((t for t in others if t), key=str), *picked]


def _present(m: _Moment) -> list[Asked]:
    found = []
    for camera in m.cameras:
        seen = {s.thing for s in m.visible[camera]}
        near = set(_nearly_seen(m, camera))
        found += [m.asked("yes", m.t_ns, K.PRESENT, camera=camera, thing=t) for t in sorted(seen, key=str)]
        for thing in m.other_things(camera) + [e.thing for e in m.gone(camera) if e.thing]:
            if thing not in near:
                found.append(m.asked("no", m.t_ns, K.PRESENT, camera=camera, thing=thing))
    return found


def _nearly_seen(m: _Moment, camera: int) -> list[Thing]:
    """Names of what is in view, or was within a second: at the border one may say yes or no."""
    events = [e for e in m.of(camera, E.ENTER, E.LEAVE) if m.t_ns - e.t_ns < 1_000_000_000]
    return [s.thing for s in m.visible[camera]] + [e.thing for e in events if e.thing]


def _colour(m: _Moment) -> list[Asked]:
    found = []
    for camera in m.cameras:
        seen = m.visible[camera]
        for s in seen:
            if sum(o.thing.kind == s.thing.kind for o in seen) == 1:
                found.append(m.asked(s.thing.colour, m.t_ns, K.COLOUR, camera=camera, noun=s.thing.kind))
    return found


def _count(m: _Moment) -> list[Asked]:
    found = []
    for camera in m.cameras:
        kinds = [s.thing.kind for s in m.visible[camera]]
        if len(kinds) < len(NUMBERS) // 2 + 1:
            found.append(m.asked(NUMBERS[len(kinds)], m.t_ns, K.COUNT, camera=camera))
        for kind in sorted(set(kinds)):
            found.append(m.asked(NUMBERS[kinds.count(kind)], m.t_ns, K.COUNT, camera=camera, noun=kind))
    return found


def _which(m: _Moment) -> list[Asked]:
    cameras_of: dict[Thing, set[int]] = {}
    for camera in m.cameras:
        for thing in _nearly_seen(m, camera):
            cameras_of.setdefault(thing, set()).add(camera)
    shown = {(c, s.thing) for c in m.cameras for s in m.visible[c]}
    return [
        m.asked(f"cam{camera + 1}", m.t_ns, K.WHICH, thing=thing)
        for camera, thing in sorted(shown, key=str)
        if len(cameras_of[thing]) == 1
    ]


def _moving(m: _Moment) -> list[Asked]:
    steady = [
        (c, s)
        for c in m.cameras
        for s in m.named(c)
        if all(
            e.thing != s.thing or m.t_ns - e.t_ns > 600_000_000 for e in m.of(c, E.STOP, E.GO, E.ENTER)[-6:]
        )
    ]
    return [
        m.asked("yes" if s.is_moving else "no", m.t_ns, K.MOVING, camera=c, thing=s.thing) for c, s in steady
    ]


def _where(m: _Moment) -> list[Asked]:
    found = []
    for camera in m.cameras:
        for s in m.named(camera):
            third = s.x * 3 / VIEW_WIDTH
            if min(abs(third - 1), abs(third - 2)) > 0.15:
                place = PLACES[int(np.clip(third, 0, 2))]
                found.append(m.asked(place, m.t_ns, K.WHERE, camera=camera, thing=s.thing))
    return found


def _last(kind: QuestionKind, event_kind: WorldEventKind) -> Callable[[_Moment], list[Asked]]:
    def candidates(m: _Moment) -> list[Asked]:
        lasts = [(c, events[-1]) for c in m.cameras if (events := m.of(c, event_kind))]
        return [m.asked(str(e.thing), e.t_ns, kind, camera=c) for c, e in lasts]

    return candidates


def _was(m: _Moment) -> list[Asked]:
    found = []
    for camera in m.cameras:
        gone = m.gone(camera)
        found += [m.asked("yes", e.t_ns, K.WAS, camera=camera, thing=e.thing) for e in gone]
        others = m.other_things(camera)
        # The wrong one is as old as the right one, so that a bin of delays holds both answers.
        found += [
            m.asked("no", e.t_ns, K.WAS, camera=camera, thing=others[int(m.rng.integers(len(others)))])
            for e in gone
            if others
        ]
    return found


def _way_out(m: _Moment) -> list[Asked]:
    return [
        m.asked(str(e.side), e.t_ns, K.WAY_OUT, camera=c, thing=e.thing) for c in m.cameras for e in m.gone(c)
    ]


def _former_colour(m: _Moment) -> list[Asked]:
    found = []
    for camera in m.cameras:
        last = {e.thing.kind: e for e in m.of(camera, E.LEAVE) if e.thing}
        for kind, event in last.items():
            if event.thing:
                found.append(
                    m.asked(event.thing.colour, event.t_ns, K.FORMER_COLOUR, camera=camera, noun=kind)
                )
    return found


def _which_was(m: _Moment) -> list[Asked]:
    seen_by: dict[Thing, set[int]] = {}
    for event in m.past:
        if event.thing and event.camera is not None:
            seen_by.setdefault(event.thing, set()).add(event.camera)
    for camera in m.cameras:
        for s in m.visible[camera]:
            seen_by.setdefault(s.thing, set()).add(camera)
    return [
        m.asked(f"cam{c + 1}", e.t_ns, K.WHICH_WAS, thing=e.thing)
        for c in m.cameras
        for e in m.gone(c)
        if e.thing and seen_by[e.thing] == {c}
    ]


def _from(m: _Moment) -> list[Asked]:
    found = []
    for camera in m.cameras:
        for s in m.named(camera):
            before = [e for e in m.past if e.identity == s.identity and e.camera != camera]
            namesakes = {
                e.camera for e in m.past if e.thing == s.thing and e.camera is not None and e.camera != camera
            }
            if before and len(namesakes) == 1:
                last = before[-1]
                answer = f"cam{(last.camera or 0) + 1}"
                found.append(m.asked(answer, last.t_ns, K.FROM, camera=camera, thing=s.thing))
    return found


def _heard(m: _Moment) -> list[Asked]:
    sounds = [e for e in m.past if e.sound]
    return [m.asked(str(sounds[-1].sound), sounds[-1].t_ns, K.HEARD)] if sounds else []


def _before_sound(m: _Moment) -> list[Asked]:
    last = {e.sound: e for e in m.past if e.sound}
    found = []
    for sound, heard in last.items():
        for camera in m.cameras:
            entered = [e for e in m.of(camera, E.ENTER) if e.t_ns < heard.t_ns - 400_000_000]
            near = [e for e in m.of(camera, E.ENTER) if abs(e.t_ns - heard.t_ns) <= 400_000_000]
            if entered and not near:
                answer = str(entered[-1].thing)
                found.append(m.asked(answer, entered[-1].t_ns, K.BEFORE_SOUND, camera=camera, sound=sound))
    return found


_CANDIDATES: dict[QuestionKind, Callable[[_Moment], list[Asked]]] = {
    K.PRESENT: _present,
    K.COLOUR: _colour,
    K.COUNT: _count,
    K.WHICH: _which,
    K.MOVING: _moving,
    K.WHERE: _where,
    K.LAST_IN: _last(K.LAST_IN, E.ENTER),
    K.LAST_OUT: _last(K.LAST_OUT, E.LEAVE),
    K.WAS: _was,
    K.WAY_OUT: _way_out,
    K.FORMER_COLOUR: _former_colour,
    K.WHICH_WAS: _which_was,
    K.FROM: _from,
    K.HEARD: _heard,
    K.BEFORE_SOUND: _before_sound,
}
