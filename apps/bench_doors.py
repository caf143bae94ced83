"""`agent bench doors`: the real server, and real WHIP cameras of 720p: is its loop prompt, are its ticks in time?"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import typer

from ..errors import ConfigError
from ..runtime.agent import Model, load_model
from ..runtime.metrics import resident_mb
from ..streams.clock import NS_PER_MS, NS_PER_S, WallClock
from .doors.app import Front, make_app
from .doors.house import House
from .doors.lag import LoopLag
from .doors.server import DoorServer, bind, url_of
from .doors.settings import ServeConfig, make_serve_config
from .report_file import check_writable, write_json

_PROGRAM = "millrace.apps.bench_senders"
_LOOK_NS = 50 * NS_PER_MS
_UP_S, _WARM_UP_S, _MAX_CLIP_S = 180.0, 2.0, 4.0
Codec = Literal["H264", "VP8"]


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Of one figure over the measured time."""

    p50: float
    p99: float
    max: float


@dataclass(frozen=True, slots=True)
class Cores:
    """Processor time over wall time; None where the system does not tell."""

    server: float | None  # its event loop and its model
    webrtc: float | None  # its child process: network and decoding
    senders: float | None  # of the bench; not the server's


@dataclass(frozen=True, slots=True)
class DoorsBench:
    """What the server did in the measured time, which begins when all senders are connected and seen."""

    version: int
    num_senders: int
    codec: str
    kbps_each: float
    seconds: float
    budget_ms: float
    num_cores: int
    load_before: float | None  # the system's load when the bench began: what else the machine had to do
    lag_ms: Quantiles  # how late the event loop was, asked every 50 ms
    num_ticks: int
    in_time: float  # share of the ticks that were done before their deadline
    num_missed: int  # periods without a tick
    latency_ms: Quantiles  # of ticks, due to done
    decoded_per_s: float
    crossed_per_s: float  # to the server's own process, newest first and no more than are wanted
    read_per_s: float  # encoded by the model
    dropped: Mapping[str, int]  # in the WebRTC process, by cause
    cores: Cores
    server_mb: float
    webrtc_peak_mb: float


def bench_doors(
    model: Model, *, num_senders: int = 4, seconds: float = 30.0, codec: Codec = "H264"
) -> DoorsBench:
    """Serves on a free port of the loopback, lets the senders come, and measures for so long.

    Raises ConfigError where the senders do not get through.
    """
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    config = make_serve_config(port=0, cams=num_senders)
    return asyncio.run(_bench(model, config, codec, seconds, load))


async def _bench(
    model: Model, config: ServeConfig, codec: Codec, seconds: float, load: float | None
) -> DoorsBench:
    async with _serving(model, config) as (front, url):
        await _until(
            lambda: front.media.rtc is not None and front.media.rtc.host.is_up, "the server is not up"
        )
        async with _senders(url, config.cams, codec, min(seconds, _MAX_CLIP_S)) as senders:
            house = front.house
            await _until(lambda: len(house.frames) == config.cams, "not all cameras were seen")
            clock = WallClock()
            await clock.sleep_until(round(_WARM_UP_S * NS_PER_S))
            watch = _Watch(front, senders.pid)
            await watch.run(seconds)
        said = json.loads((await senders.stdout.read()).split(b"\n")[-2]) if senders.stdout else {}
        return watch.result(codec, said["kbps_each"], load)


@asynccontextmanager
async def _serving(model: Model, config: ServeConfig) -> AsyncIterator[tuple[Front, str]]:
    house = House(model, config.cams, config.budget_ms)
    app = make_app(house, config)
    server = DoorServer(app, house, config)
    with bind(config) as listener:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield app.state.front, url_of(config, listener)
        finally:
            server.stop()
            await serving


@asynccontextmanager
async def _senders(
    url: str, num: int, codec: str, clip_s: float
) -> AsyncIterator[asyncio.subprocess.Process]:
    command = [sys.executable, "-P", "-m", _PROGRAM, url, str(num), codec, str(clip_s)]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    assert process.stdin is not None and process.stdout is not None
    try:
        for wanted in (b"encoded\n", b"sending\n"):
            if await process.stdout.readline() != wanted:
                raise ConfigError("the senders ended before they sent; see their messages above")
        yield process
        process.stdin.close()
        async with asyncio.timeout(_UP_S):
            await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


class _Watch:
    """Counts of the server at two moments, and what happened between them."""

    def __init__(self, front: Front, senders_pid: int) -> None:
        assert front.media.rtc is not None
        self._front, self._rtc = front, front.media.rtc
        self._pids = {"server": os.getpid(), "webrtc": self._rtc.host.pid, "senders": senders_pid}
        self._lags_ns: list[int] = []
        self._ticks: list[Mapping[str, Any]] = []

    async def run(self, seconds: float) -> None:
        clock, lag = WallClock(), LoopLag(self._lags_ns.append)
        self._before, self._cpu_before = self._counts(), self._cpu_s()
        watching = [asyncio.create_task(lag.watch()), asyncio.create_task(self._hear())]
        await clock.sleep_until(round(seconds * NS_PER_S))
        self._seconds = clock.now_ns() / NS_PER_S
        self._after, self._cpu_after = self._counts(), self._cpu_s()
        for task in watching:
            task.cancel()

    async def _hear(self) -> None:
        async for message in self._front.house.hub.join({"tick"}):
            self._ticks.append(message.body)

    def _counts(self) -> Counter[str]:
        counts: Counter[str] = Counter()
        for session in self._rtc.snapshot()["sessions"]:
            for track in session["tracks"]:
                counts["decoded"] += track["frames"]
                counts["crossed"] += track["sent"]
                counts.update({f"dropped {cause}": num for cause, num in track["dropped"].items()})
        return counts

    def _cpu_s(self) -> dict[str, float | None]:
        return {name: _cpu_s(pid) for name, pid in self._pids.items()}

    def result(self, codec: str, kbps_each: float, load: float | None) -> DoorsBench:
        ticks, lasted_s = self._ticks, self._seconds
        done: Counter[str] = Counter(self._after)
        done.subtract(self._before)
        cores = {
            name: None if before is None or after is None else round((after - before) / lasted_s, 3)
            for (name, before), after in zip(self._cpu_before.items(), self._cpu_after.values(), strict=True)
        }
        causes = [name for name in done if name.startswith("dropped ")]
        config = self._front.config
        return DoorsBench(
            version=1,
            num_senders=config.cams,
            codec=codec,
            kbps_each=kbps_each,
            seconds=round(lasted_s, 2),
            budget_ms=config.budget_ms,
            num_cores=os.cpu_count() or 1,
            load_before=load,
            lag_ms=quantiles([lag_ns / NS_PER_MS for lag_ns in self._lags_ns]),
            num_ticks=len(ticks),
            in_time=round(sum(not tick["is_late"] for tick in ticks) / max(1, len(ticks)), 4),
            num_missed=sum(tick["missed"] for tick in ticks),
            latency_ms=quantiles([tick["latency_ms"] for tick in ticks]),
            decoded_per_s=round(done["decoded"] / lasted_s, 1),
            crossed_per_s=round(done["crossed"] / lasted_s, 1),
            read_per_s=round(sum(len(tick["read"]) for tick in ticks) / lasted_s, 1),
            dropped={name.removeprefix("dropped "): done[name] for name in causes},
            cores=Cores(**cores),
            server_mb=resident_mb(),
            webrtc_peak_mb=round(self._rtc.snapshot()["peak_mib"] * 1.048576, 1),
        )


def quantiles(values: Sequence[float]) -> Quantiles:
    """Of at least one value; zeros where there is none."""
    middle, high = np.quantile(values or [0.0], (0.5, 0.99))
    return Quantiles(round(float(middle), 2), round(float(high), 2), round(max(values, default=0.0), 2))


def _cpu_s(pid: int | None) -> float | None:
    """Processor time that a process has used so far."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _until(is_so: Any, or_else: str) -> None:
    clock = WallClock()
    while not is_so():
        await clock.sleep_until(clock.now_ns() + _LOOK_NS)
        if clock.now_ns() > _UP_S * NS_PER_S:
            raise ConfigError(f"{or_else} within {_UP_S:g} s; the machine may be overloaded")


def command(
    senders: Annotated[int, typer.Option(help="Cameras that send at once.", min=1, max=4, metavar="N")] = 4,
    seconds: Annotated[float, typer.Option(help="How long is measured.", min=0.5, metavar="S")] = 30.0,
    codec: Annotated[str, typer.Option(help="How they encode: `h264` or `vp8`.", metavar="NAME")] = "h264",
    model: Annotated[
        str | None, typer.Option(help="`nano`, or the file of a trained model.", metavar="NAME|FILE")
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write a report; `-` prints it.", metavar="FILE")
    ] = None,
) -> None:
    """Measure the doors: WHIP cameras of 1280x720 at 30 pictures a second, and how prompt the server stays."""
    if json_file is not None:
        check_writable(json_file)
    named: dict[str, Codec] = {"h264": "H264", "vp8": "VP8"}
    if codec.lower() not in named:
        raise ConfigError(f"--codec {codec}: give h264 or vp8")
    result = bench_doors(load_model(model), num_senders=senders, seconds=seconds, codec=named[codec.lower()])
    if json_file is not None:
        write_json(json_file, asdict(result))
    if str(json_file) != "-":
        typer.echo("\n".join(describe(result)))


def describe(result: DoorsBench) -> list[str]:
    """The result as lines for a person."""
    cores, drops = result.cores, ", ".join(f"{num} {cause}" for cause, num in result.dropped.items() if num)
    load = "" if result.load_before is None else f", load {result.load_before:.1f} before"
    return [
        f"{result.num_senders} WHIP senders, 1280x720 {result.codec} at 30 a second, {result.kbps_each:.0f} kbit/s each",
        f"{result.seconds:.0f} s on {result.num_cores} cores{load}",
        f"loop lag   {_spread(result.lag_ms)}",
        f"ticks      {result.num_ticks}, {result.in_time:.1%} within {result.budget_ms:g} ms, {result.num_missed} missed",
        f"latency    {_spread(result.latency_ms)}",
        f"pictures   {result.decoded_per_s:.1f} decoded a second, {result.crossed_per_s:.1f} to the server,"
        f" {result.read_per_s:.1f} read by the model",
        f"dropped    {drops or 'none'}",
        f"cores      server {_text(cores.server)}, WebRTC {_text(cores.webrtc)}, senders {_text(cores.senders)}",
        f"memory     server {result.server_mb:.0f} MB, WebRTC {result.webrtc_peak_mb:.0f} MB at most",
    ]


def _spread(values: Quantiles) -> str:
    return f"{values.p50:.1f} ms median, {values.p99:.1f} p99, {values.max:.1f} at most"


def _text(value: float | None) -> str:
    return "?" if value is None else f"{value:.2f}"
