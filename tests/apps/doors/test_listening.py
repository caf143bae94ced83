"""Speech in the sound of files and network cameras: heard where the owner says so, and nowhere else."""

import asyncio
from fractions import Fraction

import av
import numpy as np
import pytest
from parrot import Parrot, until
from real_cameras import RealCamera, why_not
from serving import play, serving
from voice import silence, vowels

from millrace.apps.doors.house import House

RATE_HZ, FPS = 16_000, 10
WORDS = [str(n) for n in range(150)]  # half a minute of answer


@pytest.fixture(scope="module")
def spoken(tmp_path_factory):
    """A clip of three seconds: a voice for the second one. And one without sound."""
    folder = tmp_path_factory.mktemp("spoken")
    sound = np.concatenate([silence(1.0), vowels(1.0), silence(1.0)])
    return write(folder / "spoken.mp4", sound), write(folder / "mute.mp4", None)


def write(path, sound):
    with av.open(str(path), "w") as container:
        video = container.add_stream(
            "libx264", rate=FPS, options={"tune": "zerolatency", "x264-params": "sliced-threads=0"}
        )
        video.width, video.height, video.pix_fmt = 160, 96, "yuv420p"
        streams = [video]
        if sound is not None:
            streams.append(container.add_stream("aac", rate=RATE_HZ, layout="mono"))
        for index in range(3 * FPS):
            picture = np.full((96, 160, 3), index * 8, np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            container.mux(video.encode(frame))
        if sound is not None:
            frame = av.AudioFrame.from_ndarray(sound[None], format="fltp", layout="mono")
            frame.sample_rate = RATE_HZ
            container.mux(streams[1].encode(frame))
        for stream in streams:
            container.mux(stream.encode(None))
    return path


async def answer_while(served, name):
    """Ask, let a camera begin in the middle of the answer, and wait for the answer."""
    said = []
    asked = asyncio.create_task(served.house.ask(" ".join(WORDS), 120, said.append))
    await until(lambda: len(said) > 2)
    assert (await served.send("POST", "/cameras", {"name": name})).status == 201
    return (await asked).text.split()


async def told_until_stopped(told):
    """What was told, up to the end of the speech."""
    heard = []
    async for message in told:
        body = message.body
        heard.append((message.kind, body.get("camera"), body.get("state") or body.get("reason")))
        if heard[-1][2] == "stopped":
            return heard


def check_cut(text, parrot):
    assert 0 < len(text) < len(WORDS) and [*text, *parrot.ended[0]] == [*WORDS, ""]


def test_speech_in_a_file_that_is_listened_to_breaks_the_answer_off_and_in_another_it_does_not(spoken):
    cameras = {"film": str(spoken[0]), "talk": str(spoken[0])}

    async def watch():
        parrot = Parrot(words_per_tick=1)
        house = House(parrot, num_cameras=2, answer_timeout_s=120)
        async with serving(house, cameras=cameras, start=["film"], listen=["talk"]) as served:
            sources, told = house.hub.join({"source"}), house.hub.join({"speech", "hush"})
            async for message in sources:
                if message.body["kind"] == "ended":
                    break
            house.hub.leave(sources)
            text = await answer_while(served, "talk")
            return parrot, text, await told_until_stopped(told)

    parrot, text, told = play(watch(), 180)
    assert told == [
        ("hush", None, "speech"),
        ("speech", "talk", "started"),
        ("speech", "talk", "stopped"),
    ]
    check_cut(text, parrot)


def test_speech_in_the_sound_of_a_network_camera_breaks_the_answer_off(spoken):
    if why_not():
        pytest.skip(why_not())
    camera = RealCamera(spoken[0], ("sound",))
    camera.start()

    async def watch():
        parrot = Parrot(words_per_tick=1)
        house = House(parrot, num_cameras=1, answer_timeout_s=120)
        async with serving(house, cams=1, cameras={"door": camera.url}, listen=["door"]) as served:
            told = house.hub.join({"speech", "hush"})
            text = await answer_while(served, "door")
            return parrot, text, await told_until_stopped(told)

    try:
        parrot, text, told = play(watch(), 180)
    finally:
        camera.kill()
    assert ("speech", "door", "started") in told and told[-1] == ("speech", "door", "stopped")
    check_cut(text, parrot)


def test_a_camera_that_ends_in_mid_speech_has_stopped_speaking(spoken):
    async def watch():
        house = House(Parrot(), num_cameras=1)
        async with serving(house, cams=1, cameras={"talk": str(spoken[0])}, listen=["talk"]) as served:
            told = house.hub.join({"speech"})
            await served.send("POST", "/cameras", {"name": "talk"})
            heard = []
            async for message in told:
                heard.append(message.body["state"])
                if message.body["state"] == "stopped":
                    return heard
                await served.send("DELETE", "/cameras/talk")

    assert play(watch(), 120) == ["started", "stopped"]


def test_a_file_without_sound_cannot_be_listened_to(spoken):
    async def watch():
        async with serving(cameras={"talk": str(spoken[1])}, listen=["talk"]) as served:
            return await served.send("POST", "/cameras", {"name": "talk"}), served.house.seats.all

    refused, seats = play(watch())
    assert refused.status == 503
    assert "mute.mp4 has no sound to listen to; take talk out of `listen`" in refused.error["message"]
    assert not any(seat.is_taken for seat in seats)
