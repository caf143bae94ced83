"""The whole of `agent serve`, from its settings to Ctrl-C."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Sequence

from rich.console import Console

from ...errors import MillraceError
from ...runtime.agent import load_model
from ...runtime.interrupt import stop_on_interrupt
from ...streams.clock import NS_PER_MS, NS_PER_S, WallClock
from ...streams.file import FileSource
from ...streams.spec import parse_source
from ..startup import Startup
from .app import Front, make_app
from .house import House
from .masking import log_masked
from .server import DoorServer, bind, check_tls, is_worth_telling, url_of, urls_elsewhere
from .settings import ServeConfig

_LOOK_NS = 50 * NS_PER_MS
_FIRST_TICK_NS = 60 * NS_PER_S  # after which the greeting is shown whatever the session does


def open_doors(config: ServeConfig, startup: Startup) -> None:
    """Serve until Ctrl-C. `startup` ends with the first tick.

    Raises MillraceError: the port is taken, a file is missing, no model, or what ended the session.
    """
    check_tls(config)
    check_files(config)
    with bind(config) as listener:
        handler = log_masked(*config.secrets)
        errors = logging.getLogger("uvicorn.error")
        errors.setLevel(logging.ERROR)  # a stranger's every broken request would be a line
        errors.addFilter(is_worth_telling)
        try:
            _serve(config, startup, listener)
        finally:
            errors.removeFilter(is_worth_telling)
            logging.getLogger().removeHandler(handler)


def check_files(config: ServeConfig) -> None:
    """Raises SourceError where a file that should start at once cannot be played; a camera may come later."""
    for name in config.start:
        source = parse_source(f"{name}={config.cameras[name]}")
        if isinstance(source, FileSource):
            source.probe()


def greeting(config: ServeConfig, url: str, elsewhere: Sequence[str] = ()) -> str:
    """What a person reads once the doors are open: where they are, from `elsewhere` too, and what to do next."""
    key_in_page = f"#token={config.secret}" if config.secret else ""
    bearer = ' -H "Authorization: Bearer $TOKEN"' if config.secret else ""
    key = "the token" if config.secret else "any"
    places = "1 camera" if config.cams == 1 else f"{config.cams} cameras"
    lines = [
        f"Millrace is ready for {places}.",
        "",
        f"  page     {url}/{key_in_page}",
        *(f"  network  {other}/{key_in_page}" for other in elsewhere),
        f"  OBS      Service WHIP, Server {url}/whip/obs, Bearer Token {key}",
        f"  openai   OpenAI(base_url={url + '/v1'!r}, api_key=...), {key}",
        f'  ask      curl {url}/ask --json \'{{"text": "what is in cam1"}}\'{bearer}',
        f"  more     {url}/docs, /events, /metrics, /healthz",
    ]
    if config.secret:
        lines += [
            "",
            f"  TOKEN={config.secret}",
            "",
            "It is shown this once. Who has it sees through your cameras.",
        ]
    if not config.is_loopback and config.scheme == "http":
        lines += [
            "",
            "Browsers on other machines give their cameras to https alone: add --tls-cert and --tls-key.",
        ]
    return "\n".join([*lines, "", "Ctrl-C ends it."])


def _serve(config: ServeConfig, startup: Startup, listener: socket.socket) -> None:
    house = House(
        load_model(config.model),
        config.cams,
        config.budget_ms,
        max_instructions=config.limits.alerts,
        alert_confidence=config.alert_confidence,
    )
    ended: list[DoorServer] = []
    app = make_app(house, config, on_end=lambda: ended[0].stop())
    server = DoorServer(app, house, config)
    ended.append(server)
    front: Front = app.state.front
    with stop_on_interrupt(server.stop):
        text = greeting(config, url_of(config, listener), urls_elsewhere(config, listener))
        asyncio.run(_run(server, front, listener, startup, text))
    if isinstance(front.error, MillraceError):
        raise front.error
    if front.error is not None:
        raise RuntimeError(front.failure) from front.error
    startup.console.print("The doors are closed.", style="dim")


async def _run(
    server: DoorServer, front: Front, listener: socket.socket, startup: Startup, text: str
) -> None:
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(server.serve(sockets=[listener]))
        greeter = group.create_task(_greet(front, startup, text))
        await serving
        greeter.cancel()


async def _greet(front: Front, startup: Startup, text: str) -> None:
    clock = WallClock()
    while front.metrics.last_tick_ns is None and clock.now_ns() < _FIRST_TICK_NS:
        await clock.sleep_until(clock.now_ns() + _LOOK_NS)
    startup.end()
    _print(startup.console, text)


def _print(console: Console, text: str) -> None:
    # Whole lines, not wrapped: they are to be copied.
    console.print(text, markup=False, soft_wrap=True)
