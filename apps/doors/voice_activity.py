"""Voice activity: where in a stream of sound somebody speaks, by Silero VAD (https://github.com/snakers4/silero-vad)."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from ...errors import MissingDependencyError
from ...streams.clock import NS_PER_MS
from ...streams.media import SAMPLE_RATE_HZ
from ...streams.sound import samples_to_ns

WINDOW_SAMPLES = 512  # 32 ms, what the model was trained on
_CONTEXT_SAMPLES = 64  # of the window before, which it wants to see again
_STATE_SHAPE = (2, 1, 128)
_MAX_GAP_NS = 200 * NS_PER_MS  # a longer hole in the sound begins a new stream

Samples = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SpeechSettings:
    """When sound counts as speech."""

    threshold: float = 0.5  # probability from which speech begins
    hysteresis: float = 0.15  # so much below the threshold it ends
    min_silence_ms: int = 500  # a shorter pause is part of the speech
    padding_ms: int = 0  # so much earlier the speech is said to begin


@dataclass(frozen=True, slots=True)
class SpeechEvent:
    """Somebody began or ended to speak; times are those of the stream."""

    is_start: bool
    t_ns: int  # where the speech begins or ends
    noticed_ns: int  # the end of the sound that told so


class SileroModel:
    """The network: a probability of speech for each window. One instance serves any number of streams in one thread."""

    def __init__(self) -> None:
        library: Any = onnxruntime  # untyped, and its names are not marked as its own
        options = library.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = library.InferenceSession(
            str(model_file()), sess_options=options, providers=["CPUExecutionProvider"]
        )
        self._rate = np.array(SAMPLE_RATE_HZ, np.int64)

    def new_state(self) -> Samples:
        """What the network knows of a stream that has not begun."""
        return np.zeros(_STATE_SHAPE, np.float32)

    def probability(self, window: Samples, state: Samples) -> tuple[float, Samples]:
        """Of speech in a window [64 + 512] with its context, and the state after it."""
        inputs = {"input": window[None], "state": state, "sr": self._rate}
        found, after = self._session.run(None, inputs)
        return float(found[0, 0]), after


def model_file() -> Path:
    """The model inside the package `silero_vad`, which is not imported: it would bring its own torch code.

    Raises MissingDependencyError.
    """
    package = importlib.util.find_spec("silero_vad")
    places = list(package.submodule_search_locations or ()) if package is not None else []
    for path in (Path(place) / "data" / "silero_vad.onnx" for place in places):
        if path.is_file():
            return path
    raise MissingDependencyError(
        "silero_vad.onnx is missing, without which no speech is heard: pip install silero-vad"
    )


class SpeechDetector:
    """Follows one stream of 16 kHz mono sound. Pure but for its own state; not thread-safe."""

    def __init__(self, model: SileroModel, settings: SpeechSettings) -> None:
        self._model, self._settings = model, settings
        self._decision = _Decision(settings)
        self._state = model.new_state()
        self._context: Samples = np.zeros(_CONTEXT_SAMPLES, np.float32)
        self._waiting: Samples = np.empty(0, np.float32)
        self._end_ns = 0

    @property
    def is_speaking(self) -> bool:
        return self._decision.is_speaking

    @property
    def end_ns(self) -> int:
        """The time after the last sample heard; 0 before the first."""
        return self._end_ns

    def hear(self, samples: Samples, t_ns: int) -> Iterator[SpeechEvent]:
        """Take sound [N] whose first sample was at `t_ns`; tells of what its whole windows show."""
        if self._end_ns and abs(t_ns - self._end_ns) > _MAX_GAP_NS:
            yield from self.finish()
        waiting = np.concatenate((self._waiting, samples))
        self._end_ns = t_ns + samples_to_ns(len(samples))
        start_ns = self._end_ns - samples_to_ns(len(waiting))
        while len(waiting) >= WINDOW_SAMPLES:
            window, waiting = waiting[:WINDOW_SAMPLES], waiting[WINDOW_SAMPLES:]
            ended_ns = start_ns + samples_to_ns(WINDOW_SAMPLES)
            yield from self._decision.next(self._listen(window), start_ns, ended_ns)
            start_ns = ended_ns
        self._waiting = waiting

    def finish(self) -> Iterator[SpeechEvent]:
        """The stream ends here, and with it any speech."""
        if self.is_speaking:
            yield SpeechEvent(False, self._end_ns, self._end_ns)
        self._begin_anew()

    def _listen(self, window: Samples) -> float:
        probability, self._state = self._model.probability(
            np.concatenate((self._context, window)), self._state
        )
        self._context = window[-_CONTEXT_SAMPLES:]
        return probability

    def _begin_anew(self) -> None:
        self._state = self._model.new_state()
        self._context = np.zeros(_CONTEXT_SAMPLES, np.float32)
        self._waiting = np.empty(0, np.float32)
        self._end_ns = 0
        self._decision = _Decision(self._settings)


class _Decision:
    """Turns probabilities into beginnings and ends: begins at the threshold, ends after enough silence below it."""

    def __init__(self, settings: SpeechSettings) -> None:
        self._settings = settings
        self.is_speaking = False
        self._quiet_since_ns: int | None = None

    def next(self, probability: float, start_ns: int, end_ns: int) -> Iterator[SpeechEvent]:
        settings = self._settings
        if probability >= settings.threshold:
            self._quiet_since_ns = None
            if not self.is_speaking:
                self.is_speaking = True
                yield SpeechEvent(True, max(0, start_ns - settings.padding_ms * NS_PER_MS), end_ns)
        elif self.is_speaking and probability < settings.threshold - settings.hysteresis:
            if self._quiet_since_ns is None:
                self._quiet_since_ns = start_ns
            if end_ns - self._quiet_since_ns >= settings.min_silence_ms * NS_PER_MS:
                yield SpeechEvent(False, self._quiet_since_ns, end_ns)
                self.is_speaking, self._quiet_since_ns = False, None
