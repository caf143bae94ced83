"""The model that ships: does it load, read and speak."""

from __future__ import annotations

from ...errors import CheckpointError
from .finding import Finding, missing, note, ok, reinstall

SECONDS = 8.0  # of a rendered room, in which something always happens


def check_model() -> Finding:
    from ...runtime.agent import Agent

    try:
        agent = Agent(["world:seed=7,cameras=1"])
    except CheckpointError as error:
        return missing("model", str(error), reinstall())
    summary = agent.run_sync(realtime=False, seconds=SECONDS)
    detail = f"nano, one rendered camera for {SECONDS:.0f} s: {summary.ticks.p50_ms:.0f} ms a tick"
    if not summary.num_words:
        return note("model", f"{detail}, but not a word", "agent score --help")
    return ok("model", f"{detail}, {summary.num_words} words")
