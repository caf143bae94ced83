"""The web application: all doors of one house behind one guard."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from fastapi import FastAPI

from ... import __version__
from ...streams.clock import NS_PER_S
from . import routes_cameras, routes_events, routes_health, routes_page, routes_talk
from .cameras import Cameras
from .guard import Guard
from .house import House
from .lag import LoopLag
from .logins import Logins
from .masking import mask
from .media_doors import MediaDoors
from .metrics import ServeMetrics
from .replies import add_handlers, refuse_socket
from .settings import ServeConfig

_ABOUT = "An agent that watches cameras, listens, and says what happens, in time."


def _ignore() -> None:
    """When nobody waits for the end of the session."""


class Front:
    """What stands behind the routes, and runs as long as the application does."""

    def __init__(self, house: House, config: ServeConfig, on_end: Callable[[], None] = _ignore) -> None:
        self.house, self.config = house, config
        self.media = MediaDoors(house, config)
        self.cameras = Cameras(house, config.cameras, self.media.speech, config.heard)
        self.metrics = ServeMetrics(house)
        self.lag = LoopLag(self.metrics.add_lag)
        self.logins = Logins(config.secret, config.limits.logins_per_minute)
        self.events = routes_events.Events(house, self.metrics, config.limits.sessions * 4)
        self.error: Exception | None = None  # what ended the session
        self.failure = ""  # the same in one line for a person
        self._on_end = on_end
        self.metrics.watch_lag(lambda: self.lag.highest_ns / NS_PER_S)
        self.metrics.count_sessions("events", lambda: self.events.num_readers)
        self.metrics.count_sessions("cameras", lambda: self.cameras.num_running)
        self.media.count(self.metrics)
        self.num_sockets = 0
        self.metrics.count_sessions("realtime", lambda: self.num_sockets)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The session and all that watches over it; nothing is left behind."""
        async with self.media.running(), asyncio.TaskGroup() as group:
            session = group.create_task(self._run_session())
            helpers = [
                group.create_task(work)
                for work in (
                    self.metrics.listen(),
                    self.cameras.listen(),
                    self.cameras.watch(),
                    self.cameras.begin(self.config.start),
                    self.lag.watch(),
                )
            ]
            try:
                yield
            finally:
                await self.cameras.close()
                self.house.stop()
                await session
                for helper in helpers:
                    helper.cancel()

    def add_socket(self, num: int) -> None:
        """A WebSocket came (1) or went (-1)."""
        self.num_sockets += num

    async def _run_session(self) -> None:
        try:
            await self.house.run()
        except Exception as error:  # the doors stay, and say why nothing ticks
            self.error = error
            self.failure = mask(f"{type(error).__name__}: {error}", *self.config.secrets)
        else:
            self.failure = "the session was stopped"
        self._on_end()


def make_app(house: House, config: ServeConfig, on_end: Callable[[], None] = _ignore) -> FastAPI:
    """The application; it runs the house from its start to its end. `on_end` is called when the session ends.

    `app.state.front` is the `Front` behind it.
    """
    front = Front(house, config, on_end)
    page = routes_page.load_page()

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with front.running():
            yield

    app = FastAPI(
        title="Millrace",
        version=__version__,
        description=_ABOUT,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.state.front = front
    add_handlers(app)
    app.include_router(routes_health.make_router(config, front.metrics, front.logins, lambda: front.failure))
    app.include_router(routes_cameras.make_router(house, front.cameras))
    app.include_router(routes_talk.make_router(house, config))
    app.include_router(routes_events.make_router(config, front.events))
    front.media.add_routes(app)
    app.include_router(routes_page.make_router(page))
    app.add_api_websocket_route("/{path:path}", refuse_socket)
    app.add_middleware(
        Guard,
        config=config,
        logins=front.logins,
        open_paths={"/healthz", *routes_page.open_paths(page)},
        on_refused=front.metrics.add_refused,
        on_socket=front.add_socket,
    )
    app.openapi()  # made now and kept: it takes tens of milliseconds
    return app
