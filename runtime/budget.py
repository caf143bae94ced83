"""The budget: how much of everything fits before the deadline, from what it really cost."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from ..perception.blocks import FOVEA_TOKENS, CameraPlan
from ..streams.media import SAMPLE_RATE_HZ, Inputs
from .cost import StageCost
from .plan import Plan, TickReport

AUDIO_TOKENS_PER_SECOND = 12
_MIN_CAMERA_TOKENS = 2  # one patch for each of two things
_RESERVED_WORDS = 3  # time is kept free for so many; more are said where time is left at the end of the tick


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that one tick may use when time is no matter, made by the session."""

    depth: int  # layers of the backbone
    max_camera_tokens: int = 6
    max_text_tokens: int = 32  # three sentences
    fovea: bool = True  # may parts of pictures be looked at closely


@dataclass(frozen=True, slots=True)
class Grant:
    """A trial of how much to do, made by the budget while it looks for what fits."""

    num_cameras: int
    camera_tokens: int
    text_tokens: int  # words for which time is kept free
    num_foveas: int = 0  # of these cameras, those with a closer look


class Planner(Protocol):
    """Decides about each tick; told afterwards what it cost."""

    def plan(self, inputs: Inputs, now_ns: int) -> Plan: ...

    def learn(self, report: TickReport) -> None: ...

    budget_ns: int  # from the moment a tick is due to its deadline; may be changed between ticks


class FullPlan:
    """Grants everything, always.

    For fast mode: no deadline passes there, and the words must not hang on the speed of the machine.
    """

    def __init__(self, budget_ns: int, limits: Limits) -> None:
        self.budget_ns, self._limits = budget_ns, limits

    def plan(self, inputs: Inputs, now_ns: int) -> Plan:
        grant = full_grant(inputs, self._limits)
        cameras = list(inputs.frames)
        deadline_ns = inputs.t_ns + self.budget_ns
        return make_plan(inputs, cameras, cameras, grant, self._limits, deadline_ns, deadline_ns)

    def learn(self, report: TickReport) -> None:
        """Measured costs change nothing."""


class Budget:
    """Fits each tick into what is left before its deadline (`inputs.t_ns` + `budget_ns`).

    Time is kept free for a few words only: most ticks say nothing, and what a sentence needs beyond them it may take
    from what looking and reading have left (`Plan.last_word_ns`), or from the next tick. When the predicted cost does not
    fit, first closer looks are left out; then fewer cameras are read in a tick, those read longest ago going first; then
    fewer tokens are kept of each; and only then words wait, for what is said too slowly is as good as not seen. Where not
    even one camera surely fits, one is read as long as it usually does.

    The depth stays full: the model that ships was trained with early exits, but nobody has measured yet what a shallower
    pass costs in truth. `frame_steps` stays 0: it draws no frames.
    """

    def __init__(self, budget_ns: int, limits: Limits) -> None:
        self.budget_ns, self._limits = budget_ns, limits
        self._look = StageCost(fixed_ns=2e6, unit_ns=6e6)  # per frame encoded
        self._closer = StageCost(fixed_ns=1e6, unit_ns=6e6)  # per closer look
        self._read = StageCost(fixed_ns=8e6, unit_ns=0.2e6)  # per token
        self._write = StageCost(fixed_ns=1e6, unit_ns=6e6)  # per word
        self._rest = StageCost(fixed_ns=1e6, unit_ns=0)  # taking, planning, putting, waking the thread
        self._turns, self._closer_turns = Turns(), Turns()

    def plan(self, inputs: Inputs, now_ns: int) -> Plan:
        """What is predicted to fit between `now_ns` and the deadline; nothing if nothing does."""
        deadline_ns = inputs.t_ns + self.budget_ns
        grant = self._fit(inputs, deadline_ns - now_ns)
        chosen = self._turns.take(inputs.frames, grant.num_cameras)
        closer = self._closer_turns.take(
            [name for name in chosen if inputs.frames[name].native], grant.num_foveas
        )
        # Room for two: a word may take longer than nine of ten do.
        last_word_ns = deadline_ns - 2 * self._write.predict_one_ns() - self._rest.predict_ns(1)
        return make_plan(inputs, chosen, closer, grant, self._limits, deadline_ns, last_word_ns)

    def learn(self, report: TickReport) -> None:
        """Takes in what a tick cost; what the plan held back altogether is feared a little less each time."""
        costs, num_tokens = report.costs_ns, sum(report.tokens_kept.values())
        self._look.observe(len(report.frames_read), costs.get("look", 0) - costs.get("fovea", 0))
        self._closer.observe(len(report.closer), costs.get("fovea", 0))
        self._read.observe(num_tokens, costs.get("read", 0))
        if report.num_text_tokens:
            self._write.observe(report.num_text_tokens, costs.get("write", 0))
        known_ns = sum(costs.get(stage, 0) for stage in ("look", "read", "write"))
        self._rest.observe(1, max(0, report.busy_ns - known_ns))
        self._forgive(report)

    def predict_ns(self, inputs: Inputs, grant: Grant, *, is_cautious: bool = True) -> int:
        """The time that a tick on these inputs needs with this grant: nine times of ten, or usually."""
        num_tokens = grant.num_cameras * grant.camera_tokens + num_other_tokens(inputs)
        num_tokens += grant.num_foveas * FOVEA_TOKENS
        costs = [(self._look, grant.num_cameras), (self._read, num_tokens), (self._rest, 1)]
        if grant.text_tokens:
            costs.append((self._write, grant.text_tokens))
        closer_ns = grant.num_foveas * self._closer.predict_one_ns()
        return closer_ns + sum(cost.predict_ns(units, is_cautious=is_cautious) for cost, units in costs)

    def _fit(self, inputs: Inputs, remaining_ns: int) -> Grant:
        full = full_grant(inputs, self._limits)
        safe = self._largest(inputs, full, remaining_ns, is_cautious=True)
        if safe.num_cameras or not full.num_cameras:
            return safe
        # No promise can be kept with open eyes: rather be late now and then than blind.
        risky = self._largest(
            inputs, replace(full, num_cameras=1, num_foveas=0), remaining_ns, is_cautious=False
        )
        return risky if risky.num_cameras else safe

    def _largest(self, inputs: Inputs, grant: Grant, remaining_ns: int, *, is_cautious: bool) -> Grant:
        for smaller in shrinking_grants(grant):
            if self.predict_ns(inputs, smaller, is_cautious=is_cautious) <= remaining_ns:
                return smaller
        return Grant(0, 0, 0)

    def _forgive(self, report: TickReport) -> None:
        cameras = report.plan.cameras.values()
        if cameras and not any(camera.read for camera in cameras):
            self._look.fade()
            self._read.fade()
        if cameras and not any(camera.fovea for camera in cameras):
            self._closer.fade()
        if not report.plan.max_text_tokens:
            self._write.fade()


class Turns:
    """Whose turn it is: those that had theirs longest ago go first."""

    def __init__(self) -> None:
        self._queue: list[str] = []

    def take(self, names: Collection[str], count: int) -> list[str]:
        """`count` of these names, at most; the next call goes on behind them."""
        self._queue = [name for name in names if name not in self._queue] + self._queue
        chosen = [name for name in self._queue if name in names][:count]
        self._queue = [name for name in self._queue if name not in chosen] + chosen
        return chosen


def full_grant(inputs: Inputs, limits: Limits) -> Grant:
    num_foveas = sum(frame.native is not None for frame in inputs.frames.values()) if limits.fovea else 0
    num_words = min(_RESERVED_WORDS, limits.max_text_tokens)
    return Grant(len(inputs.frames), limits.max_camera_tokens, num_words, num_foveas)


def shrinking_grants(grant: Grant) -> list[Grant]:
    """Ever smaller grants, in the order of giving up: closer looks, cameras but one, tokens, words but one, all."""
    steps = [grant]

    def shrink(field: str, least: int) -> None:
        for value in range(getattr(steps[-1], field) - 1, least - 1, -1):
            steps.append(replace(steps[-1], **{field: value}))

    for field, least in (
        ("num_foveas", 0),
        ("num_cameras", 1),
        ("camera_tokens", _MIN_CAMERA_TOKENS),
        ("text_tokens", 1),
        ("num_cameras", 0),
        ("text_tokens", 0),
    ):
        shrink(field, least)
    return steps


def make_plan(
    inputs: Inputs,
    chosen: Sequence[str],
    closer: Sequence[str],
    grant: Grant,
    limits: Limits,
    deadline_ns: int,
    last_word_ns: int,
) -> Plan:
    """The plan that reads the `chosen` cameras and looks closely at those in `closer`."""
    waiting = CameraPlan(read=False, max_tokens=0, fovea=False)
    granted = {
        name: CameraPlan(True, grant.camera_tokens, limits.fovea and name in closer) for name in chosen
    }
    return Plan(
        cameras={camera: granted.get(camera, waiting) for camera in inputs.frames},
        depth=limits.depth,
        max_text_tokens=limits.max_text_tokens if grant.text_tokens else 0,
        frame_steps=0,
        deadline_ns=deadline_ns,
        last_word_ns=last_word_ns,
    )


def num_other_tokens(inputs: Inputs) -> int:
    """Tokens that the plan cannot refuse: sound and typed text, generously counted."""
    num_samples: int = sum(chunk.samples.shape[0] for chunks in inputs.audio.values() for chunk in chunks)
    num_words = sum(len(text.text.split()) + 1 for text in inputs.texts)
    return -(-num_samples * AUDIO_TOKENS_PER_SECOND // SAMPLE_RATE_HZ) + 2 * num_words
