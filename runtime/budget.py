"""The budget: how much of everything fits before the deadline, from what it really cost."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from ..perception.blocks import CameraPlan
from ..streams.media import SAMPLE_RATE_HZ, Inputs
from .cost import StageCost
from .plan import Plan, TickReport

AUDIO_TOKENS_PER_SECOND = 12
_MIN_CAMERA_TOKENS = 2  # one patch for each of two things; below that a camera waits for its turn instead


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that one tick may use when time is no matter, made by the session."""

    depth: int  # layers of the backbone
    max_camera_tokens: int = 6
    max_text_tokens: int = 32  # three sentences


@dataclass(frozen=True, slots=True)
class Grant:
    """A trial of how much to do, made by the budget while it looks for what fits."""

    num_cameras: int
    camera_tokens: int
    text_tokens: int


class Planner(Protocol):
    """Decides about each tick; told afterwards what it cost."""

    def plan(self, inputs: Inputs, now_ns: int) -> Plan: ...

    def learn(self, report: TickReport) -> None: ...


class FullPlan:
    """Grants everything, always.

    For fast mode: no deadline passes there, and the words must not hang on the speed of the machine.
    """

    def __init__(self, budget_ns: int, limits: Limits) -> None:
        self._budget_ns, self._limits = budget_ns, limits

    def plan(self, inputs: Inputs, now_ns: int) -> Plan:
        return make_plan(
            inputs, list(inputs.frames), full_grant(inputs, self._limits), self._budget_ns, self._limits
        )

    def learn(self, report: TickReport) -> None:
        """Measured costs change nothing."""


class Budget:
    """Fits each tick into what is left before its deadline (`inputs.t_ns` + `budget_ns`).

    When the predicted cost does not fit, first fewer words are granted, then fewer tokens per camera, then
    cameras are skipped, those read longest ago going first next time. The depth stays full: the model that
    ships was not trained with early exits, so a shallower pass would say something else, not the same for
    less. `frame_steps` stays 0: it draws no frames.
    """

    def __init__(self, budget_ns: int, limits: Limits) -> None:
        self._budget_ns, self._limits = budget_ns, limits
        self._look = StageCost(fixed_ns=2e6, unit_ns=6e6)  # per frame encoded
        self._read = StageCost(fixed_ns=8e6, unit_ns=0.2e6)  # per token
        self._write = StageCost(fixed_ns=1e6, unit_ns=6e6)  # per word
        self._rest = StageCost(fixed_ns=1e6, unit_ns=0)  # taking, planning, putting, waking the thread
        self._queue: list[str] = []  # cameras, those read longest ago first

    def plan(self, inputs: Inputs, now_ns: int) -> Plan:
        """What is predicted to fit between `now_ns` and the deadline; nothing if nothing does."""
        remaining_ns = inputs.t_ns + self._budget_ns - now_ns
        grant = self._fit(inputs, remaining_ns)
        chosen = self._take_turns(inputs.frames, grant.num_cameras)
        return make_plan(inputs, chosen, grant, self._budget_ns, self._limits)

    def learn(self, report: TickReport) -> None:
        """Takes in what a tick cost; what the plan held back altogether is feared a little less each time."""
        costs, num_tokens = report.costs_ns, sum(report.tokens_kept.values())
        self._look.observe(len(report.frames_read), costs.get("look", 0))
        self._read.observe(num_tokens, costs.get("read", 0))
        if report.num_text_tokens:
            self._write.observe(report.num_text_tokens, costs.get("write", 0))
        known_ns = sum(costs.get(stage, 0) for stage in ("look", "read", "write"))
        self._rest.observe(1, max(0, report.busy_ns - known_ns))
        self._forgive(report)

    def predict_ns(self, inputs: Inputs, grant: Grant) -> int:
        """The time that a tick on these inputs is expected to need with this grant, headroom included."""
        num_tokens = grant.num_cameras * grant.camera_tokens + num_other_tokens(inputs)
        looking_ns = self._look.predict_ns(grant.num_cameras)
        writing_ns = self._write.predict_ns(grant.text_tokens) if grant.text_tokens else 0
        return looking_ns + self._read.predict_ns(num_tokens) + writing_ns + self._rest.predict_ns(1)

    def _fit(self, inputs: Inputs, remaining_ns: int) -> Grant:
        for grant in shrinking_grants(full_grant(inputs, self._limits)):
            if self.predict_ns(inputs, grant) <= remaining_ns:
                return grant
        return Grant(0, 0, 0)

    def _take_turns(self, cameras: Collection[str], count: int) -> list[str]:
        self._queue = [camera for camera in cameras if camera not in self._queue] + self._queue
        chosen = [camera for camera in self._queue if camera in cameras][:count]
        self._queue = [camera for camera in self._queue if camera not in chosen] + chosen
        return chosen

    def _forgive(self, report: TickReport) -> None:
        cameras = report.plan.cameras.values()
        if cameras and not any(camera.read for camera in cameras):
            self._look.fade()
            self._read.fade()
        if report.plan.max_text_tokens <= 1 and not report.num_text_tokens:
            self._write.fade()


def full_grant(inputs: Inputs, limits: Limits) -> Grant:
    return Grant(len(inputs.frames), limits.max_camera_tokens, limits.max_text_tokens)


def shrinking_grants(grant: Grant) -> list[Grant]:
    """Ever smaller grants, in the order of giving up: words, tokens, cameras, the last word."""
    steps = [replace(grant, text_tokens=words) for words in range(grant.text_tokens, 0, -1)] or [grant]
    for tokens in range(grant.camera_tokens - 1, _MIN_CAMERA_TOKENS - 1, -1):
        steps.append(replace(steps[-1], camera_tokens=tokens))
    for num_cameras in range(grant.num_cameras - 1, -1, -1):
        steps.append(replace(steps[-1], num_cameras=num_cameras))
    return [*steps, replace(steps[-1], text_tokens=0)]


def make_plan(inputs: Inputs, chosen: Sequence[str], grant: Grant, budget_ns: int, limits: Limits) -> Plan:
    granted = CameraPlan(read=True, max_tokens=grant.camera_tokens)
    waiting = CameraPlan(read=False, max_tokens=0)
    return Plan(
        cameras={camera: granted if camera in chosen else waiting for camera in inputs.frames},
        depth=limits.depth,
        max_text_tokens=grant.text_tokens,
        frame_steps=0,
        deadline_ns=inputs.t_ns + budget_ns,
    )


def num_other_tokens(inputs: Inputs) -> int:
    """Tokens that the plan cannot refuse: sound and typed text, generously counted."""
    num_samples: int = sum(chunk.samples.shape[0] for chunks in inputs.audio.values() for chunk in chunks)
    num_words = sum(len(text.text.split()) + 1 for text in inputs.texts)
    return -(-num_samples * AUDIO_TOKENS_PER_SECOND // SAMPLE_RATE_HZ) + 2 * num_words
