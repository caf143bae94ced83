"""`agent world`: rendered cameras as real video files with sound, the exact log of what happens, and a contact sheet."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ..errors import ConfigError
from ..streams.world.language import MAX_CAMERAS
from ..streams.world.recipes import MIXTURES, SCENE_NAMES
from ..streams.world.world import World
from .report_file import check_writable
from .worlds.preview import Preview
from .worlds.recording import Wanted, files_of, write_camera
from .worlds.scenes import scene_table
from .worlds.sheet import draw_sheet, moments_of
from .worlds.shots import Format, num_frames
from .worlds.truth import TICK_HZ
from .worlds.video import CONTAINERS
from .worlds.whole import partial, whole

_LIST = "list"  # a scene's name that asks for all of them


def command(
    save: Annotated[
        Path | None,
        typer.Option(
            help="The video to write: .mp4, .mkv or .mov. Its log goes beside it as .json, the contact sheet as .png.",
            metavar="FILE.mp4",
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(help="The same seed, scene, cameras and length give the same world.", min=0)
    ] = 7,
    scene: Annotated[
        str, typer.Option(help="`lobby`, `crossing`, `desk`, `easy`, ...; `list` shows all.")
    ] = "easy",
    seconds: Annotated[float, typer.Option(help="How long.", min=1, max=3600)] = 60.0,
    cams: Annotated[
        int,
        typer.Option(
            help="Cameras of one world; with more than one the files are called out-1.mp4, out-2.mp4, ...",
            min=1,
            max=MAX_CAMERAS,
        ),
    ] = 1,
    size: Annotated[
        str, typer.Option(help="Width x height of the video; it is rendered at 640x384 and scaled.")
    ] = "1280x720",
    fps: Annotated[int, typer.Option(help="Frames a second.", min=1, max=60)] = 30,
    sound: Annotated[
        bool, typer.Option("--sound/--no-sound", help="With a sound track, which the first camera has.")
    ] = True,
    spoken: Annotated[
        bool,
        typer.Option(
            "--spoken",
            help="Somebody asks and instructs aloud, by espeak-ng; what is said, and the answers, are in the log.",
        ),
    ] = False,
    kbps: Annotated[int, typer.Option(help="Bit rate of the video.", min=20, max=50_000)] = 2500,
    sheet: Annotated[
        bool,
        typer.Option(help="The contact sheet: a timeline, and a picture of each event with its sentence."),
    ] = True,
    show: Annotated[
        bool, typer.Option("--show", help="Show the sheet's essence in the terminal; alone, write nothing.")
    ] = False,
    boxes: Annotated[
        bool,
        typer.Option(
            "--boxes", help=f"Into the labels: the box of every thing in view, {TICK_HZ} times a second."
        ),
    ] = False,
    masks: Annotated[
        bool,
        typer.Option(
            "--masks", help="Beside the video: a .masks.npz with the mask of identities of every frame."
        ),
    ] = False,
) -> None:
    """Write rendered cameras as H.264 files with sound, and the exact truth of what happens in them.

    The labels (.json) have the form that `agent score --clip FILE --labels FILE.json` reads: things with kind, colour
    and events, sounds, and how many things are in view every second. An id is the same in all cameras of a world.

    The masks are one array a frame of the size of the video: `numpy.load(FILE)["frame_000000"]`, 0 for background; what
    the other numbers are is in the labels under `masks.marks`.

    Files appear when all is written: Ctrl-C leaves nothing behind, and what stood there before as it was.

    **Examples**

    - `agent world --seed 7 --scene lobby --save out.mp4 --show`: a lobby for a minute, and what happens in it

    - `agent world --scene list`: all scenes, a line each

    - `agent world --scene crossing --cams 4 --save street.mp4`: four cameras on one street

    - `agent world --scene lobby --save talk.mp4 --spoken`: with questions and instructions that are spoken

    - `agent world --scene desk --save d.mp4 --boxes --masks --size 640x384`: all the truth there is, pixel by pixel
    """
    _check_scene(scene)
    if save is None and not show:
        raise ConfigError("nothing to do: give --save FILE.mp4, or --show to look only")
    if spoken and not sound:
        raise ConfigError("--spoken and --no-sound contradict each other: leave one out")
    wanted = Wanted(Format(*_parse_size(size), fps), kbps * 1000, sound, masks, boxes)
    videos = [] if save is None else _videos(save, cams)
    sheets = [save.with_suffix(".png")] if save is not None and sheet else []
    files = [file for video in videos for file in files_of(video, wanted)] + sheets
    for file in files:
        check_writable(file)
    world = World(seed, cams, scene, seconds, spoken=spoken)
    with whole(files):
        moments = moments_of(world) if show or sheets else []
        if videos:
            _write_cameras(world, videos, wanted)
        for path in sheets:
            _write_png(partial(path), draw_sheet(world, moments))
    if show:
        Console(highlight=False).print(Preview(world, moments))
    if videos:
        typer.echo(_closing(world, videos, sheets))


def _check_scene(scene: str) -> None:
    """Shows all scenes to who asks for them, and to who seems to need it."""
    if scene == _LIST:
        Console(highlight=False).print(scene_table())
        raise typer.Exit
    if scene not in (*MIXTURES, *SCENE_NAMES):
        Console(stderr=True, highlight=False).print(scene_table())
        raise ConfigError(f"--scene {scene}: there is no such scene; choose one of those above")


def _write_cameras(world: World, videos: list[Path], wanted: Wanted) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        total = num_frames(world.duration_s, wanted.form.fps)
        tasks = [progress.add_task(video.name, total=total) for video in videos]
        for camera, (video, task) in enumerate(zip(videos, tasks, strict=True)):
            write_camera(world, camera, video, wanted, lambda task=task: progress.advance(task))  # type: ignore[misc]


def _write_png(path: Path, page: NDArray[np.uint8]) -> None:
    found, data = cv2.imencode(
        ".png", cv2.cvtColor(page, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_PNG_COMPRESSION, 9]
    )
    assert found
    path.write_bytes(data.tobytes())


def _videos(save: Path, cams: int) -> list[Path]:
    """The names of the videos, one a camera."""
    if save.suffix.lower() not in CONTAINERS:
        raise ConfigError(f"--save {save}: give a name that ends in {', '.join(CONTAINERS)}")
    if cams == 1:
        return [save]
    return [save.with_name(f"{save.stem}-{number}{save.suffix}") for number in range(1, cams + 1)]


def _closing(world: World, videos: list[Path], sheets: list[Path]) -> str:
    names = ", ".join(str(video) for video in videos)
    on_sheet = f", drawn in {sheets[0]}" if sheets else ""
    sources = " ".join(f"--source {video}" for video in videos)
    return f"{names}: {len(world.events)} events{on_sheet}; `agent run {sources}` watches"


def _parse_size(size: str) -> tuple[int, int]:
    width, _, height = size.partition("x")
    if not (width.isdecimal() and height.isdecimal()) or int(width) % 2 or int(height) % 2:
        raise ConfigError(f"--size {size}: give even numbers such as 1280x720")
    if not (32 <= int(width) <= 3840 and 32 <= int(height) <= 2160):
        raise ConfigError(f"--size {size}: give a size from 32x32 to 3840x2160")
    return int(width), int(height)
