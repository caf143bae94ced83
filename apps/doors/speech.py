"""Who speaks: listens to every microphone of the house, and hushes the agent when somebody begins."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from ...streams.clock import NS_PER_S
from ...streams.media import AudioChunk
from ...streams.sound import samples_to_ns
from .house import House
from .seats import Seat
from .voice_activity import Samples, SileroModel, SpeechDetector, SpeechEvent, SpeechSettings, model_file

_MAX_WAITING_NS = 10 * NS_PER_S  # of one microphone; beyond it new sound is not listened to


def _ignore(_: SpeechEvent) -> None:
    """When only the house is told."""


class Ear:
    """One microphone, made by `SpeechWatch.open`. Used from the event loop."""

    def __init__(
        self,
        watch: SpeechWatch,
        name: str,
        settings: SpeechSettings,
        tell: Callable[[SpeechEvent], None],
        hushes: bool,
    ) -> None:
        self.name, self.settings, self.tell, self.hushes = name, settings, tell, hushes
        self.is_open, self.is_speaking, self.num_dropped = True, False, 0
        self._watch = watch
        # Filled on the loop and taken from its left by the listening thread; an entry without sound ends the stream.
        self._waiting: deque[tuple[Samples | None, int]] = deque()
        self._waiting_ns = 0
        self._detector: SpeechDetector | None = None  # the listening thread's

    def hear(self, samples: Samples, t_ns: int) -> None:
        """Sound [N] at 16 kHz, mono, whose first sample was at `t_ns` of any clock that runs with the sound."""
        if not self.is_open:
            return
        length_ns = samples_to_ns(len(samples))
        if self._waiting_ns + length_ns > _MAX_WAITING_NS and self._waiting:
            self.num_dropped += len(samples)
            return
        self._waiting_ns += length_ns
        self._put(samples, t_ns)

    def from_thread(self) -> Callable[[AudioChunk], None]:
        """What the thread of a source may call with each chunk; made on the loop, which then hears it."""
        loop = asyncio.get_running_loop()

        def give(chunk: AudioChunk) -> None:
            # A loop that has closed in the meantime listens no more.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self.hear, chunk.samples, chunk.t_ns)

        return give

    def reset(self) -> None:
        """The sound so far is over; what comes is another stream, and speech in it begins anew."""
        self._put(None, 0)

    def close(self) -> None:
        """No more sound will come; speech that goes on ends here."""
        if self.is_open:
            self.reset()
            self.is_open = False

    def listen(self, model: SileroModel) -> tuple[list[SpeechEvent], int, int]:
        """In the listening thread: what waits; the events, the time of the last sample, and how much was heard (ns)."""
        detector = self._detector = self._detector or SpeechDetector(model, self.settings)
        events: list[SpeechEvent] = []
        end_ns = heard_ns = 0
        while self._waiting:
            samples, t_ns = self._waiting.popleft()
            if samples is None:
                events += detector.finish()
                continue
            events += detector.hear(samples, t_ns)
            heard_ns += samples_to_ns(len(samples))
            end_ns = detector.end_ns
        return events, end_ns or detector.end_ns, heard_ns

    def heard(self, length_ns: int) -> None:
        """On the loop: so much no longer waits."""
        self._waiting_ns -= length_ns

    def _put(self, samples: Samples | None, t_ns: int) -> None:
        self._waiting.append((samples, t_ns))
        self._watch.wake(self)


class SpeechWatch:
    """Publishes `speech` (who, `started` or `stopped`, when) and hushes the house as soon as anybody speaks.

    All microphones share one thread; each takes about 3 ms of it for a second of sound. Raises
    MissingDependencyError where the model is missing.
    """

    def __init__(self, house: House, settings: SpeechSettings | None = None) -> None:
        model_file()
        self._house, self._settings = house, settings or SpeechSettings(padding_ms=30)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="speech")
        self._model = self._thread.submit(SileroModel)
        self._ears: dict[str, Ear] = {}  # of `hear`, by name

    def hear(self, who: Seat | str, samples: Samples, t_ns: int) -> None:
        """Sound [N] at 16 kHz, mono, of a seat or of anybody with a name; `t_ns` as for `Ear.hear`."""
        name = _name_of(who)
        if name not in self._ears:
            self._ears[name] = self.open(name)
        self._ears[name].hear(samples, t_ns)

    def forget(self, who: Seat | str) -> None:
        """The microphone of `hear` is gone."""
        if (ear := self._ears.pop(_name_of(who), None)) is not None:
            ear.close()

    def open(
        self,
        name: str,
        settings: SpeechSettings | None = None,
        tell: Callable[[SpeechEvent], None] = _ignore,
        hushes: bool = True,
    ) -> Ear:
        """A microphone with settings of its own, whose events are told on the loop too. Close it at the end."""
        return Ear(self, name, settings or self._settings, tell, hushes)

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown()

    def wake(self, ear: Ear) -> None:
        """Let the thread listen to what waits at an ear."""
        work = self._thread.submit(self._listen, ear, asyncio.get_running_loop())
        work.add_done_callback(Future.result)  # what goes wrong is logged

    def _listen(self, ear: Ear, loop: asyncio.AbstractEventLoop) -> None:
        events, end_ns, heard_ns = ear.listen(self._model.result())
        # A loop that has closed in the meantime has nobody left to tell.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(self._tell, ear, events, end_ns, heard_ns)

    def _tell(self, ear: Ear, events: list[SpeechEvent], end_ns: int, heard_ns: int) -> None:
        ear.heard(heard_ns)
        for event in events:
            ear.is_speaking = event.is_start
            if event.is_start and ear.hushes:
                self._house.hush("speech")
            ago_ns = max(0, end_ns - event.t_ns)
            self._house.hub.publish(
                "speech",
                {
                    "camera": self._house.seats.label_of(ear.name),
                    "state": "started" if event.is_start else "stopped",
                    "t_s": round(max(0, self._house.session.now_ns - ago_ns) / NS_PER_S, 3),
                },
            )
            ear.tell(event)


def _name_of(who: Seat | str) -> str:
    return who.name if isinstance(who, Seat) else who
