"""`agent world`: a rendered camera as a real video file with sound, and the exact log of what happens in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import av
import cv2
import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from ..errors import ConfigError
from ..streams.media import SAMPLE_RATE_HZ
from ..streams.world.events import WorldEvent, WorldEventKind
from ..streams.world.world import World
from .report_file import check_writable, write_json

_AUDIO_FRAME = 1024  # samples of one AAC frame


def command(
    save: Annotated[
        Path, typer.Option(help="The video to write; its log goes beside it as .json.", metavar="FILE.mp4")
    ],
    seed: Annotated[
        int, typer.Option(help="The same seed, scene and length give the same world.", min=0)
    ] = 7,
    scene: Annotated[str, typer.Option(help="easy, standard, busy, shaky, dim, overlap or mixed.")] = "easy",
    seconds: Annotated[float, typer.Option(help="How long.", min=1, max=3600)] = 60.0,
    size: Annotated[
        str, typer.Option(help="Width x height; the world is rendered at 160x96 and enlarged.")
    ] = "1280x720",
    fps: Annotated[int, typer.Option(help="Frames a second.", min=1, max=60)] = 30,
    sound: Annotated[bool, typer.Option("--sound/--no-sound", help="With a sound track, or silent.")] = True,
    kbps: Annotated[int, typer.Option(help="Bit rate of the video.", min=20, max=50_000)] = 2500,
) -> None:
    """Write a rendered camera as an H.264 file with an AAC sound track, and its labels beside it.

    The labels have the form that `agent score --clip FILE --labels FILE.json` reads.
    """
    width, height = _parse_size(size)
    check_writable(save)
    world = World(seed, 1, scene, seconds)
    pictures = _pictures(world, fps, width, height)
    frames = track(pictures, "rendering", total=round(seconds * fps), console=Console(stderr=True))
    samples = world.soundtrack.samples if sound else None
    write_clip(save, frames, (width, height), samples, fps, kbps * 1000)
    write_json(save.with_suffix(".json"), labels_of(world, save.name))
    typer.echo(f"{save}: {len(world.events)} events; `agent run --source {save}` watches it")


def write_clip(
    path: Path,
    frames: Iterable[NDArray[np.uint8]],
    size: tuple[int, int],
    samples: NDArray[np.float32] | None,
    fps: int,
    bit_rate: int,
) -> None:
    """Mux frames [H, W, 3] of one size (W, H) as H.264, and mono samples at 16 kHz, if any, as AAC."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=fps, options={"preset": "veryfast"})
        video.width, video.height = size
        video.pix_fmt, video.bit_rate = "yuv420p", bit_rate
        sounds = _SoundTrack(container, samples) if samples is not None else None
        for number, pixels in enumerate(frames, start=1):
            container.mux(video.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            if sounds is not None:
                sounds.mux_until(number * SAMPLE_RATE_HZ // fps)
        container.mux(video.encode(None))
        if sounds is not None:
            sounds.finish()


class _SoundTrack:
    """Gives the sound frame by frame, so that both tracks lie side by side in the file."""

    def __init__(self, container: av.container.OutputContainer, samples: NDArray[np.float32]) -> None:
        self._container, self._samples, self._given = container, samples, 0
        self._stream = container.add_stream("aac", rate=SAMPLE_RATE_HZ, layout="mono")

    def mux_until(self, end: int) -> None:
        while self._given + _AUDIO_FRAME <= min(end, len(self._samples)):
            frame = _sound(self._samples[self._given : self._given + _AUDIO_FRAME], self._given)
            self._container.mux(self._stream.encode(frame))
            self._given += _AUDIO_FRAME

    def finish(self) -> None:
        self._container.mux(self._stream.encode(None))


def labels_of(world: World, clip: str) -> dict[str, Any]:
    """The log of a world of one camera, by thing, in the form of a label file for clips."""
    things: dict[str, list[dict[str, Any]]] = {}
    for event in world.events:
        if event.thing is not None:
            things.setdefault(str(event.thing), []).append(_label(event))
    objects = [
        {"kind": name.split()[1], "colour": name.split()[0], "events": events}
        for name, events in things.items()
    ]
    sounds = [{"t_s": event.t_ns / 1e9, "sound": event.sound} for event in world.events if event.sound]
    return {"clip": clip, "duration_s": world.duration_s, "objects": objects, "sounds": sounds}


def _label(event: WorldEvent) -> dict[str, Any]:
    kind = "exit" if event.kind is WorldEventKind.LEAVE else event.kind.value
    extra = {"side": event.side, "direction": event.direction, "new_colour": event.colour}
    other = {"other": str(event.other)} if event.other else {}
    return {"t_s": event.t_ns / 1e9, "event": kind, **{k: v for k, v in extra.items() if v}, **other}


def _pictures(world: World, fps: int, width: int, height: int) -> Iterator[NDArray[np.uint8]]:
    for number in range(round(world.duration_s * fps)):
        pixels = world.picture(0, number * 1_000_000_000 // fps).pixels
        yield np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def _sound(samples: NDArray[np.float32], start: int) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None]), format="fltp", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE_HZ, start, Fraction(1, SAMPLE_RATE_HZ)
    return frame


def _parse_size(size: str) -> tuple[int, int]:
    width, _, height = size.partition("x")
    if not (width.isdecimal() and height.isdecimal()) or int(width) % 2 or int(height) % 2:
        raise ConfigError(f"--size {size}: give even numbers such as 1280x720")
    if not (32 <= int(width) <= 3840 and 32 <= int(height) <= 2160):
        raise ConfigError(f"--size {size}: give a size from 32x32 to 3840x2160")
    return int(width), int(height)
