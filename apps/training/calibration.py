"""The last stage: choose from which probability of speech the gate opens, on worlds kept for that."""

from __future__ import annotations

from ...generation.narrator import Narrator
from ..scoring.matching import Score, compare
from ..scoring.parallel import narrate_all
from ..scoring.worlds import CALIBRATION
from .progress import RunLog
from .settings import TrainSettings

THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)


def calibrate(settings: TrainSettings, narrator: Narrator, log: RunLog) -> Narrator:
    """Set the threshold of best F1; the worlds are neither trained on nor scored."""
    best = (-1.0, THRESHOLDS[0])
    specs = CALIBRATION[: settings.num_calibration]
    with log.bar("calibrate", len(THRESHOLDS) * len(specs), 0) as bar:
        for threshold in THRESHOLDS:
            narrator.set_speak_threshold(threshold)
            score = Score()
            for told in narrate_all(narrator, specs, settings.workers):
                score += compare(told.said, told.happened)
                bar.advance(f"threshold {threshold} F1 {score.f1:.3f}")
            log.record(
                "calibrate",
                round(threshold * 100),
                {"f1": score.f1, "precision": score.precision, "recall": score.recall},
            )
            best = max(best, (score.f1, threshold))
    narrator.set_speak_threshold(best[1])
    return narrator
