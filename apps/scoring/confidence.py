"""Whether a confidence means what it says: calibration error, Brier score, and risk against coverage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

_NUM_BINS = 10
_COVERAGES = tuple(n / 20 for n in range(1, 21))


def calibration(sure: Sequence[float], is_right: Sequence[bool]) -> dict[str, Any] | None:
    """Figures of confidences 0..1 and what came of them; None for fewer than two.

    The expected calibration error is over bins of equal number (adaptive, as in arXiv 1904.01685).
    """
    if len(sure) < 2:
        return None
    order = np.argsort(-np.asarray(sure, float), kind="stable")
    p, right = np.asarray(sure, float)[order], np.asarray(is_right, float)[order]
    bins = [
        {
            "confidence": round(float(p[b].mean()), 4),
            "accuracy": round(float(right[b].mean()), 4),
            "n": len(b),
        }
        for b in np.array_split(np.arange(len(p)), min(_NUM_BINS, len(p)))
    ]
    ece = sum(b["n"] * abs(b["confidence"] - b["accuracy"]) for b in bins) / len(p)
    risks = 1 - np.cumsum(right) / np.arange(1, len(p) + 1)
    return {
        "ece": round(float(ece), 4),
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
