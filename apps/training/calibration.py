"""The last stage: choose from which probability of speech the gate opens, on worlds kept for that."""

from __future__ import annotations

from ...generation.narrator import Narrator
from ..scoring.matching import Score, compare
from ..scoring.parallel import Trial, narrate_all
from ..scoring.worlds import CALIBRATION
from .progress import RunLog
from .settings import TrainSettings


def calibrate(settings: TrainSettings, narrator: Narrator, log: RunLog) -> Narrator:
    """Set the threshold of best F1; the worlds are neither trained on nor scored."""
    specs = CALIBRATION[: settings.num_calibration]
    trials = [
        Trial(spec, threshold=threshold, duration_s=settings.stream_s)
        for threshold in settings.thresholds
        for spec in specs
    ]
    scores = dict.fromkeys(settings.thresholds, Score())
    with log.bar("calibrate", len(trials), 0) as bar:
        for trial, told in zip(trials, narrate_all(narrator, trials, settings.workers), strict=True):
            assert trial.threshold is not None
            scores[trial.threshold] += compare(told.said, told.happened)
            bar.advance(f"threshold {trial.threshold} F1 {scores[trial.threshold].f1:.3f}")
    for threshold, score in scores.items():
        figures = {"f1": score.f1, "precision": score.precision, "recall": score.recall}
        log.record("calibrate", round(threshold * 100), figures)
    narrator.set_speak_threshold(max(settings.thresholds, key=lambda threshold: scores[threshold].f1))
    return narrator
