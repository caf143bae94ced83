"""The real server on a free port, with the doors' own model behind it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from parrot import Parrot, pause

from millrace.apps.doors.app import make_app
from millrace.apps.doors.house import House
from millrace.apps.doors.server import DoorServer, bind, url_of
from millrace.apps.doors.settings import make_serve_config


@asynccontextmanager
async def serving(model: Parrot | None = None, **settings: Any) -> AsyncIterator[tuple[str, House]]:
    """Its address and its house; all is over at the end."""
    config = make_serve_config(**{"port": 0, "cams": 2, **settings})
    house = House(model or Parrot(), num_cameras=config.cams)
    app = make_app(house, config)
    listener = bind(config)
    server = DoorServer(app, house, config)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not running.done() and not (server.started and app.state.front.media.rtc.host.is_up):
            await pause(0.02)
        yield url_of(config, listener), house
    finally:
        server.stop()
        await running


class Warner(Parrot):
    """Says `alert cam1: moved` instead of `cam1: moved` once it was told of an instruction that stands."""

    def __init__(self) -> None:
        super().__init__()
        self._is_told = False

    def text_block(self, text: str, t_ns: int) -> Any:
        self._is_told = self._is_told or text.startswith("tell me when")
        return super().text_block(text, t_ns)

    def read(self, t_ns: int, blocks: Any, state: Any, depth: int) -> Any:
        known, hidden = len(state.pending), super().read(t_ns, blocks, state, depth)
        news = state.pending[known:]
        if "when" in news:  # a reminder, not a question
            del state.pending[known:]
        elif self._is_told:
            state.pending[known:] = [
                word for each in news for word in ([each], ["alert", each])[each.startswith("cam")]
            ]
        return hidden
