"""All figures of one examinee, as one document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .alerts import alert_scores, alerting, alerts_by_confidence
from .confidence import Outcome, calibration
from .narration import Told, confusions, narration_scores, told
from .papers import is_of_shapes
from .replies import Answer, answer_scores, answers
from .sitting import Sitting

NARRATED = ("shapes", "things")


def scores_of(sittings: Sequence[Sitting], examinee: str) -> dict[str, Any]:
    """The whole, then `shapes` and `things` apart; what was not put to the examinee is left out."""
    whole = _scores(sittings, examinee)
    for name, wanted in (("shapes", True), ("things", False)):
        part = [s for s in sittings if is_of_shapes(s.scene) is wanted]
        if part:
            whole[name] = _scores(part, examinee)
    narrated = [told(s, examinee) for s in sittings if s.sheet.setting.paper in NARRATED]
    given = answers([s for s in sittings if s.sheet.queries], examinee)
    if ordered := [s for s in sittings if s.sheet.orders]:
        whole["alerts"]["by_confidence"] = alerts_by_confidence(ordered, examinee)
    whole["confusions"] = confusions(narrated)
    whole["calibration"] = {
        "answers": calibration(_outcomes_of_answers(given, by_head=False)),
        "statements": calibration(_outcomes_of_statements(narrated, by_head=False)),
        "answers_by_head": calibration(_outcomes_of_answers(given, by_head=True)),
        "statements_by_head": calibration(_outcomes_of_statements(narrated, by_head=True)),
    }
    return whole


def _scores(sittings: Sequence[Sitting], examinee: str) -> dict[str, Any]:
    scores: dict[str, Any] = {}
    papers = {"narration": NARRATED, "unseen_pairs": ("unseen",)} | {
        name: (name,) for name in ("recipes", "textures", "easy")
    }
    for name, wanted in papers.items():
        worlds = [told(s, examinee) for s in sittings if s.sheet.setting.paper in wanted]
        if worlds:
            scored = narration_scores(worlds)
            scores[name] = scored if name == "narration" else {"narration": scored}
    scores |= _exam(sittings, examinee)
    return scores


def _exam(sittings: Sequence[Sitting], examinee: str) -> dict[str, Any]:
    """Questions and instructions."""
    scores: dict[str, Any] = {}
    given = answers([s for s in sittings if s.sheet.queries], examinee)
    if given:
        scores |= answer_scores(given)
    watched = [alerting(s, examinee) for s in sittings if s.sheet.orders]
    if watched:
        alone = [alerting(s, examinee, unaided=True) for s in sittings if s.sheet.orders]
        scores["alerts"] = {**alert_scores(watched), "unaided": alert_scores(alone)}
    return scores


def _outcomes_of_statements(worlds: Sequence[Told], by_head: bool) -> list[list[Outcome]]:
    hits = [{a for a, _ in world.pairs} for world in worlds]
    return [
        [(sure, n in hit) for n, sure in enumerate(_sure(world, by_head)) if sure is not None]
        for world, hit in zip(worlds, hits, strict=True)
    ]


def _sure(world: Told, by_head: bool) -> Sequence[float | None]:
    return world.by_head if by_head else world.confidences


def _outcomes_of_answers(given: Sequence[Answer], by_head: bool) -> list[list[Outcome]]:
    found: dict[int, list[Outcome]] = {world: [] for world in sorted({a.world for a in given})}
    for answer in given:
        sure = answer.by_head if by_head else answer.confidence
        if answer.said is not None and sure is not None:
            found[answer.world].append((sure, answer.is_right))
    return list(found.values())
