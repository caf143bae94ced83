"""WHIP with real peers: what they send arrives, in order and on time, and goes when they go."""

import os
import signal

import numpy as np
from parrot import pause
from rtc_peers import BeepTrack, Client, ClockTrack, ToneTrack, beeps, read_clock, request


def labels(stage):
    return {seat.label for seat in stage.house.seats.all if seat.is_taken}


def test_pictures_reach_the_seat_of_their_name_in_order_and_with_the_time_they_were_taken(stage):
    async def play():
        client = await Client(stage.port).send("phone", ClockTrack())
        await stage.until(lambda: len(stage.frames["phone"]) >= 35)
        seats, snapshot = labels(stage), stage.door.snapshot()
        assert await client.delete() == 200
        return seats, snapshot

    seats, snapshot = stage.run(play())
    assert seats == {"phone"} and labels(stage) == set()
    captured, came, pictures = zip(*stage.frames["phone"][5:], strict=True)
    made_ms = [read_clock(picture) for picture in pictures]
    assert made_ms == sorted(made_ms) and len(set(made_ms)) == len(made_ms)
    assert list(captured) == sorted(captured)
    error_ms = np.array(captured) / 1e6 % (1 << 24) - made_ms
    assert -5 < np.median(error_ms) < 250  # by the sender's reports, which stamp the moment it sends
    assert all(c <= a for c, a in zip(captured, came, strict=True))
    assert snapshot["sessions"][0]["cameras"] == ["phone"]


def test_drops_are_counted_by_cause(stage):
    async def play():
        client = await Client(stage.port).send("fast", ClockTrack(fps=30))
        await stage.until(lambda: len(stage.frames["fast"]) >= 30)
        await pause(1.2)
        counts, seat = stage.door.snapshot()["sessions"][0]["tracks"][0], stage.house.seats.find("fast")
        lost = seat.lost, stage.house.session.statistics()[seat.name].dropped
        await client.delete()
        return counts, *lost

    counts, lost, ever_lost = stage.run(play())
    assert lost["replaced in the decoder"] == counts["dropped"]["replaced"]
    assert ever_lost["replaced in the decoder"] >= lost["replaced in the decoder"]
    assert set(counts["dropped"]) == {"replaced", "late", "decode_error", "undecoded"}
    assert counts["dropped"]["replaced"] > 5  # 30 a second came, 15 were asked for
    assert counts["clock"] == "reports"
    assert 0 <= counts["frames"] - counts["sent"] - sum(counts["dropped"].values()) <= 2


def test_sound_comes_at_16_khz_with_the_right_pitch_and_times_that_never_run_back(stage):
    async def play():
        client = await Client(stage.port).send("studio", ToneTrack(hz=1000), ClockTrack())
        await stage.until(lambda: sum(len(s) for _, _, s in stage.sounds["studio"]) > 24_000)
        await client.delete()

    stage.run(play())
    chunks = stage.sounds["studio"]
    assert all(len(samples) <= 640 and samples.dtype == np.float32 for _, _, samples in chunks)
    sound = np.concatenate([samples for _, _, samples in chunks])[8_000:24_000]
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    assert abs(np.argmax(spectrum) - 1000) <= 2  # one hertz a bin
    assert 0.15 < sound.max() < 0.35
    assert stage.frames["studio"]
    times = [captured for captured, _, _ in chunks]
    assert times == sorted(times)
    assert all(captured <= came + 100_000_000 for captured, came, _ in chunks)


def test_sound_and_pictures_of_one_sender_are_on_one_clock(stage):
    async def play():
        client = await Client(stage.port).send("lips", BeepTrack(), ClockTrack())
        await stage.until(lambda: len(beeps(stage.sounds["lips"])) >= 6, 60)
        await client.delete()

    stage.run(play(), 90)
    # Both tell in themselves when they were made; how far off we are must be the same for both.
    heard_ms = [time / 1e6 - round(time / 1e9) * 1e3 for time in beeps(stage.sounds["lips"])[-4:]]
    frames = stage.frames["lips"][-40:]
    seen_ms = [captured / 1e6 % (1 << 24) - read_clock(picture) for captured, _, picture in frames]
    assert abs(np.median(seen_ms) - np.median(heard_ms)) < 150, (seen_ms, heard_ms)


def test_several_tracks_take_several_seats(stage):
    async def play():
        client = await Client(stage.port).send("van", ClockTrack(shade=40), ClockTrack(shade=200))
        await stage.until(lambda: len(stage.frames["van"]) > 3 and len(stage.frames["van-2"]) > 3)
        seats = labels(stage)
        await client.delete()
        return seats

    assert stage.run(play()) == {"van", "van-2"}
    shades = [stage.frames[name][-1][2][150:].mean() for name in ("van", "van-2")]
    assert abs(shades[0] - 40) < 12 and abs(shades[1] - 200) < 12


def test_a_peer_that_vanishes_is_gone_in_time_and_finds_its_seat_again(stage):
    async def play():
        client = await Client(stage.port).send("door", ClockTrack())
        await stage.until(lambda: len(stage.frames["door"]) > 3)
        seat = stage.house.seats.find("door")
        await client.vanish()
        await stage.until(lambda: not seat.is_taken, seconds=9)
        assert seat.label == "door" and not stage.door.sessions
        await client.pc.close()
        num_before = len(stage.frames["door"])
        again = await Client(stage.port).send("door", ClockTrack())
        await stage.until(lambda: len(stage.frames["door"]) > num_before + 3)
        is_same = stage.house.seats.find("door") is seat and seat.is_taken
        await again.delete()
        return is_same

    assert stage.run(play())


def test_a_name_that_is_sending_is_refused_and_one_that_fell_silent_gives_way(stage):
    async def play():
        client = await Client(stage.port).send("gate", ClockTrack())
        await stage.until(lambda: len(stage.frames["gate"]) > 3)
        other = Client(stage.port)
        other.pc.addTransceiver(ClockTrack(), direction="sendonly")
        await other.pc.setLocalDescription()
        sdp = other.pc.localDescription.sdp
        refused = await request(stage.port, "POST", "/whip/gate", sdp, Content_Type="application/sdp")
        client.pc.getTransceivers()[0].sender._enabled = False  # reads its track on and sends nothing
        session = next(iter(stage.door.sessions.values()))
        await stage.until(lambda: session.is_quiet(2.0), seconds=5)
        taken = await request(stage.port, "POST", "/whip/gate", sdp, Content_Type="application/sdp")
        await request(stage.port, "DELETE", taken[1]["Location"])
        for one in (client, other):
            await one.pc.close()
        return refused, taken

    refused, taken = stage.run(play())
    assert refused[0] == 409 and "camera gate is sending already" in refused[2]
    assert taken[0] == 201


def test_a_killed_child_is_told_of_and_replaced(stage):
    async def play():
        client = await Client(stage.port).send("yard", ClockTrack())
        await stage.until(lambda: len(stage.frames["yard"]) > 3)
        news = stage.house.hub.join({"source"})
        pid = stage.door.host.pid
        os.kill(pid, signal.SIGKILL)
        await stage.until(lambda: not stage.door.host.is_up, seconds=3)
        told = [message.body async for message in _some(news, 2)]
        assert not stage.door.sessions and not stage.house.seats.find("yard").is_taken
        down = await request(stage.port, "POST", "/whip/yard", "v=0", Content_Type="application/sdp")
        await stage.door.host.wait_up()
        assert stage.door.host.pid != pid
        await client.pc.close()
        num_before = len(stage.frames["yard"])
        again = await Client(stage.port).send("yard", ClockTrack())
        await stage.until(lambda: len(stage.frames["yard"]) > num_before + 3)
        await again.delete()
        return told, down

    told, down = stage.run(play(), 90)
    assert any("ended" in body["detail"] for body in told)
    assert down[0] == 503 and "try again" in down[2]


async def _some(listener, num):
    async for message in listener:
        yield message
        num -= 1
        if not num:
            return
