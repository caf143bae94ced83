"""Many worlds on all cores, in the order they were asked for."""

from __future__ import annotations

import multiprocessing
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2
import torch

from ...generation.checkpoint import load_narrator, save_narrator
from ...generation.narrator import Narrator
from ...perception.encoder import EncoderConfig
from ...perception.pruning import ChangePruner, Pruner, RandomPruner, StridePruner
from .worlds import WORLD_S, Narration, WorldSpec, narrate_world

PRUNERS = ("change", "random", "stride")
_narrator: Narrator | None = None


def narrate_all(
    narrator: Narrator,
    specs: Sequence[WorldSpec],
    workers: int,
    blind: bool = False,
    pruner: str = "change",
    max_tokens: int = 6,
    duration_s: float = WORLD_S,
) -> Iterator[Narration]:
    """`narrate_world` for each spec; weights travel as the checkpoint would be, in bfloat16."""
    tasks = [(spec, blind, pruner, max_tokens, duration_s) for spec in specs]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "narrator.safetensors"
        save_narrator(narrator, path)
        # Spawned, not forked: torch's thread pools do not survive a fork.
        context = multiprocessing.get_context("spawn")
        with context.Pool(min(workers, len(specs)), _start_worker, (path,)) as pool:
            yield from pool.imap(_narrate, tasks)


def pruner_factory(name: str, encoder: EncoderConfig) -> Callable[[], Pruner]:
    """How to make a pruner by its name, one of PRUNERS."""
    makers: dict[str, Callable[[], Pruner]] = {
        "change": lambda: ChangePruner(encoder),
        "random": RandomPruner,
        "stride": StridePruner,
    }
    return makers[name]


def _start_worker(path: Path) -> None:
    global _narrator
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    _narrator = load_narrator(path)


def _narrate(task: tuple[WorldSpec, bool, str, int, float]) -> Narration:
    spec, blind, pruner, max_tokens, duration_s = task
    assert _narrator is not None
    make_pruner = pruner_factory(pruner, _narrator.encoder.config)
    return narrate_world(_narrator, spec, blind, make_pruner, max_tokens, duration_s)
