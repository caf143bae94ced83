"""What goes wrong with a camera for a while: pictures that freeze, turn black, are dropped, or jump aside."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..motion import STEP_HZ
from .types import Floats

_LENGTHS_S = {"frozen": (0.6, 3.0), "black": (0.4, 2.0), "dropped": (0.12, 0.4)}
_JUMP_PX = (4.0, 14.0)
_KINDS = ("dropped", "frozen", "black", "displaced")
_SHARES = (0.5, 0.2, 0.12, 0.18)


@dataclass(slots=True, eq=False)
class Faults:
    """One camera's faults over the world, by step."""

    shown: NDArray[np.intp]  # [steps] whose picture is shown; the step itself where nothing is wrong
    is_black: NDArray[np.bool_]  # [steps]
    jump: Floats  # [steps, 2] pixels of the view by which a knock has moved the picture

    def shown_at(self, step: float) -> float:
        """The moment whose picture is shown at a moment."""
        whole = min(int(step), len(self.shown) - 1)
        return step if self.shown[whole] == whole else float(self.shown[whole])

    def is_black_at(self, step: float) -> bool:
        """Whether there is no picture at a moment."""
        return bool(self.is_black[min(int(step), len(self.is_black) - 1)])


def no_faults(num_steps: int) -> Faults:
    """A camera with which nothing is wrong."""
    return Faults(np.arange(num_steps), np.zeros(num_steps, bool), np.zeros((num_steps, 2)))


def make_faults(num_steps: int, per_minute: float, rng: np.random.Generator) -> Faults:
    """Faults at random times, never in the first second, never two at once."""
    faults = no_faults(num_steps)
    if per_minute <= 0:
        return faults
    step = STEP_HZ
    while True:
        step += round(min(rng.exponential() * 60 / per_minute * STEP_HZ, num_steps)) + 1
        if step >= num_steps - 2:
            return faults
        kind = str(rng.choice(_KINDS, p=_SHARES))
        if kind == "displaced":
            step = _knock(faults, step, rng)
            continue
        end = min(step + round(rng.uniform(*_LENGTHS_S[kind]) * STEP_HZ), num_steps - 1)
        faults.shown[step:end] = step - 1
        faults.is_black[step:end] = kind == "black"
        step = end + STEP_HZ


def _knock(faults: Faults, step: int, rng: np.random.Generator) -> int:
    """The camera is knocked aside, and put right again some seconds later."""
    angle, far = rng.uniform(0, 2 * np.pi), rng.uniform(*_JUMP_PX)
    end = min(step + round(rng.uniform(1.0, 6.0) * STEP_HZ), len(faults.jump))
    faults.jump[step:end] = far * np.array([np.cos(angle), np.sin(angle)])
    return end + STEP_HZ
