"""The worst failures, to be looked at: what the camera showed, what was true, and what was said."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ...generation.embedding import NS_PER_TICK
from ...streams.world.events import WorldEvent
from ...streams.world.language import camera_name, narrate
from .matching import match, partial_key
from .narration import Told, told
from .papers import Setting
from .replies import Answer, answers
from .sitting import Sitting

_EACH = 4  # of every sort
_OF_ONE_WORLD = 2  # of these, at most: twice the same mistake teaches nothing


@dataclass(frozen=True, slots=True)
class Failure:
    """One mistake, and the moment to look at."""

    sort: str
    setting: Setting
    camera: int
    t_ns: int
    truth: str
    said: str
    confidence: float | None = None
    identity: int | None = None  # of the thing that it is about


def worst_failures(sittings: Sequence[Sitting], examinee: str) -> list[Failure]:
    """A few of each sort: the surest wrong answers, wrong names and inventions, and the largest things missed."""
    narrated = [
        s for s in sittings if s.sheet.setting.paper in ("shapes", "things", "unseen", "recipes", "textures")
    ]
    read = [(sitting, told(sitting, examinee)) for sitting in narrated]
    asked = [s for s in sittings if s.sheet.queries]
    return [
        *_most((_of_answer(a, asked[a.world]) for a in answers(asked, examinee)), _surest),
        *_most((f for s, t in read for f in _misnamed(s, t)), _surest),
        *_most((f for s, t in read for f in _invented(s, t)), _surest),
        *_varied(failure for _, failure in sorted(_missed(read), key=lambda pair: -pair[0])),
    ]


def _most(found: Iterable[Failure | None], worth: Callable[[Failure], float]) -> list[Failure]:
    return _varied(sorted((f for f in found if f is not None), key=lambda f: -worth(f)))


def _varied(ordered: Iterable[Failure]) -> list[Failure]:
    """The first few, of different worlds."""
    chosen: list[Failure] = []
    for failure in ordered:
        if sum(f.setting == failure.setting for f in chosen) < _OF_ONE_WORLD and len(chosen) < _EACH:
            chosen.append(failure)
    return chosen


def _surest(failure: Failure) -> float:
    return failure.confidence or 0.0


def _of_answer(answer: Answer, sitting: Sitting) -> Failure | None:
    question, asked = answer.query.asked.question, answer.query.asked
    if answer.is_right or answer.said is None:
        return None
    return Failure(
        f"wrong answer, after {answer.query.delay_s:.0f} s" if answer.query.delay_s >= 1 else "wrong answer",
        sitting.sheet.setting,
        question.camera or 0,
        asked.about_ns,
        f"{answer.query.text}? {asked.answer}",
        answer.said,
        answer.confidence,
    )


def _misnamed(sitting: Sitting, read: Told) -> Iterable[Failure]:
    hits = set(read.pairs)
    for a, b in match(read.said, read.happened, partial_key):
        if (a, b) not in hits and read.happened[b].camera is not None:
            yield _of_event("wrong name", sitting, read.happened[b], read.said[a], read.confidences[a])


def _invented(sitting: Sitting, read: Told) -> Iterable[Failure]:
    known = {a for a, _ in match(read.said, read.happened, partial_key)}
    for a, event in enumerate(read.said):
        if a not in known and event.camera is not None and event.camera < sitting.sheet.setting.num_cameras:
            yield _of_event("nothing of the kind happened", sitting, None, event, read.confidences[a])


def _missed(read: Sequence[tuple[Sitting, Told]]) -> Iterable[tuple[float, Failure]]:
    """With the size of the thing."""
    for sitting, each in read:
        known = {b for _, b in match(each.said, each.happened, partial_key)}
        for b, event in enumerate(each.happened):
            side = each.sides[b]
            if b not in known and side is not None:
                yield side, _of_event("missed", sitting, event, None, None)


def _of_event(
    sort: str, sitting: Sitting, true: WorldEvent | None, said: WorldEvent | None, sure: float | None
) -> Failure:
    event = true or said
    assert event is not None and event.camera is not None
    return Failure(
        sort,
        sitting.sheet.setting,
        event.camera,
        max(event.t_ns, NS_PER_TICK),
        narrate(true) if true else f"{camera_name(event.camera)} nothing",
        narrate(said) if said else "nothing",
        sure,
        true.identity if true else None,
    )
