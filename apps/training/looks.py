"""What the language stage looks at while it learns: scores of a rehearsal, and a narrated picture."""

from __future__ import annotations

import copy

import cv2

from ...files import write_whole
from ...generation.narrator import Narrator
from .loop import Look
from .progress import RunLog
from .rehearsal import Scene, figures, rehearsal_sheets, rehearse, watch
from .settings import TrainSettings
from .sheet import draw_sheet


def language_looks(settings: TrainSettings, narrator: Narrator, log: RunLog) -> list[Look]:
    """Rehearsals, and pictures in OUT/pictures. The worlds are rendered when they are first looked at."""
    scenes: list[Scene] = []

    def prepare() -> None:
        if not scenes:
            encoder = copy.deepcopy(narrator.encoder).cpu()
            for n, sheet in enumerate(rehearsal_sheets(settings.rehearsals, settings.stream_s)):
                scenes.append(watch(encoder, sheet, keeps_pictures=n == 0))

    def evaluate(step: int) -> dict[str, float]:
        prepare()
        twin = _twin(narrator)
        return figures([rehearse(twin, scene) for scene in scenes])

    def draw(step: int) -> None:
        prepare()
        sitting = rehearse(_twin(narrator), scenes[0])
        sheet = draw_sheet(scenes[0], sitting, f"step {step} of {settings.language_steps}")
        folder = settings.out / "pictures"
        folder.mkdir(exist_ok=True)
        write_whole(folder / f"language-{step:06d}.png", cv2.imencode(".png", sheet)[1].tobytes())

    return [Look(settings.evaluate_every, evaluate), Look(settings.pictures_every, draw)]


def _twin(narrator: Narrator) -> Narrator:
    """A copy that is looked at, so that looking leaves no trace in what learns."""
    return copy.deepcopy(narrator).cpu().eval()
