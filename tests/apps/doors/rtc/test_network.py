"""WHIP over TLS, over a network that loses a tenth of all packets, and after a network that was gone for a while."""

import random
import ssl

from certificates import write_certificate
from parrot import pause
from rtc_peers import Client, ClockTrack, StillTrack, read_clock, request
from serving import play, serving

TOKEN = "open-sesame-please"


def lose(client, share, seed=7):
    """Let a share of the RTP packets that a peer sends be lost, those that it sends again included; returns counts."""
    sender = client.pc.getSenders()[0]
    dtls, chance, counts = sender.transport, random.Random(seed), {"lost": 0, "again": 0}
    send, retransmit = dtls._send_rtp, sender._retransmit

    async def send_some(data):
        if not 64 <= data[1] & 0x7F < 96 and chance.random() < share:  # no RTCP
            counts["lost"] += 1
            return
        await send(data)

    async def again(number):
        counts["again"] += 1
        await retransmit(number)

    dtls._send_rtp, sender._retransmit = send_some, again
    return counts


def test_pictures_are_whole_and_in_order_though_a_tenth_of_all_packets_is_lost(stage):
    async def send():
        client = Client(stage.port)
        client.pc.addTransceiver(ClockTrack(), direction="sendonly")
        counts = lose(client, 0.1)
        await client.post("/whip/far")
        await stage.until(lambda: len(stage.frames["far"]) >= 50 and counts["again"] > 2, 60)
        await client.delete()
        return counts

    counts = stage.run(send(), 90)
    made_ms = [read_clock(picture) for _, _, picture in stage.frames["far"]]
    assert counts["lost"] > 2 and counts["again"] > 2
    # A picture that was decoded without what it rests on would show a time of long ago, or of the future.
    assert made_ms == sorted(made_ms) and made_ms[-1] - made_ms[0] < 100_000


def test_a_camera_comes_by_https_with_a_certificate_and_the_token(tmp_path):
    certificate, key = write_certificate(tmp_path)
    trusting = ssl.create_default_context(cafile=certificate)

    async def knock():
        async with serving(webrtc=True, token=TOKEN, tls_cert=certificate, tls_key=key) as served:
            while not served.front.media.rtc.host.is_up:
                await pause(0.05)
            refused = await request(served.port, "OPTIONS", "/whip/hut", tls=trusting)
            options = await request(
                served.port, "OPTIONS", "/whip/hut", tls=trusting, Authorization=f"Bearer {TOKEN}"
            )
            client = Client(served.port, tls=trusting, Authorization=f"Bearer {TOKEN}")
            await client.send("hut", ClockTrack())
            while "cam1" not in served.house.frames:
                await pause(0.05)
            return refused[0], options[0], served.house.seats.label_of("cam1"), await client.delete()

    assert play(knock(), 120) == (401, 204, "hut", 200)


def test_all_peers_are_told_when_the_server_ends():
    async def leave():
        async with serving(webrtc=True) as served:
            while not served.front.media.rtc.host.is_up:
                await pause(0.05)
            sender = await Client(served.port).send("hut", ClockTrack())
            viewer = Client(served.port)
            await viewer.watch()
            while not all(session.is_connected for session in served.front.media.rtc.sessions.values()):
                await pause(0.05)
        # Who is not told notices it by itself after half a minute, and then that its connection failed.
        for _ in range(400):
            states = [peer.pc.connectionState for peer in (sender, viewer)]
            if states == ["closed", "closed"]:
                break
            await pause(0.05)
        for peer in (sender, viewer):
            await peer.pc.close()
        return states

    assert play(leave(), 180) == ["closed", "closed"]


def test_a_camera_that_vanished_is_remembered_when_it_comes_back(stage):
    async def heard(listener):
        async for message in listener:
            if message.body["camera"] == "attic":
                return message.body["text"]

    async def come_back():
        client = await Client(stage.port).send("attic", StillTrack(shade=60))
        await stage.until(lambda: len(stage.frames["attic"]) > 3)
        seat = stage.house.seats.find("attic")
        await client.vanish()
        await stage.until(lambda: not seat.is_taken, 60)
        await client.pc.close()
        listener = stage.house.hub.join({"sentence"})
        again = await Client(stage.port).send("attic", StillTrack(shade=190))
        # Its picture is as still as before; only who remembers the old one can see that something is different.
        said = await heard(listener)
        stage.house.hub.leave(listener)
        await again.delete()
        return said, seat

    said, seat = stage.run(come_back(), 120)
    assert said == f"{seat.name}: moved" and stage.house.seats.find("attic") is seat
