"""Whether a confidence means what it says: calibration error, Brier score, and risk against coverage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .bootstrap import interval_of

_NUM_BINS = 10
Outcome = tuple[float, bool]  # a confidence 0..1, and whether it was right
_COVERAGES = tuple(n / 20 for n in range(1, 21))


def calibration(worlds: Sequence[Sequence[Outcome]]) -> dict[str, Any] | None:
    """Figures of confidences and what came of them, for each world its own; None for fewer than two.

    The expected calibration error is over bins of equal number (adaptive, as in arXiv 1904.01685).
    """
    outcomes = [outcome for world in worlds for outcome in world]
    if len(outcomes) < 2:
        return None
    p, right = _surest_first(outcomes)
    bins = [
        {
            "confidence": round(float(p[b].mean()), 4),
            "accuracy": round(float(right[b].mean()), 4),
            "n": len(b),
        }
        for b in _bins(len(p))
    ]
    risks = 1 - np.cumsum(right) / np.arange(1, len(p) + 1)
    return {
        "ece": round(calibration_error(outcomes), 4),
        "ece_ci": interval_of(worlds, calibration_error),
        "brier": round(float(((p - right) ** 2).mean()), 4),
        "accuracy": round(float(right.mean()), 4),
        "confidence": round(float(p.mean()), 4),
        "aurc": round(float(risks.mean()), 4),  # area under risk against coverage: lower is better
        "n": len(p),
        "bins": bins[::-1],
        "risk_coverage": [
            {"coverage": c, "risk": round(float(risks[max(0, round(c * len(p)) - 1)]), 4)} for c in _COVERAGES
        ],
    }


def calibration_error(outcomes: Sequence[Outcome]) -> float:
    """How far confidence and share of right ones lie apart, on the average over bins of equal number."""
    p, right = _surest_first(outcomes)
    return float(sum(abs(p[b].sum() - right[b].sum()) for b in _bins(len(p))) / len(p))


def _surest_first(outcomes: Sequence[Outcome]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    p, right = np.array(outcomes, np.float64).T
    order = np.argsort(-p, kind="stable")
    return p[order], right[order]


def _bins(num: int) -> list[NDArray[np.int64]]:
    return list(np.array_split(np.arange(num), min(_NUM_BINS, num)))
