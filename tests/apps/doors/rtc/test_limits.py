"""What one peer may send: pictures of a size, and something at all; others notice nothing of who does not."""

import asyncio

from rtc_peers import Client, ClockTrack

from millrace.apps.doors.rtc.limits import RtcLimits

LIMITS = RtcLimits(vanish_s=60.0, idle_s=2.0, max_pixels=400 * 300, addresses=("127.0.0.1",))


class MuteTrack(ClockTrack):
    """Video that ends in silence after some pictures, while its connection stays."""

    async def recv(self):
        if self.num >= 20:
            await asyncio.Event().wait()
        return await super().recv()


def test_pictures_that_are_too_large_are_not_decoded_and_cost_nobody_else_anything(stage):
    async def play():
        honest = await Client(stage.port).send("small", ClockTrack())
        await stage.until(lambda: len(stage.frames["small"]) > 3)
        pid, num_before = stage.door.host.pid, len(stage.frames["small"])
        greedy = await Client(stage.port).send("big", ClockTrack(size=(480, 360)))

        def damaged():
            tracks = [
                each["tracks"] for each in stage.door.snapshot()["sessions"] if each["cameras"] == ["big"]
            ]
            return sum(track["dropped"]["decode_error"] for each in tracks for track in each)

        await stage.until(lambda: damaged() > 3)
        await stage.until(lambda: len(stage.frames["small"]) > num_before + 5)
        for client in (honest, greedy):
            await client.delete()
        return stage.door.host.pid == pid, len(stage.frames["big"])

    assert stage.run(play()) == (True, 0)


def test_who_stays_connected_and_sends_nothing_any_more_is_let_go(stage):
    async def play():
        told = stage.house.hub.join({"source"})
        client = await Client(stage.port).send("mute", MuteTrack())
        await stage.until(lambda: len(stage.frames["mute"]) > 0)
        seat = stage.house.seats.find("mute")
        await stage.until(lambda: not seat.is_taken, 30)
        stage.house.hub.leave(told)
        await client.pc.close()
        ended = [m.body["detail"] async for m in told if m.body["kind"] == "ended"]
        return [detail for detail in ended if detail.startswith("mute")]

    assert stage.run(play(), 60) == ["mute: idle: no media for 2 s"]
