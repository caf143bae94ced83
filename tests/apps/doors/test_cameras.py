"""Cameras by configuration: real files that start, end and give their seats back; nothing that was not named."""

import threading

import av
import cv2
import numpy as np
import pytest
from parrot import pause
from serving import play, serving


def write_clip(path, seconds, fps=10):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=fps)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        for n in range(round(seconds * fps)):
            pixels = np.full((96, 160, 3), (n * 60) % 256, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")))
        container.mux(stream.encode())
    return path


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    return {
        "short": str(write_clip(folder / "short.mp4", 0.5)),
        "long": str(write_clip(folder / "long.mp4", 15)),
        "also": str(folder / "long.mp4"),
        "missing": str(folder / "missing.mp4"),
    }


async def state_of(served, name, wanted):
    """The camera once its state is `wanted`."""
    while True:
        cameras = (await served.send("GET", "/cameras")).json["cameras"]
        found = next(camera for camera in cameras if camera["name"] == name)
        if found["state"] == wanted:
            return found
        await pause(0.05)


def test_a_named_camera_is_started_watched_and_ended(clips):
    async def watch():
        async with serving(cameras=clips) as served:
            send, heard = served.send, served.house.hub.join({"sentence", "cameras"})
            before = await send("GET", "/cameras")
            started = await send("POST", "/cameras", {"name": "long"})
            again = await send("POST", "/cameras", {"name": "long"})
            kinds = []
            async for message in heard:
                kinds.append(message.kind)
                if message.kind == "sentence":
                    break
            ended = await send("DELETE", "/cameras/long")
            twice = await send("DELETE", "/cameras/long")
            restarted = await send("POST", "/cameras", {"name": "long"})
            threads = [thread.name for thread in threading.enumerate()]
        return before.json, started, again, kinds, ended, twice, restarted, threads

    before, started, again, kinds, ended, twice, restarted, threads = play(watch())
    assert {camera["state"] for camera in before["cameras"]} == {"stopped"}
    assert (before["places"], before["free"]) == (2, 2)
    assert started.status == 201
    assert started.json | {"detail": ""} == {
        "name": "long", "state": "running", "seat": "cam1", "is_configured": True, "detail": "", "dropped": {}
    }  # fmt: skip
    assert (again.status, kinds[0], kinds[-1]) == (409, "cameras", "sentence")
    assert (ended.status, ended.json["state"], ended.json["seat"]) == (200, "stopped", None)
    assert twice.status == 409
    assert restarted.json["seat"] == "cam1"
    assert "seat-cam1" in threads
    assert not any(thread.name.startswith("seat-") for thread in threading.enumerate())


def test_only_what_the_owner_named_can_be_opened(clips):
    async def watch():
        async with serving(cameras=clips) as served:
            wanted = [clips["long"], "rtsp://10.0.0.5/x", "x=" + clips["long"], "", "../long", "0", "mic"]
            refused = [await served.send("POST", "/cameras", {"name": name}) for name in wanted]
            refused.append(await served.send("POST", "/cameras", {"name": "long", "source": "other.mp4"}))
            return refused, await served.send("DELETE", "/cameras/other"), served.house.seats.all

    refused, unknown, seats = play(watch())
    assert [answer.status for answer in refused] == [404] * 7 + [422]
    assert "short, long, also, missing" in refused[0].error["message"]
    assert unknown.status == 404
    assert not any(seat.is_taken for seat in seats)


def test_a_file_that_ends_gives_its_seat_back(clips):
    async def watch():
        async with serving(cameras=clips, start=["short"]) as served:
            ended = await state_of(served, "short", "ended")
            while served.house.seats.all[0].is_taken:
                await pause(0.05)
            return ended, served.house.seats.label_of("cam1")

    ended, label = play(watch())
    assert ended["detail"] == "short: ended"
    assert label == "short"


def test_a_file_that_is_not_there_is_told(clips):
    async def watch():
        async with serving(cameras=clips, start=["missing"]) as served:
            broken = await state_of(served, "missing", "broken")
            return broken, await served.send("POST", "/cameras", {"name": "missing"}), served.house.seats.all

    broken, refused, seats = play(watch())
    assert "missing.mp4" in broken["detail"]
    assert refused.status == 503 and "missing.mp4" in refused.error["message"]
    assert not any(seat.is_taken for seat in seats)


def test_a_full_house_and_the_guests_of_other_doors(clips):
    async def watch():
        async with serving(cameras=clips, start=["long"]) as served:
            await state_of(served, "long", "running")
            served.house.seats.take("phone")
            full = await served.send("POST", "/cameras", {"name": "also"})
            listed = await served.send("GET", "/cameras")
            return full, listed.json, await served.send("DELETE", "/cameras/phone")

    full, listed, guest = play(watch())
    assert full.status == 409 and "all 2 cameras are taken (long, phone)" in full.error["message"]
    assert listed["free"] == 0
    assert listed["cameras"][-1] == {
        "name": "phone", "state": "connected", "seat": "cam2", "is_configured": False, "detail": "",
        "dropped": {},
    }  # fmt: skip
    assert guest.status == 409 and "another door" in guest.error["message"]


def test_a_guest_that_sends_nothing_any_more_is_called_silent():
    async def watch():
        async with serving() as served:
            seat = served.house.seats.take("phone")
            seat.push_frame(np.zeros((96, 160, 3), np.uint8))
            before = (await served.send("GET", "/cameras")).json["cameras"]
            silent = await state_of(served, "phone", "silent")
            seat.push_frame(np.zeros((96, 160, 3), np.uint8))
            return before, silent, await state_of(served, "phone", "connected")

    before, silent, again = play(watch())
    assert [camera["state"] for camera in before] == ["connected"]
    assert silent["seat"] == again["seat"] == "cam1"


def test_the_newest_picture_of_a_camera_is_given_as_the_agent_reads_it():
    async def watch():
        async with serving() as served:
            seat, send = served.house.seats.take("phone"), served.send
            unknown = await send("GET", "/cameras/fridge/picture")
            early = await send("GET", "/cameras/phone/picture")
            seat.push_frame(np.full((384, 640, 3), (200, 40, 90), np.uint8))
            while (picture := await send("GET", "/cameras/phone/picture")).status != 200:
                await pause(0.05)
            served.house.seats.leave(seat)
            return unknown, early, picture, await send("GET", "/cameras/phone/picture")

    unknown, early, picture, late = play(watch())
    assert (unknown.status, early.status, late.status) == (404, 204, 404)
    assert picture.headers["content-type"] == "image/jpeg" and "no-store" in picture.headers["cache-control"]
    pixels = cv2.imdecode(np.frombuffer(picture.body, np.uint8), cv2.IMREAD_COLOR_RGB)
    assert pixels.shape == (192, 320, 3)
    assert np.abs(pixels.mean((0, 1)) - (200, 40, 90)).max() < 4


def test_addresses_of_cameras_are_told_to_nobody(clips):
    async def watch():
        async with serving(cameras=clips, start=["long"]) as served:
            await state_of(served, "long", "running")
            return [
                await served.send("GET", path) for path in ("/cameras", "/metrics", "/openapi.json", "/docs")
            ]

    assert not any(clips["long"].encode() in answer.body for answer in play(watch()))
