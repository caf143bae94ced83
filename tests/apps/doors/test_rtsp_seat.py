"""A network camera in a seat that hangs, dies and lies costs the other camera no tick."""

import asyncio
import os
import signal
from pathlib import Path

from parrot import pause, running, shade

from millrace.streams.rtsp import RtspSource
from millrace.streams.watchdog import Patience

HASTE = Patience(open_s=2.0, run_s=1.0)


def decoders():
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == os.getpid() and b"child_decoder" in (path / "cmdline").read_bytes():
                found.append(int(path.name))
        except OSError:
            continue
    return found


def test_the_other_camera_loses_no_tick(house, real_camera):
    async def play():
        camera = real_camera("sound")
        async with running(house):
            good, bad = house.seats.take("yard"), house.seats.take("door")
            bad.play(RtspSource(camera.url, "door", patience=HASTE))
            ticks, sources = house.hub.join({"tick"}), house.hub.join({"source"})
            for step in range(150):
                assert good.push_frame(shade(60 + step))
                if step == 60:  # it has run for a while
                    (pid,) = decoders()
                    os.kill(pid, signal.SIGSTOP)
                if step == 110:
                    camera.kill()
                await pause(0.04)
            house.seats.leave(bad)
            house.hub.close()
            return [m.body async for m in ticks], [m.body async for m in sources]

    ticks, events = asyncio.run(asyncio.wait_for(play(), 40))
    of_door = [body["kind"] for body in events if body["camera"] == "door"]
    assert "broken" in of_door
    assert decoders() == []
    # The ticks go on in their pace, and each of them reads the good camera.
    assert sum(tick["missed"] for tick in ticks) == 0 and len(ticks) >= 28
    assert sum("cam1" in tick["read"] for tick in ticks[1:]) >= len(ticks) - 2
    assert sum(tick["is_late"] for tick in ticks) == 0
    assert any("cam2" in tick["read"] for tick in ticks)
