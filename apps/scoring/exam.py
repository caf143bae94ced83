"""The whole exam on all cores: draw the papers, render every world once, hand in all sittings."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.pool import Pool
from typing import Any, TypeVar

import cv2
import torch

from .choice import choose
from .drafts import draft
from .examinee import Examinee
from .papers import Setting, Sheet
from .roster import Roster
from .sitting import Sitting, sit

A, B = TypeVar("A"), TypeVar("B")
Progress = Callable[[int], None]  # ticks done so far, of `num_ticks`

_POLL_S = 0.25
_examinees: list[Examinee] = []
_ticks_done: Any = None  # a shared counter


def num_ticks(settings: Sequence[Setting]) -> int:
    """Ticks of all worlds, each counted once for each camera: about what they cost."""
    return sum(setting.num_ticks * setting.num_cameras for setting in settings)


def hold_exam(
    roster: Roster, settings: Sequence[Setting], workers: int, progress: Progress = lambda done: None
) -> list[Sitting]:
    """All worlds before all examinees, in the order of the settings. The same arguments give the same sittings."""
    if workers == 1:
        return _alone(roster, settings, progress)
    # Spawned, not forked: torch's thread pools do not survive a fork.
    context = multiprocessing.get_context("spawn")
    counter = context.Value("Q", 0)
    with context.Pool(workers, _start_worker, (roster, counter)) as pool:
        sheets = choose(pool.map(draft, settings, chunksize=1))
        # The longest worlds first: nobody waits for one that was begun last.
        order = sorted(range(len(sheets)), key=lambda n: -num_ticks([settings[n]]))
        sittings: dict[int, Sitting] = {}
        for n, sitting in _watched(pool, [(n, sheets[n]) for n in order], counter, progress):
            sittings[n] = sitting
    return [sittings[n] for n in range(len(sheets))]


def _alone(roster: Roster, settings: Sequence[Setting], progress: Progress) -> list[Sitting]:
    examinees, done = roster.examinees(), 0
    sittings = []
    for sheet in choose([draft(setting) for setting in settings]):
        sittings.append(sit(examinees, sheet))
        done += num_ticks([sheet.setting])
        progress(done)
    return sittings


def _watched(
    pool: Pool, tasks: list[tuple[int, Sheet]], counter: Any, progress: Progress
) -> Iterator[tuple[int, Sitting]]:
    """Results as they come; meanwhile the counter is looked at."""
    results = pool.imap_unordered(_sit, tasks)
    left = len(tasks)
    while left:
        try:
            result = results.next(_POLL_S)
        except multiprocessing.TimeoutError:
            progress(counter.value)
            continue
        left -= 1
        progress(counter.value)
        yield result


def _start_worker(roster: Roster, counter: Any) -> None:
    global _examinees, _ticks_done
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    _examinees, _ticks_done = roster.examinees(), counter


def _sit(task: tuple[int, Sheet]) -> tuple[int, Sitting]:
    number, sheet = task

    def count() -> None:
        with _ticks_done.get_lock():
            _ticks_done.value += sheet.setting.num_cameras

    return number, sit(_examinees, sheet, count)
