"""A network camera of the configuration that dies and hangs: it is back soon, and the other camera loses nothing."""

import asyncio
import os
import signal
from dataclasses import dataclass, field
from pathlib import Path

from parrot import shade, until
from serving import play, serving

from millrace.streams.clock import NS_PER_S, monotonic_ns


def decoders():
    """The children of this process that decode cameras."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == os.getpid() and b"child_decoder" in (path / "cmdline").read_bytes():
                found.append(int(path.name))
        except OSError:
            continue
    return found


@dataclass
class Yard:
    """The other camera: it shows something new after each tick, so that the next one has to read it."""

    served: object
    ticks: list = field(default_factory=list)
    events: list = field(default_factory=list)

    async def watch(self):
        house = self.served.house
        seat = house.seats.take("yard")
        seat.push_frame(shade(20))
        async for message in house.hub.join({"tick", "source"}):
            if message.kind == "source":
                self.events.append(message.body)
            else:
                seat.push_frame(shade(20 + len(self.ticks) % 2 * 100))
                self.ticks.append(message.body)

    async def wait_for(self, kind, num_before=0):
        """The door's next event of this kind."""
        await until(lambda: self.kinds()[num_before:].count(kind))

    def kinds(self):
        return [body["kind"] for body in self.events if body["camera"] == "door"]


def missed_share(ticks):
    """Of the periods of these ticks, those without one."""
    missed = sum(tick["missed"] for tick in ticks)
    return missed / (missed + len(ticks))


def test_it_is_back_within_five_seconds_of_its_return_and_the_other_camera_loses_no_tick(real_camera):
    async def watch():
        camera = real_camera("sound")
        async with serving(cameras={"door": camera.url}) as served:
            yard = Yard(served)
            watching = asyncio.create_task(yard.watch())
            began_ns = monotonic_ns()
            await served.send("POST", "/cameras", {"name": "door"})
            await until(lambda: "cam2" in served.house.frames)
            opening_ns = monotonic_ns() - began_ns
            await until(lambda: len(yard.ticks) >= 20)
            good_until = len(yard.ticks)

            camera.kill()
            await yard.wait_for("broken")
            await until(lambda: len(yard.ticks) >= good_until + 20)  # several attempts
            camera.start()
            returned_ns = monotonic_ns()
            await yard.wait_for("resumed")
            away_ns = monotonic_ns() - returned_ns
            (pid,) = decoders()
            os.kill(pid, signal.SIGSTOP)
            num_events = len(yard.kinds())
            await yard.wait_for("broken", num_events)
            await yard.wait_for("resumed", num_events)
            assert pid not in decoders()
            await served.send("DELETE", "/cameras/door")
        await watching
        return yard, good_until, opening_ns, away_ns

    yard, good_until, opening_ns, away_ns = play(watch(), 180)
    assert decoders() == []
    # The longest pause between two attempts, and an opening such as the first was; five seconds where that was quick.
    assert away_ns < max(5 * NS_PER_S, 2 * NS_PER_S + 3 * opening_ns)
    # What makes a busy machine miss ticks does so in good times, too; a loop that waits for a camera would miss all.
    assert missed_share(yard.ticks[good_until:]) <= missed_share(yard.ticks[:good_until]) + 0.2
    assert all("cam1" in tick["read"] or "cam1" in tick["skipped"] for tick in yard.ticks[2:])
    assert [kind for kind in yard.kinds() if kind in ("broken", "resumed")] == ["broken", "resumed"] * 2
