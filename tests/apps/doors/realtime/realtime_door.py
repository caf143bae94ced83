"""A house behind a real server, and the official client at its door."""

import asyncio
import base64
from contextlib import asynccontextmanager

import cv2
import numpy as np
import uvicorn
from fastapi import FastAPI
from openai import AsyncOpenAI
from openai.types.realtime import RealtimeServerEvent
from parrot import Parrot, running
from plain_server import PlainServer
from pydantic import TypeAdapter

from millrace.apps.doors.house import House
from millrace.apps.doors.realtime.limits import RealtimeLimits
from millrace.apps.doors.realtime.routes import make_router
from millrace.apps.doors.speech import SpeechWatch

_EVENTS = TypeAdapter(RealtimeServerEvent)  # the client itself takes whatever comes


class Door:
    """A running server with a house behind it."""

    def __init__(self, house, parrot, port):
        self.house, self.parrot, self.port = house, parrot, port
        self.url = f"ws://127.0.0.1:{port}/v1/realtime"

    @property
    def is_busy(self):
        """Whether any client is connected."""
        return self.house.hub.num_listeners > 0

    @asynccontextmanager
    async def connect(self, key="none"):
        """The official client, connected; its first event is taken."""
        client = AsyncOpenAI(api_key=key, base_url=f"http://127.0.0.1:{self.port}/v1")
        async with client, client.realtime.connect(model="nano") as connection:
            created = await connection.recv()
            assert created.type == "session.created"
            _EVENTS.validate_python(created.to_dict())
            connection.created = created
            yield connection


@asynccontextmanager
async def open_door(parrot=None, limits=None, token="", num_cameras=2):
    """Serve on a free port until the end of the block; nothing is left behind."""
    parrot = parrot or Parrot()
    house = House(parrot, num_cameras=num_cameras, answer_timeout_s=60)
    watch = SpeechWatch(house)
    app = FastAPI()
    app.include_router(make_router(house, watch, limits or RealtimeLimits(), token))
    config = uvicorn.Config(
        app, port=0, log_level="warning", ws="websockets-sansio", lifespan="off", timeout_graceful_shutdown=2
    )
    server = PlainServer(config)
    try:
        async with running(house):
            serving = asyncio.create_task(server.serve())
            while not server.started:
                await asyncio.wait({serving}, timeout=0.02)
                assert not serving.done()
            port = server.servers[0].sockets[0].getsockname()[1]
            try:
                yield Door(house, parrot, port)
            finally:
                server.should_exit = True
                await serving
    finally:
        watch.close()


def play(coroutine, timeout_s=120):
    """Run to the end; no task may be left."""

    async def whole():
        result = await asyncio.wait_for(coroutine, timeout_s)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, left
        return result

    return asyncio.run(whole())


async def until(connection, kind):
    """All events up to the first of this type; an error that nobody waits for fails at once."""
    events = []
    async for event in connection:
        _EVENTS.validate_python(event.to_dict())
        events.append(event)
        if event.type == kind:
            return events
        assert event.type != "error", event
    raise AssertionError(f"closed before {kind}: {[each.type for each in events]}")


def text_item(text, role="user"):
    return {"type": "message", "role": role, "content": [{"type": "input_text", "text": text}]}


def image_item(url, **fields):
    return {
        "type": "message",
        "role": "user",
        "content": [{"type": "input_image", "image_url": url, **fields}],
    }


def image_url(pixels, ending=".png"):
    """RGB pixels as a data URL."""
    kind = {".png": "png", ".jpg": "jpeg"}[ending]
    data = cv2.imencode(ending, np.ascontiguousarray(pixels[:, :, ::-1]))[1].tobytes()
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def pcm16(samples):
    """Float sound as base64 of 16-bit samples."""
    return base64.b64encode((samples * 32767).astype("<i2").tobytes()).decode()
