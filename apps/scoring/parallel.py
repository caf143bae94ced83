"""Many worlds on all cores, in the order they were asked for."""

from __future__ import annotations

import multiprocessing
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import torch

from ...generation.checkpoint import load_narrator, save_narrator
from ...generation.narrator import Narrator
from .worlds import WORLD_S, Narration, WorldSpec, narrate_world

_narrator: Narrator | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """One world, and how the model is to see it."""

    spec: WorldSpec
    blind: bool = False
    duration_s: float = WORLD_S
    threshold: float | None = None  # of the gate; None leaves the model's own


def narrate_all(narrator: Narrator, trials: Sequence[Trial], workers: int) -> Iterator[Narration]:
    """`narrate_world` for each trial; weights travel as the checkpoint would be, in bfloat16."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "narrator.safetensors"
        save_narrator(narrator, path)
        if workers == 1:
            model = load_narrator(path)
            yield from (_narrate_with(model, trial) for trial in trials)
            return
        # Spawned, not forked: torch's thread pools do not survive a fork.
        context = multiprocessing.get_context("spawn")
        with context.Pool(min(workers, len(trials)), _start_worker, (path,)) as pool:
            yield from pool.imap(_narrate, trials)


def _start_worker(path: Path) -> None:
    global _narrator
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    _narrator = load_narrator(path)


def _narrate(trial: Trial) -> Narration:
    assert _narrator is not None
    return _narrate_with(_narrator, trial)


def _narrate_with(narrator: Narrator, trial: Trial) -> Narration:
    if trial.threshold is not None:
        narrator.set_speak_threshold(trial.threshold)
    return narrate_world(narrator, trial.spec, trial.blind, duration_s=trial.duration_s)
