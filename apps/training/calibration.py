"""The last stage: choose from which probability of speech the gate opens, on worlds kept for that."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

from ...generation.checkpoint import load_narrator, save_narrator
from ...generation.narrator import Narrator
from ..processes import as_they_come
from ..scoring.matching import Score
from ..scoring.papers import Setting, Sheet
from ..scoring.seeds import CALIBRATION
from .progress import RunLog
from .rehearsal import narration, rehearse, watch
from .settings import TrainSettings

_SCENES = ("mixed", "things")
_narrator: Narrator | None = None


def calibrate(settings: TrainSettings, narrator: Narrator, log: RunLog) -> Narrator:
    """Set the threshold of best F1; the worlds, shapes and things in turn, are neither trained on nor scored."""
    worlds = [
        Setting("calibration", CALIBRATION[n % 300], 1 + n // 2 % 4, _SCENES[n % 2], settings.stream_s)
        for n in range(settings.num_calibration)
    ]
    scores = [Score() for _ in settings.thresholds]
    with tempfile.TemporaryDirectory() as folder, log.bar("calibrate", len(worlds), 0) as bar:
        path = Path(folder) / "narrator.safetensors"
        save_narrator(narrator, path)  # as the checkpoint will be, in bfloat16
        score = partial(_score, settings.thresholds)
        for found in as_they_come(min(settings.workers, len(worlds)), score, worlds, _load, (path,)):
            scores = [a + b for a, b in zip(scores, found, strict=True)]
            bar.advance(f"best F1 {max(score.f1 for score in scores):.3f}")
    for threshold, total in zip(settings.thresholds, scores, strict=True):
        values = {"f1": total.f1, "precision": total.precision, "recall": total.recall}
        log.record("calibrate", round(threshold * 100), values)
    best = max(range(len(scores)), key=lambda n: scores[n].f1)
    narrator.set_speak_threshold(settings.thresholds[best])
    return narrator


def _load(path: Path) -> None:
    global _narrator
    _narrator = load_narrator(path)


def _score(thresholds: tuple[float, ...], setting: Setting) -> list[Score]:
    """One world, rendered once, narrated at each threshold."""
    assert _narrator is not None
    scene, found = watch(_narrator.encoder, Sheet(setting)), []
    for threshold in thresholds:
        _narrator.set_speak_threshold(threshold)
        found.append(narration([rehearse(_narrator, scene)]))
    return found
