"""WHEP with real viewers: what the agent sees moves, is encoded once for all, and is drawn only while somebody looks."""

import asyncio
from itertools import pairwise

import numpy as np
from parrot import pause
from rtc_peers import Client, ClockTrack

from millrace.apps.doors.mosaic import HEIGHT, WIDTH


async def pictures(track, num):
    """So many decoded pictures of a viewer's track."""
    frames = [await asyncio.wait_for(track.recv(), 15) for _ in range(num)]
    return [frame.to_ndarray(format="rgb24") for frame in frames]


def test_viewers_share_one_encoder_and_see_the_cameras_move(stage):
    async def play():
        sender = await Client(stage.port).send("hall", ClockTrack(shade=180))
        await stage.until(lambda: len(stage.frames["hall"]) > 3)
        viewers = [Client(stage.port) for _ in range(2)]
        tracks = [await viewer.watch() for viewer in viewers]
        seen = await asyncio.gather(*(pictures(track, 12) for track in tracks))
        await pause(1.3)
        screen = stage.door.snapshot()["screen"]
        for client in (*viewers, sender):
            assert await client.delete() == 200
        await pause(0.3)
        drawn = stage.door.snapshot()["screen"]["drawn"]
        await pause(0.7)
        return seen, screen, drawn, stage.door.snapshot()["screen"]["drawn"]

    seen, screen, drawn, drawn_later = stage.run(play())
    for viewed in seen:
        assert all(picture.shape == (HEIGHT, WIDTH, 3) for picture in viewed)
        changes = [np.abs(a.astype(int) - b).mean() for a, b in pairwise(viewed)]
        assert max(changes) > 0.5  # the squares of the clock change
        assert viewed[-1][260:350, 40:600].mean() > 60  # the grey below them is there
    assert screen["viewers"] == 2
    assert (
        12 <= screen["encoded"] <= screen["pictures"] <= screen["encoded"] + 1
    )  # once each, however many look
    assert drawn == drawn_later


def test_a_viewer_who_comes_later_begins_with_a_whole_picture(stage):
    async def play():
        first, second = Client(stage.port), Client(stage.port)
        await pictures(await first.watch(), 8)
        whole = await pictures(await second.watch(), 2)
        for client in (first, second):
            await client.delete()
        return whole

    assert all(picture.std() > 5 for picture in stage.run(play()))
