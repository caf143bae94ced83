"""A small exam while training goes on: worlds are seen once through the frozen encoder, and narrated again and again.

They are of the seeds kept for calibration: neither trained on nor scored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...generation.embedding import NS_PER_TICK
from ...generation.narrator import Narrator
from ...perception.blocks import CameraPlan, Perceived
from ...perception.encoder import PatchEncoder
from ...perception.perception import Perception
from ...streams.media import Inputs
from ...streams.world.events import WorldEvent
from ...streams.world.ticks import world_inputs
from ..scoring.alerts import alert_scores, alerting
from ..scoring.choice import choose
from ..scoring.drafts import draft
from ..scoring.examinees import NarratorExaminee
from ..scoring.matching import Score
from ..scoring.narration import told
from ..scoring.papers import NOW, PAST, Setting, Sheet, is_of_shapes
from ..scoring.replies import Answer, answers
from ..scoring.seeds import CALIBRATION
from ..scoring.sitting import Line, Sitting, Transcript, line_of

MODEL = "model"
_FIRST = 300  # of the seeds for calibration; those before choose the threshold
_SCENES = ("things", "mixed")


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """One world as perception has seen and heard it."""

    sheet: Sheet
    scene: str  # the recipe that was drawn
    events: tuple[WorldEvent, ...]
    ticks: tuple[Perceived, ...]
    pictures: tuple[tuple[NDArray[np.uint8], ...], ...] = ()  # of each tick, a view for each camera

    @property
    def names(self) -> list[str]:
        """Of the cameras."""
        return self.sheet.setting.names


def rehearsal_sheets(num: int, seconds: float) -> list[Sheet]:
    """Fixed worlds with questions about now and about the past in turn, and an instruction each."""
    settings = [
        Setting(
            "past" if n % 3 == 2 else "live",
            CALIBRATION[_FIRST + n],
            1 + (n + 1) % 3,
            _SCENES[n % 2],
            seconds,
            kinds=PAST if n % 3 == 2 else NOW,
            num_orders=1,
        )
        for n in range(num)
    ]
    return choose([draft(setting) for setting in settings])


def watch(encoder: PatchEncoder, sheet: Sheet, keeps_pictures: bool = False) -> Scene:
    """Render a world and let perception read it, as in a live session with time to spare."""
    world, names = sheet.setting.world(), sheet.setting.names
    perception, plan = Perception(encoder, names), {name: CameraPlan() for name in names}
    ticks, pictures = list[Perceived](), list[tuple[NDArray[np.uint8], ...]]()
    for inputs in world_inputs(world, names, NS_PER_TICK):
        ticks.append(perception.read(inputs, plan))
        if keeps_pictures:
            pictures.append(tuple(inputs.frames[name].pixels for name in names))
    return Scene(sheet, world.scene, world.events, tuple(ticks), tuple(pictures))


def rehearse(narrator: Narrator, scene: Scene) -> Sitting:
    """What the narrator, on the CPU, says of a world that was seen before."""
    examinee, lines = _Rehearsed(narrator, scene), list[Line]()
    examinee.start(scene.names)
    for tick in range(1, len(scene.ticks) + 1):
        t_ns = tick * NS_PER_TICK
        lines += [line_of(said, tick, t_ns) for said in examinee.tick(Inputs(t_ns), scene.sheet.texts(tick))]
    sides = (None,) * len(scene.events)
    return Sitting(scene.sheet, scene.scene, scene.events, sides, {MODEL: Transcript(tuple(lines))})


def figures(sittings: Sequence[Sitting]) -> dict[str, float]:
    """F1 of narration in all worlds and by family, share of right answers, F1 of alerts; what was not put is left out."""
    shapes = [s for s in sittings if is_of_shapes(s.scene)]
    things = [s for s in sittings if not is_of_shapes(s.scene)]
    found = {"f1": narration(sittings).f1}
    found |= {
        f"f1_{name}": narration(part).f1 for name, part in (("shapes", shapes), ("things", things)) if part
    }
    for name, paper in (("answers_now", "live"), ("answers_past", "past")):
        given = answers([s for s in sittings if s.sheet.setting.paper == paper], MODEL)
        found |= {name: _share_right(given)} if given else {}
    alerts = alert_scores([alerting(s, MODEL) for s in sittings])
    return found | ({"alerts_f1": float(alerts["f1"])} if alerts["n"] else {})


def narration(sittings: Sequence[Sitting]) -> Score:
    """The counts of all worlds."""
    return sum((told(sitting, MODEL).score for sitting in sittings), Score())


def _share_right(given: Sequence[Answer]) -> float:
    return sum(answer.is_right for answer in given) / len(given)


class _Rehearsed(NarratorExaminee):
    """The model as in the exam, but what it sees was seen before."""

    def __init__(self, narrator: Narrator, scene: Scene) -> None:
        super().__init__(narrator, MODEL)
        self._remembered = _Remembered(narrator.encoder, scene)

    def start(self, names: Sequence[str]) -> None:
        super().start(names)
        self._perception = self._remembered


class _Remembered(Perception):
    """Gives what was perceived at each tick of a scene."""

    def __init__(self, encoder: PatchEncoder, scene: Scene) -> None:
        super().__init__(encoder, scene.names)
        self._ticks = scene.ticks

    def read(self, inputs: Inputs, cameras: Mapping[str, CameraPlan]) -> Perceived:
        return self._ticks[inputs.t_ns // NS_PER_TICK - 1]
