"""Data channels and ICE restart with real peers."""

import asyncio
import json
import os

from aioice import Candidate, Connection
from parrot import pause
from rtc_peers import Client, ClockTrack, request

from millrace.apps.doors.rtc.lifeline import Lifeline
from millrace.apps.doors.rtc.sdp import read_fragment, write_fragment
from millrace.streams.clock import monotonic_ns


async def talker(stage, label, *channels):
    """A peer that sends a camera and has these data channels; its lines go into queues."""
    client, heard = Client(stage.port), {}
    for name in channels:
        channel, heard[name] = client.pc.createDataChannel(name), asyncio.Queue()
        channel.on("message", heard[name].put_nowait)
        setattr(client, name, channel)
    await client.send(label, ClockTrack())
    await stage.until(lambda: all(getattr(client, name).readyState == "open" for name in channels))
    return client, heard


async def first(lines, event):
    """The next line of this kind."""
    async with asyncio.timeout(15):
        while True:
            said = json.loads(await lines.get())
            if said["event"] == event:
                return said


def test_the_events_channel_tells_what_happens_and_answers_questions(stage):
    async def play():
        client, heard = await talker(stage, "porch", "events")
        lines = heard["events"]
        tick = await first(lines, "tick")
        sentence = await first(lines, "sentence")
        client.events.send(json.dumps({"ask": "is it open", "id": 7}))
        answer = await first(lines, "answer")
        client.events.send("tell me when a car enters cam1")
        standing = await first(lines, "standing")
        client.events.send("x" * 10_000)
        client.events.send("x" * 301)
        too_long = await first(lines, "error")
        client.events.send(" ")
        error = await first(lines, "error")
        await client.delete()
        await stage.until(lambda: not stage.door._conversations)
        stage.house.forget("tell me when a car enters cam1")
        return tick, sentence, answer, standing, too_long, error

    tick, sentence, answer, standing, too_long, error = stage.run(play())
    assert "at most 300 are read" in too_long["message"]
    assert tick["budget_ms"] == 200 and sentence["camera"] == "porch"
    assert (answer["id"], answer["text"]) == (7, "is it open") and answer["seconds"] > 0
    assert standing["text"].startswith("tell me when") and "empty" in error["message"]


def test_no_line_of_one_page_however_strange_cuts_off_others_or_is_told_to_them(stage):
    nested = "[" * 3_900

    async def play():
        client, heard = await talker(stage, "porch", "events", "capture")
        lines, pid = heard["events"], stage.door.host.pid
        client.capture.send(nested)
        client.events.send(nested)
        too_long = await first(lines, "error")
        client.events.send('{"ask": "tell me when \\ud800 a car\\nenters\\u0000 cam1", "id": 1}')
        standing = await first(lines, "standing")
        told = stage.house.instructions
        stage.house.forget(standing["text"])
        client.events.send("is it open")
        answer = await first(lines, "answer")
        await client.delete()
        return too_long, standing, told, answer, stage.door.host.pid == pid

    too_long, standing, told, answer, is_same = stage.run(play(), 80)
    assert "3900 characters" in too_long["message"]
    assert told == (standing["text"],) == ("tell me when a car enters cam1",)
    assert answer["text"] == "is it open" and is_same


def test_a_page_that_tells_its_time_has_true_capture_times(stage):
    ahead_ms = 86_400_000.0  # the page's clock is a day ahead

    async def play():
        client, heard = await talker(stage, "lab", "capture")

        async def answer():
            while True:
                asked = json.loads(await heard["capture"].get())
                now_ms = monotonic_ns() / 1e6 + ahead_ms
                client.capture.send(json.dumps({"ask": asked["ask"], "now_ms": now_ms}))

        answering = asyncio.create_task(answer())
        await pause(1.0)
        client.capture.send("garbage")
        client.capture.send('{"track": 5, "rtp": "x"}')
        frames = stage.frames["lab"]
        sender = client.pc.getTransceivers()[0].sender
        made_ns = monotonic_ns()
        tick = sender._RTCRtpSender__rtp_timestamp
        captured_ms = (made_ns - 150_000_000) / 1e6 + ahead_ms  # taken 150 ms before it was sent
        client.capture.send(json.dumps({"track": 0, "rtp": tick, "captured_ms": captured_ms}))
        await pause(0.5)
        del frames[:]
        await stage.until(lambda: len(frames) >= 8)
        await pause(1.2)
        counts = stage.door.snapshot()["sessions"][0]["tracks"][0]
        answering.cancel()
        await client.delete()
        return frames, counts

    frames, counts = stage.run(play())
    ages_ms = sorted((came - captured) / 1e6 for captured, came, _ in frames)
    assert counts["clock"] == "page"
    assert 100 < ages_ms[len(ages_ms) // 2] < 500


def test_ice_restarts_under_a_running_session(stage):
    async def play():
        client = Client(stage.port)
        ice = client.pc.addTransceiver(ClockTrack(), direction="sendonly").receiver.transport.transport
        line = Lifeline(ice, [], lambda: 0, 5.0)  # the same exchange of connections, at the client's side
        await client.post("/whip/cart")
        await stage.until(lambda: len(stage.frames["cart"]) > 3)
        made = Connection(ice_controlling=True)
        await made.gather_candidates()
        body = write_fragment(
            made.local_username, made.local_password, [one.to_sdp() for one in made.local_candidates]
        )
        headers = {"Content_Type": "application/trickle-ice-sdpfrag"}
        status, answered, text = await request(
            stage.port, "PATCH", client.location, body, If_Match="*", **headers
        )
        assert (status, answered["Content-Type"]) == (200, headers["Content_Type"])
        assert answered["ETag"] != client.etag
        stale = await request(stage.port, "PATCH", client.location, body, If_Match=client.etag, **headers)
        line._next = made
        theirs = read_fragment(text)
        made.remote_username, made.remote_password = theirs.ufrag, theirs.pwd
        for candidate in theirs.candidates:
            await made.add_remote_candidate(Candidate.from_sdp(candidate))
        pending = asyncio.create_task(line.take_over())
        await asyncio.wait_for(pending, 10)
        await pause(0.3)
        num_before = len(stage.frames["cart"])
        await stage.until(lambda: len(stage.frames["cart"]) > num_before + 10)
        await pause(4.5)  # longer than a peer may be silent
        is_there = stage.house.seats.find("cart").is_taken
        assert await client.delete() == 200
        return stale[0], is_there, ice._connection is made

    assert stage.run(play()) == (412, True, True)


def test_the_child_goes_with_the_doors_and_knows_no_model(stage):
    maps = f"/proc/{stage.door.host.pid}/maps"
    with open(maps) as file:  # noqa: PTH123
        libraries = file.read()
    assert "libav" in libraries and "torch" not in libraries and os.getpid() != stage.door.host.pid
