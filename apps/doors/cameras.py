"""The cameras that the owner named: begun and ended by anybody who may, but never another source than those."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from ...errors import MillraceError, SourceError
from ...streams.clock import NS_PER_MS, WallClock
from ...streams.file import FileSource
from ...streams.media import EventKind
from .house import House
from .masking import mask
from .replies import Refusal
from .seats import Seat
from .settings import source_of
from .speech import Ear, SpeechWatch

_WATCH_NS = 200 * NS_PER_MS
STOPPED, RUNNING = "stopped", "running"
_STATES = {
    EventKind.ENDED: "ended",
    EventKind.BROKEN: "broken",
    EventKind.SILENT: "silent",
    EventKind.RESUMED: RUNNING,
    EventKind.OPENED: RUNNING,
}


@dataclass(frozen=True, slots=True)
class CameraState:
    """One camera as `/cameras` tells of it, made by `Cameras`."""

    name: str
    state: (
        str  # stopped, running, silent, ended, broken; connected for one that came by another door and sends
    )
    seat: str | None = None  # what the model calls it: cam1 and so on
    is_configured: bool = True  # the owner named it; it may be started and stopped here
    detail: str = ""
    dropped: Mapping[str, int] = field(default_factory=dict)  # pictures that no tick looked at, by cause


class Cameras:
    """Runs the sources of `[cameras]` in seats, and listens for speech to those that are `heard`.

    Used from the event loop alone.
    """

    def __init__(
        self,
        house: House,
        sources: Mapping[str, str],
        speech: SpeechWatch | None = None,
        heard: Collection[str] = (),
    ) -> None:
        self._house, self._sources = house, sources
        self._speech, self._heard = speech, heard
        self._running: dict[str, Seat] = {}
        self._ears: dict[str, Ear] = {}  # of those that run and are heard
        self._starting: set[str] = set()
        self._last: dict[str, tuple[str, str]] = {}  # name -> state, detail
        self._silent: set[str] = set()  # seats of guests that send nothing
        self._clock = WallClock()

    async def start(self, name: str) -> CameraState:
        """Let a camera run. Raises Refusal 404, 409 or 503, and NoSeatError."""
        spec = self._sources.get(name)
        if spec is None:
            known = ", ".join(self._sources) or "none"
            raise Refusal(
                404,
                f"there is no camera {name[:40]!r}; the owner named {known} in [cameras] of millrace.toml",
            )
        if name in self._running or name in self._starting:
            raise Refusal(409, f"camera {name} runs already; end it first: DELETE /cameras/{name}")
        self._starting.add(name)
        try:
            await self._play(name, spec)
        finally:
            self._starting.discard(name)
        return self._state(name)

    async def stop(self, name: str) -> CameraState:
        """End a camera and give its seat back. Raises Refusal 404 or 409."""
        seat = self._running.pop(name, None)
        if seat is None and name in self._sources:
            raise Refusal(409, f"camera {name} does not run")
        if seat is None and self._is_guest(name):
            raise Refusal(409, f"camera {name} came by another door; end it there")
        if seat is None:
            raise Refusal(404, f"there is no camera {name[:40]!r}")
        self._last[name] = (STOPPED, "")
        # Its thread may still decode: nobody else has to wait for that.
        await asyncio.to_thread(seat.clear)
        self._leave(name, seat)
        return self._state(name)

    def list(self) -> Sequence[CameraState]:
        """All that the owner named, then those that came by other doors."""
        return [*(self._state(name) for name in self._sources), *self._guests()]

    async def begin(self, names: Sequence[str]) -> None:
        """Start these as soon as the session takes pictures; one that cannot is told of as broken."""
        while not all(seat.source.wait_open(0) for seat in self._house.seats.all):
            await self._clock.sleep_until(self._clock.now_ns() + _WATCH_NS // 4)
        for name in names:
            try:
                await self.start(name)
            except (MillraceError, Refusal) as error:
                detail = mask(error.detail if isinstance(error, Refusal) else str(error))
                self._last[name] = ("broken", detail)
                self._house.hub.publish(
                    "source", {"camera": name, "kind": "broken", "detail": detail, "t_s": 0.0}
                )

    async def watch(self) -> None:
        """Gives the seats of sources that have ended back; for ever."""
        while True:
            await self._clock.sleep_until(self._clock.now_ns() + _WATCH_NS)
            for name, seat in [*self._running.items()]:
                if not seat.is_playing:
                    del self._running[name]
                    self._leave(name, seat)

    async def listen(self) -> None:
        """Keeps what was last heard of each camera, until the session ends."""
        async for message in self._house.hub.join({"source"}):
            name, kind = message.body["camera"], message.body["kind"]
            if name in self._sources and kind in _STATES:
                self._last[name] = (_STATES[kind], mask(message.body["detail"]))
            elif kind in _STATES and (seat := self._house.seats.find(name)) is not None:
                (self._silent.add if kind == EventKind.SILENT else self._silent.discard)(seat.name)

    async def close(self) -> None:
        """End all that run."""
        for name in [*self._running]:
            await self.stop(name)

    @property
    def num_running(self) -> int:
        return len(self._running)

    async def _play(self, name: str, spec: str) -> None:
        source = source_of(name, spec)
        if isinstance(source, FileSource):
            try:
                await asyncio.to_thread(self._check, name, source)
            except MillraceError as error:
                raise Refusal(503, str(error)) from None
        seat = self._house.seats.take(name)
        self._running[name] = seat
        self._last[name] = (RUNNING, "")
        if self._speech is not None and name in self._heard:
            self._ears[name] = self._speech.open(seat.name)
        ear = self._ears.get(name)
        seat.play(source, ear.from_thread() if ear is not None else None)
        self._tell()

    def _check(self, name: str, source: FileSource) -> None:
        if not source.probe().has_audio and name in self._heard:
            raise SourceError(f"{name}: {source.path} has no sound to listen to; take {name} out of `listen`")

    def _leave(self, name: str, seat: Seat) -> None:
        if (ear := self._ears.pop(name, None)) is not None:
            ear.close()
        self._house.seats.leave(seat)
        self._tell()

    def _tell(self) -> None:
        self._house.hub.publish("cameras", {"cameras": [asdict(camera) for camera in self.list()]})

    def _state(self, name: str) -> CameraState:
        state, detail = self._last.get(name, (STOPPED, ""))
        seat = self._running.get(name)
        if seat is None:
            return CameraState(name, state, detail=detail)
        return CameraState(name, state, seat.name, True, detail, seat.lost)

    def _guests(self) -> Sequence[CameraState]:
        mine = list(self._running.values())
        seats = [seat for seat in self._house.seats.all if seat.is_taken and seat not in mine]
        return [
            CameraState(
                seat.label,
                "silent" if seat.name in self._silent else "connected",
                seat.name,
                is_configured=False,
                dropped=seat.lost,
            )
            for seat in seats
        ]

    def _is_guest(self, name: str) -> bool:
        return any(guest.name == name for guest in self._guests())
