"""`agent serve`: one agent behind doors that browsers, cameras and other programs already know."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import AlertConfidence, BudgetMs, Model

SOURCE_HELP = (
    "A camera that starts at once: `door=rtsp://10.0.0.5/main`, `clip.mp4`, `0`, `world:seed=7`. Repeat it for more;"
    " those of the table `[cameras]` wait until somebody starts them."
)

LISTEN_HELP = (
    "A camera in whose sound speech is listened for: who speaks there breaks off what the agent is saying. Repeat it"
    " for more. Without it those are the microphones (`mic`): a film or a street would hush the agent all the time."
)


def command(
    host: Annotated[
        str | None,
        typer.Option(help="The address to listen on; any but 127.0.0.1 asks for a token.", metavar="ADDRESS"),
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="The port (8080); 0 takes any free one.", metavar="PORT")
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(
            help="The secret that clients send; made and printed once where one is needed and none is given."
            " `MILLRACE_SERVE_TOKEN` keeps it out of the list of processes.",
            metavar="TOKEN",
        ),
    ] = None,
    cams: Annotated[int | None, typer.Option(help="Places for cameras, 1 to 4 (4).", metavar="N")] = None,
    source: Annotated[list[str] | None, typer.Option(help=SOURCE_HELP, metavar="NAME=SPEC")] = None,
    listen: Annotated[list[str] | None, typer.Option(help=LISTEN_HELP, metavar="NAME")] = None,
    model: Model = None,
    budget_ms: BudgetMs = None,
    alert_confidence: AlertConfidence = None,
    tls_cert: Annotated[
        Path | None,
        typer.Option(
            help="A certificate (PEM) for https: browsers give their cameras to another machine only so.",
            metavar="FILE",
        ),
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(help="The key of the certificate.", metavar="FILE")] = None,
    record: Annotated[
        str | None, typer.Option(help="`off`: nothing that comes in is kept.", metavar="off")
    ] = None,
) -> None:
    """Open the doors: a page for browsers, WHIP and WHEP, the Realtime WebSocket, events, RTSP cameras.

    It listens on this machine alone unless told otherwise, and then wants a token. A client can start the cameras
    that you name, and no other source. Ctrl-C ends it.

    Settings may also stand in the environment (`MILLRACE_SERVE_PORT=9000`) or in `millrace.toml`:

        [serve]
        port = 9000
        start = ["door"]

        [cameras]
        door = "rtsp://10.0.0.5/main"

    **Examples**

    - `agent serve`: then open the address that it prints, and choose a camera in the browser

    - `agent serve --source door=rtsp://10.0.0.5/main --source yard=clip.mp4`: cameras that start at once

    - `agent serve --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem`: for phones and other machines

    - `ssh -L 8080:127.0.0.1:8080 thismachine`: the page from elsewhere without a certificate; WebRTC needs more
      than this one port, so cameras of the browser do not come through it
    """
    # Only what is needed is imported, and no earlier: `agent serve --help` is quick.
    from rich.console import Console

    from .doors.layers import load_serve_config
    from .startup import Startup

    config = load_serve_config(
        tuple(source or ()),
        host=host,
        port=port,
        token=token,
        cams=cams,
        listen=None if not listen else tuple(listen),
        model=model,
        budget_ms=budget_ms,
        alert_confidence=alert_confidence,
        tls_cert=tls_cert,
        tls_key=tls_key,
        record=record,
    )
    with Startup(Console(highlight=False), f"loading {config.model}") as startup:
        from .doors.opening import open_doors

        open_doors(config, startup)
