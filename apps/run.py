"""`agent run`: cameras and sound in, sentences out, in time."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import AlertConfidence, BudgetMs, Model

SOURCE_HELP = (
    "A source: `0` or `/dev/video0` (camera), `rtsp://HOST/PATH` (network camera), `clip.mp4` (file),"
    " `world:seed=7` (rendered), `mic` or `mic:2`. A name may stand in front: `door=clip.mp4`. Repeat it for more."
)


def command(
    cams: Annotated[
        int | None, typer.Option(help="How many cameras, 1 to 4; rendered ones fill up.", metavar="N")
    ] = None,
    source: Annotated[list[str] | None, typer.Option(help=SOURCE_HELP, metavar="SPEC")] = None,
    model: Model = None,
    budget_ms: BudgetMs = None,
    seconds: Annotated[
        float | None, typer.Option(help="Stop after so many seconds of the stream.", metavar="S")
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write a report; `-` prints it.", metavar="FILE")
    ] = None,
    realtime: Annotated[
        bool | None,
        typer.Option("--realtime/--fast", help="By the clock, or every frame as fast as possible."),
    ] = None,
    fovea: Annotated[
        bool | None,
        typer.Option(
            help="Also read a part of each picture in its own pixels, where something small has changed."
        ),
    ] = None,
    ask: Annotated[
        list[str] | None,
        typer.Option(
            help="A question, or an instruction that begins with `tell me when`; `TEXT @ 12` asks at 12 s. Repeat it.",
            metavar="TEXT",
        ),
    ] = None,
    alert_confidence: AlertConfidence = None,
    plain: Annotated[
        bool, typer.Option("--plain", "--no-screen", help="Sentences as lines, no live screen.")
    ] = False,
    pictures: Annotated[
        bool,
        typer.Option(
            help="Small pictures of what the cameras see; off where the terminal has fewer than 256 colours or 24"
            " lines."
        ),
    ] = True,
    screenshot: Annotated[
        Path | None, typer.Option(help="Save the last screen as an SVG picture.", metavar="FILE")
    ] = None,
) -> None:
    """Watch cameras, listen, and say what happens, in time. Ctrl-C ends it with a summary.

    Without a source it takes the cameras of this machine, and renders some where there are too few.
    Settings may also stand in the environment (`MILLRACE_BUDGET_MS=150`) or, in `[run]`, in `millrace.toml`.

    **Examples**

    - `agent run --cams 4`: local cameras, or rendered ones

    - `agent run --source door=a.mp4 --source yard=b.mp4 --json r.json`: two files, and a report

    - `agent run --source 0 --source mic --budget-ms 150`: a camera and the microphone, answered sooner

    - `agent run --source door=rtsp://10.0.0.2/stream`: a network camera, which may go and come back

    - `agent run --ask "tell me when a person enters cam1" --ask "how many people are in cam2 @ 20"`

    - `agent run --fast --source a.mp4 --plain`: a file as fast as it can be read; the same words every time
    """
    # Only what a run needs is imported, and no earlier: `agent run --help` is quick, and a person is told at once
    # what is being waited for.
    from rich.console import Console

    from ..runtime.config import load_config
    from .startup import Startup

    config = load_config(
        cams=cams,
        sources=tuple(source) if source else None,
        model=model,
        budget_ms=budget_ms,
        seconds=seconds,
        json_path=json_file,
        realtime=realtime,
        fovea=fovea,
        alert_confidence=alert_confidence,
        ask=tuple(ask) if ask else None,
    )
    # Who asks for the report on the standard output wants nothing else there.
    console = Console(highlight=False, stderr=str(config.json_path) == "-")
    with Startup(console, f"loading {config.model}") as startup:
        from .play import play

        play(config, startup, is_plain=plain, has_pictures=pictures, screenshot=screenshot)
