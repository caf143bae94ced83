"""Plays one run from beginning to end: chooses sources, shows what happens, sums up, writes the report."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

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
from .asking import parse_ask
from .choice import Choice, choose_sources, is_microphone
from .closing import closing
from .picture import save_picture
from .rates import FrameRates
from .report_file import check_writable, write_json
from .screen_state import ScreenState
from .startup import Startup
from .views import make_view


def play(
    config: RunConfig,
    startup: Startup,
    *,
    is_plain: bool = False,
    has_pictures: bool = True,
    screenshot: Path | None = None,
) -> RunSummary:
    """The whole of `agent run`; Ctrl-C ends it like an end of the sources. `startup` ends with the first picture.

    Raises MillraceError: a bad setting, no source that can run, no model, a place that cannot be written to.
    """
    for path in (config.json_path, screenshot):
        if path is not None:
            check_writable(path)
    console = startup.console
    choice = choose_sources(
        config.sources, config.cams, is_realtime=config.realtime, find_cameras=local_cameras
    )
    if choice.note:
        console.print(choice.note, style="yellow", markup=False)
    sources = "1 source" if len(choice.specs) == 1 else f"{len(choice.specs)} sources"
    startup.say(f"loading {config.model}, opening {sources}")
    stage = Stage(config, choice.specs, startup, is_plain=is_plain, has_pictures=has_pictures)
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

    def __init__(
        self,
        config: RunConfig,
        specs: Sequence[str],
        startup: Startup,
        *,
        is_plain: bool,
        has_pictures: bool,
    ) -> None:
        self.state = ScreenState(
            model=Path(config.model).stem,
            budget_ns=config.budget_ns,
            is_realtime=config.realtime,
            has_pictures=has_pictures,
        )
        self._startup = startup
        self._view = make_view(self.state, startup.console, self._measure, is_plain=is_plain)
        self._rates = FrameRates()
        self._showing = ExitStack()
        asks = [parse_ask(line) for line in config.ask]
        agent = Agent.from_config(config, specs)
        self._session = agent.session(
            realtime=config.realtime,
            seconds=config.seconds,
            observers=Observers(
                self._on_open, self._view.on_delta, self._view.on_report, self._view.on_event, self.state.see
            ),
        )
        for ask in asks:
            self._session.text(ask.text, t_ns=ask.t_ns)
            if unknown := agent.unknown_words(ask.text):
                note = (
                    f"ask {ask.text!r}: {config.model} has no word for {', '.join(unknown)} and leaves it out"
                )
                startup.console.print(note, style="yellow", markup=False)

    def run(self) -> RunSummary:
        """Runs until the sources end, the seconds are over, or Ctrl-C."""
        with self._showing, stop_on_interrupt(self._session.stop):
            return asyncio.run(self._session.run())

    def _on_open(self, opened: Sequence[OpenedSource]) -> None:
        self._startup.end()
        self.state.add_sources([source.name for source in opened])
        self.state.cameras = [source.name for source in opened if source.is_camera]
        for source in opened:
            if source.info is not None and not (source.info.has_video or source.info.is_live):
                self._startup.console.print(
                    f"{source.name}: no video track, only its sound is read", style="yellow"
                )
        self._showing.enter_context(self._view)

    def _measure(self) -> tuple[Mapping[str, float], float]:
        frames_in = {name: counts.frames_in for name, counts in self._session.statistics().items()}
        return self._rates.update(perf_ns(), frames_in), resident_mb()
