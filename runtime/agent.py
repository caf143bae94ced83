"""The public face of the runtime: sources and a model in, a run out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from ..generation.words import Vocabulary
from ..streams.source import Source
from ..streams.spec import parse_source
from ..streams.world.language import parse
from .budget import Limits
from .config import RunConfig, make_config
from .interrupt import stop_on_interrupt
from .observers import Observers
from .session import Session, SessionOptions
from .summary import RunSummary
from .tick import Looker, Speaker

SHIPPED_MODEL = "nano"


class Model(Speaker, Protocol):
    """A model of one's own: reads and writes, and knows how to look (`generation.narrator.Narrator`)."""

    def perception(self, names: Sequence[str]) -> Looker:
        """Eyes and ears for these cameras; the first is `cam1`."""
        ...


class Agent:
    """Watches sources with one model and says what happens.

    >>> summary = Agent(["door=clip.mp4"]).run_sync(realtime=False)
    >>> [sentence.text for sentence in summary.sentences]
    """

    def __init__(
        self,
        sources: Sequence[str | Source],
        model: str | Path | Model | None = None,
        budget_ms: float = RunConfig.model_fields["budget_ms"].default,
        tick_hz: float = RunConfig.model_fields["tick_hz"].default,
        *,
        fovea: bool = RunConfig.model_fields["fovea"].default,
        alert_confidence: float = RunConfig.model_fields["alert_confidence"].default,
    ) -> None:
        """`sources` are typed strings or objects; `model` is a file, an object, or None for the shipped one.

        With `fovea`, where something small changes in a picture finer than the view, that part is read in its own pixels.
        What the model is less sure of than `alert_confidence` is told, but not as an alert.

        Raises SourceError, ConfigError or CheckpointError, one line each.
        """
        self._config = make_config(
            budget_ms=budget_ms, tick_hz=tick_hz, fovea=fovea, alert_confidence=alert_confidence
        )
        self._sources = [parse_source(one) if isinstance(one, str) else one for one in sources]
        self._model = load_model(model) if model is None or isinstance(model, (str, Path)) else model

    @classmethod
    def from_config(cls, config: RunConfig, sources: Sequence[str | Source] | None = None) -> Agent:
        """An agent with these settings; `sources` stand in for those of the settings."""
        return cls(
            config.sources if sources is None else sources,
            config.model,
            config.budget_ms,
            config.tick_hz,
            fovea=config.fovea,
            alert_confidence=config.alert_confidence,
        )

    def unknown_words(self, text: str) -> list[str]:
        """The words of a typed line that the model has none for; it leaves them out."""
        vocabulary = getattr(self._model, "vocabulary", None)
        return vocabulary.unknown(text) if isinstance(vocabulary, Vocabulary) else []

    def session(
        self, *, realtime: bool = True, seconds: float | None = None, observers: Observers | None = None
    ) -> Session:
        """A run that has not begun: `await` its `run`; it can be stopped, asked and watched meanwhile."""
        options = SessionOptions(
            limits=Limits(depth=self._model.depth, fovea=self._config.fovea),
            budget_ns=self._config.budget_ns,
            period_ns=self._config.period_ns,
            realtime=realtime,
            seconds=make_config(seconds=seconds).seconds,
            alert_confidence=self._config.alert_confidence,
        )
        model = self._model
        return Session(self._sources, model, model.perception, options, observers=observers, parse=parse)

    async def run(
        self, *, realtime: bool = True, seconds: float | None = None, observers: Observers | None = None
    ) -> RunSummary:
        """Runs until the sources end or `seconds` of session time have passed."""
        return await self.session(realtime=realtime, seconds=seconds, observers=observers).run()

    def run_sync(
        self, *, realtime: bool = True, seconds: float | None = None, observers: Observers | None = None
    ) -> RunSummary:
        """The same for programs without an event loop; Ctrl-C ends it with the summary so far."""
        session = self.session(realtime=realtime, seconds=seconds, observers=observers)
        with stop_on_interrupt(session.stop):
            return asyncio.run(session.run())


def load_model(model: str | Path | None) -> Model:
    """The model of a file, or the one that ships (None or `nano`). Raises CheckpointError."""
    from ..generation.narrator import Narrator  # imports torch's modules only when a model is wanted

    return Narrator.load(None if model in (None, SHIPPED_MODEL) else Path(model))
