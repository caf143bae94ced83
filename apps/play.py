"""Plays one run from beginning to end: chooses sources, shows what happens, sums up, writes the report."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from ..errors import SourceError
from ..runtime.agent import Agent
from ..runtime.config import RunConfig
from ..runtime.interrupt import stop_on_interrupt
from ..runtime.metrics import resident_mb
from ..runtime.observers import Observers
from ..runtime.opening import OpenedSource
from ..runtime.summary import RunSummary
from ..streams.clock import perf_ns
from ..streams.devices import list_cameras
from ..streams.media import EventKind
from .choice import Choice, choose_sources, is_microphone
from .closing import closing
from .picture import save_picture
from .rates import FrameRates
from .report_file import check_writable, write_json
from .screen_state import ScreenState
from .views import make_view


def play(config: RunConfig, *, is_plain: bool, screenshot: Path | None) -> RunSummary:
    """The whole of `agent run`; Ctrl-C ends it like an end of the sources.

    Raises MillraceError: a bad setting, no source that can run, no model, a place that cannot be written to.
    """
    for path in (config.json_path, screenshot):
        if path is not None:
            check_writable(path)
    # Who asks for the report on the standard output wants nothing else there.
    console = Console(highlight=False, stderr=str(config.json_path) == "-")
    choice = choose_sources(
        config.sources, config.cams, is_realtime=config.realtime, find_cameras=local_cameras
    )
    if choice.note:
        console.print(choice.note, style="yellow", markup=False)
    stage = Stage(config, choice.specs, console, is_plain=is_plain)
    summary = stage.run()
    if screenshot is not None:
        save_picture(stage.state, screenshot, f"agent run --cams {num_cameras(choice)}")
    console.print(closing(summary))
    if config.json_path is not None:
        write_json(config.json_path, summary.to_dict())
    raise_if_nothing_ran(summary)
    return summary


def num_cameras(choice: Choice) -> int:
    return sum(not is_microphone(spec) for spec in choice.specs)


def local_cameras() -> Sequence[str]:
    return [camera.path for camera in list_cameras()]


def raise_if_nothing_ran(summary: RunSummary) -> None:
    """A source may open and break before its first picture; if all do, there was no run."""
    broken = [source for source in summary.sources if source.state == EventKind.BROKEN]
    if broken and len(broken) == len(summary.sources) and not any(source.frames_in for source in broken):
        raise SourceError("; ".join(source.detail for source in broken))


class Stage:
    """A session and the view of it: what the one reports, the other shows."""

    def __init__(self, config: RunConfig, specs: Sequence[str], console: Console, *, is_plain: bool) -> None:
        model = Path(config.model).stem
        self.state = ScreenState(model=model, budget_ns=config.budget_ns, is_realtime=config.realtime)
        self._console = console
        self._view = make_view(self.state, console, self._measure, is_plain=is_plain)
        self._rates = FrameRates()
        self._showing = ExitStack()
        self._session = Agent.from_config(config, specs).session(
            realtime=config.realtime,
            seconds=config.seconds,
            observers=Observers(
                self._on_open, self._view.on_delta, self._view.on_report, self._view.on_event
            ),
        )

    def run(self) -> RunSummary:
        """Runs until the sources end, the seconds are over, or Ctrl-C."""
        with self._showing, stop_on_interrupt(self._session.stop):
            return asyncio.run(self._session.run())

    def _on_open(self, opened: Sequence[OpenedSource]) -> None:
        self.state.add_sources([source.name for source in opened])
        for source in opened:
            if source.info is not None and not (source.info.has_video or source.info.is_live):
                self._console.print(f"{source.name}: no video track, only its sound is read", style="yellow")
        self._showing.enter_context(self._view)

    def _measure(self) -> tuple[Mapping[str, float], float]:
        frames_in = {name: counts.frames_in for name, counts in self._session.statistics().items()}
        return self._rates.update(perf_ns(), frames_in), resident_mb()
