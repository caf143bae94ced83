"""The pieces of the exam that a crew does: worlds before all examinees, trials of subtle changes, clips."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from .choice import choose
from .clips import Sentences
from .crew import Count, Crew
from .drafts import Draft, draft
from .examinee import Examinee
from .examinees import NarratorExaminee
from .papers import Setting, Sheet
from .play import play_examinee, play_narrator
from .roster import Roster
from .sitting import Sitting, sit
from .subtle import Trial, num_glimpses, run_trial

Pair = tuple[Path, Path]  # a clip and its labels

# Rough costs in ticks of one camera before one examinee: only the progress bar and the order of work rest on them.
_GLIMPSE, _CLIP = 16, 300


def cost_of_world(settings: Sequence[Setting], roster: Roster) -> int:
    """Of worlds before everybody."""
    everybody = len(roster.names) + len(roster.prunings)
    return everybody * sum(s.num_ticks * s.num_cameras for s in settings)


def cost_of_trial(seeds: Sequence[int]) -> int:
    """Of subtle changes."""
    return _GLIMPSE * num_glimpses() * len(seeds)


def cost_of_clip(pairs: Sequence[Pair], roster: Roster) -> int:
    """Of clips before everybody."""
    return _CLIP * len(pairs) * len(roster.names)


def hold_exam(crew: Crew, settings: Sequence[Setting]) -> list[Sitting]:
    """All worlds before all examinees, in the order of the settings."""
    costs = [cost_of_world([setting], crew.roster) for setting in settings]
    sheets = choose(crew.run(_draft, settings, costs))
    return crew.run(_sit, sheets, costs)


def run_trials(crew: Crew, seeds: Sequence[int]) -> list[Trial]:
    """Subtle changes before the model, one trial a seed."""
    return crew.run(_try, seeds)


def hear_clips(crew: Crew, pairs: Sequence[Pair]) -> Iterator[tuple[str, list[Sentences]]]:
    """For each examinee its name, and what it says of each clip."""
    names = crew.roster.names if pairs else []
    tasks = [(number, clip) for number in range(len(names)) for clip, _ in pairs]
    heard = crew.run(_hear, tasks)
    for number, name in enumerate(names):
        yield name, heard[number * len(pairs) : (number + 1) * len(pairs)]


def _draft(examinees: Sequence[Examinee], setting: Setting, count: Count) -> Draft:
    return draft(setting)


def _sit(examinees: Sequence[Examinee], sheet: Sheet, count: Count) -> Sitting:
    return sit(examinees, sheet, lambda: count(sheet.setting.num_cameras * len(examinees)))


def _try(examinees: Sequence[Examinee], seed: int, count: Count) -> Trial:
    model = examinees[0]
    assert isinstance(model, NarratorExaminee)
    return run_trial(model.narrator, seed, lambda: count(_GLIMPSE))


def _hear(examinees: Sequence[Examinee], task: tuple[int, Path], count: Count) -> Sentences:
    number, clip = task
    examinee = examinees[number]
    if isinstance(examinee, NarratorExaminee):
        heard = play_narrator(examinee.narrator, clip)  # a session of its own, as a user would have it
    else:
        heard = play_examinee(examinee, clip)
    count(_CLIP)
    return heard
