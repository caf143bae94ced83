"""`agent bench ingest`: what the way into the model costs, beside bare decoding of the same files in the same run."""

from __future__ import annotations

import asyncio
import resource
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import av
import cv2
import numpy as np
import torch
import typer
from numpy.typing import NDArray

from ..errors import ConfigError
from ..perception.blocks import CameraPlan
from ..runtime.agent import load_model
from ..runtime.inbox import Inbox
from ..runtime.opening import open_sources
from ..runtime.pacing import LockstepPace
from ..runtime.readers import Readers
from ..runtime.tick import Looker
from ..streams.clock import NS_PER_MS, VirtualClock
from ..streams.decoder import DecodeMode
from ..streams.file import FileSource
from .report_file import check_writable, write_json

MakeLooker = Callable[[Sequence[str]], Looker]

_PERIOD_NS = 200 * NS_PER_MS
_FPS, _WIDTH, _HEIGHT, _BIT_RATE = 30, 1280, 720, 3_000_000


@dataclass(frozen=True, slots=True)
class Spread:
    """A measured figure over all repetitions."""

    median: float
    lowest: float
    highest: float


@dataclass(frozen=True, slots=True)
class Ingested:
    """What one pass through the files came to."""

    num_frames: int  # in the files that were decoded or passed by
    frames_read: int  # encoded
    tokens_offered: int
    tokens_kept: int


@dataclass(frozen=True, slots=True)
class IngestBench:
    """Whole-process CPU seconds of each way through the same files, taken in turns; ratios are to bare decoding.

    `live` decodes as real time does (what changes), `every_frame` as fast mode does; both go on through
    sampling, encoding and pruning, five times a second of the stream.
    """

    version: int
    num_files: int
    num_frames: int
    repeats: int
    bare_cpu_s: Spread
    live_cpu_s: Spread
    every_frame_cpu_s: Spread
    live_ratio: Spread
    every_frame_ratio: Spread
    live: Ingested
    every_frame: Ingested


def bench_ingest(paths: Sequence[Path], make_looker: MakeLooker, *, repeats: int = 5) -> IngestBench:
    """Measures bare PyAV decoding and both ways of ingesting, in turns, so that a busy moment hits all alike.

    `make_looker` makes the perception for these camera names. One pass of each goes first, unmeasured.
    """
    looker = make_looker([f"cam{number + 1}" for number in range(len(paths))])

    def ingest_live() -> Ingested:
        return ingest(paths, looker, DecodeMode.SPARSE)

    def ingest_all() -> Ingested:
        return ingest(paths, looker, DecodeMode.ALL)

    num_frames, live, every_frame = decode_bare(paths), ingest_live(), ingest_all()
    rounds = [
        [cpu_seconds(way) for way in (lambda: decode_bare(paths), ingest_live, ingest_all)]
        for _ in range(repeats)
    ]
    return IngestBench(
        version=1,
        num_files=len(paths),
        num_frames=num_frames,
        repeats=repeats,
        bare_cpu_s=spread([bare for bare, _, _ in rounds]),
        live_cpu_s=spread([live_s for _, live_s, _ in rounds]),
        every_frame_cpu_s=spread([all_s for _, _, all_s in rounds]),
        live_ratio=spread([live_s / bare for bare, live_s, _ in rounds]),
        every_frame_ratio=spread([all_s / bare for bare, _, all_s in rounds]),
        live=live,
        every_frame=every_frame,
    )


def decode_bare(paths: Sequence[Path]) -> int:
    """Every frame of every file through PyAV and nothing else; returns their number."""
    num_frames = 0
    for path in paths:
        with av.open(str(path)) as container:
            num_frames += sum(1 for _ in container.decode(video=0))
    return num_frames


def ingest(paths: Sequence[Path], looker: Looker, decode: DecodeMode) -> Ingested:
    """The files in lockstep through reader threads, inbox and perception, without a model behind it."""
    looker.reset()
    sources = [FileSource(path, name=f"cam{place + 1}", decode=decode) for place, path in enumerate(paths)]
    return asyncio.run(_ingest(sources, looker))


async def _ingest(sources: Sequence[FileSource], looker: Looker) -> Ingested:
    clock, inbox = VirtualClock(), Inbox(realtime=False)
    opened = await open_sources(sources, realtime=False)
    readers, pace = (
        Readers(opened, inbox, clock, realtime=False, start_ns=0),
        LockstepPace(clock, inbox, _PERIOD_NS),
    )
    frames_read = tokens_offered = tokens_kept = 0
    readers.start()
    try:
        while not inbox.is_exhausted:
            due_ns, _ = await pace.next_tick()
            inputs = inbox.take(due_ns)
            seen = looker.read(inputs, dict.fromkeys(inputs.frames, CameraPlan()))
            frames_read += len(inputs.frames) - len(seen.skipped)
            tokens_offered += sum(block.num_offered for block in seen.blocks)
            tokens_kept += sum(block.num_kept for block in seen.blocks)
    finally:
        readers.close()
    num_frames = sum(counts.frames_in for counts in inbox.statistics().values())
    return Ingested(num_frames, frames_read, tokens_offered, tokens_kept)


def cpu_seconds(work: Callable[[], Any]) -> float:
    """User and system time that all threads of this process spend on `work`."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    work()
    after = resource.getrusage(resource.RUSAGE_SELF)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def spread(values: Sequence[float]) -> Spread:
    return Spread(round(median(values), 4), round(min(values), 4), round(max(values), 4))


def make_files(folder: Path, *, count: int = 4, seconds: float = 10.0) -> list[Path]:
    """Real H.264 files, 1280x720 at 30 fps and 3 Mbit/s: textured things move before a wall, with noise."""
    return [_make_file(folder / f"view{number + 1}.mp4", number, seconds) for number in range(count)]


def _make_file(path: Path, seed: int, seconds: float) -> Path:
    rng = np.random.default_rng(seed)
    blurred = cv2.GaussianBlur(rng.integers(0, 256, (_HEIGHT, _WIDTH, 3), np.uint8), (0, 0), 3)
    wall: NDArray[np.uint8] = np.asarray(cv2.addWeighted(blurred, 3.0, blurred, 0.0, -256), np.uint8)
    noise = rng.normal(0, 4, (_HEIGHT, _WIDTH, 3)).astype(np.int16)
    things = rng.uniform((0, 0, -8, -5), (_WIDTH, _HEIGHT, 8, 5), (4, 4))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=_FPS, options={"preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = _WIDTH, _HEIGHT, "yuv420p", _BIT_RATE
        for number in range(round(seconds * _FPS)):
            pixels = np.roll(noise, rng.integers(0, _WIDTH), axis=1) + _draw(wall.copy(), things, number)
            frame = av.VideoFrame.from_ndarray(pixels.clip(0, 255).astype(np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def _draw(pixels: NDArray[np.uint8], things: NDArray[np.float64], number: int) -> NDArray[np.uint8]:
    # Each thing shows a piece of the picture that moves with it: texture, not a flat square.
    for place, (x, y, dx, dy) in enumerate(things):
        left, top = int(x + dx * number) % (_WIDTH - 160), int(y + dy * number) % (_HEIGHT - 160)
        pixels[top : top + 160, left : left + 160] = 255 - pixels[:160, 160 * place : 160 * (place + 1)] // 3
    return pixels


def command(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Video files; without any, four are made.", metavar="FILE...")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="`nano`, or the file of a trained model.", metavar="NAME|FILE")
    ] = None,
    repeats: Annotated[int, typer.Option(help="How often each way is measured.", min=1, metavar="N")] = 5,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write a report; `-` prints it.", metavar="FILE")
    ] = None,
) -> None:
    """Measure reading, decoding, sampling, encoding and pruning against bare decoding of the same files."""
    if json_file is not None:
        check_writable(json_file)
    for path in files or ():
        if not path.is_file():
            raise ConfigError(f"{path}: there is no such file; give video files, or none to have some made")
    torch.set_num_threads(1)  # as the compute thread of a session has it
    make_looker = load_model(model).perception
    with tempfile.TemporaryDirectory() as folder:
        result = bench_ingest(files or make_files(Path(folder)), make_looker, repeats=repeats)
    if json_file is not None:
        write_json(json_file, asdict(result))
    if str(json_file) != "-":
        typer.echo("\n".join(describe(result)))


def describe(result: IngestBench) -> list[str]:
    """The result as lines for a person."""
    ways = (
        ("bare decoding", result.bare_cpu_s, None, None),
        ("as in real time", result.live_cpu_s, result.live_ratio, result.live),
        ("every frame", result.every_frame_cpu_s, result.every_frame_ratio, result.every_frame),
    )
    lines = [
        f"{result.num_files} files, {result.num_frames:,} frames, {result.repeats} repetitions, CPU seconds"
    ]
    for name, seconds, ratio, ingested in ways:
        line = f"{name:16} {seconds.median:8.2f} s  ({seconds.lowest:.2f} to {seconds.highest:.2f})"
        if ratio is not None and ingested is not None:
            line += f"  {ratio.median:.2f} of bare ({ratio.lowest:.2f} to {ratio.highest:.2f})"
            line += f", {ingested.frames_read:,} frames and {ingested.tokens_kept:,} tokens read"
        lines.append(line)
    return lines
