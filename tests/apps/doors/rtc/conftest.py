"""A running house with WebRTC doors on a real socket, one for all tests of a file: its child takes seconds to start."""

import asyncio
import sys
from collections import defaultdict
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1]))

from parrot import Parrot, pause, running
from plain_server import PlainServer

from millrace.apps.doors.house import House
from millrace.apps.doors.replies import add_handlers
from millrace.apps.doors.rtc.door import RtcDoor
from millrace.apps.doors.rtc.limits import RtcLimits
from millrace.apps.doors.rtc.routes import make_router
from millrace.apps.doors.seats import Seat
from millrace.streams.clock import monotonic_ns

LIMITS = RtcLimits(vanish_s=4.0, connect_s=5.0, addresses=("127.0.0.1",))


class Stage:
    """The doors, and all that came through them."""

    def __init__(self, runner):
        self.runner, self.stack = runner, AsyncExitStack()
        self.frames, self.sounds = defaultdict(list), defaultdict(list)  # label: [(captured, came, data)]

    def run(self, work, seconds=40):
        return self.runner.run(asyncio.wait_for(work, seconds))

    async def open(self, limits):
        self.house = await self.stack.enter_async_context(running(House(Parrot(), num_cameras=4)))
        self.door = RtcDoor(self.house, limits)
        await self.door.start()
        self.stack.push_async_callback(self.door.stop)
        app = FastAPI()
        add_handlers(app)
        app.include_router(make_router(self.door))
        config = uvicorn.Config(app, "127.0.0.1", 0, log_level="error", lifespan="off")
        self.server = PlainServer(config)
        serving = asyncio.create_task(self.server.serve())
        while not self.server.started:
            await pause(0.01)
        self.port = self.server.servers[0].sockets[0].getsockname()[1]
        self.stack.push_async_callback(self._end, serving)

    async def until(self, is_so, seconds=15.0):
        """Wait until something is so."""
        for _ in range(round(seconds / 0.02)):
            if is_so():
                return
            await pause(0.02)
        raise AssertionError("it did not become so in time")

    async def _end(self, serving):
        self.server.should_exit = True
        await serving


@pytest.fixture(scope="module")
def stage(request):
    """Limits may be given as `LIMITS` of the test's file."""
    limits = getattr(request.module, "LIMITS", LIMITS)
    with asyncio.Runner() as runner:
        made = Stage(runner)
        made.run(made.open(limits), 90)
        push_frame, push_audio = Seat.push_frame, Seat.push_audio

        def see(seat, pixels, captured_ns=None):
            made.frames[seat.label].append((captured_ns, monotonic_ns(), pixels.copy()))
            return push_frame(seat, pixels, captured_ns)

        def hear(seat, samples, captured_ns=None):
            made.sounds[seat.label].append((captured_ns, monotonic_ns(), samples.copy()))
            return push_audio(seat, samples, captured_ns)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Seat, "push_frame", see)
            patch.setattr(Seat, "push_audio", hear)
            yield made
        made.run(made.stack.aclose())
