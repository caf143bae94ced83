"""Through a real TURN server that the owner names in `millrace.toml`: peers that reach each other by no other way."""

import http.client
import logging
import re
import subprocess
import sys
from asyncio import to_thread
from pathlib import Path

import av
import pytest
from aiortc import RTCConfiguration, RTCIceServer, RTCIceTransportPolicy, RTCPeerConnection
from parrot import pause
from rtc_peers import Client, ClockTrack, StillTrack, request
from serving import play, serving
from turn_server import CREDENTIAL, RELAY_ADDRESS, turn_server

AGENT = Path(sys.executable).with_name("agent")
_LINK = re.compile(r'<(turn:[^>]+)>; rel="ice-server"; username="([^"]+)"; credential="([^"]+)"')


@pytest.fixture(scope="module")
def turn(tmp_path_factory):
    with turn_server(tmp_path_factory.mktemp("turn")) as turn:
        yield turn


class Agent:
    """`agent serve` in a folder of its own, told of the TURN server; what it prints is kept."""

    def __init__(self, folder, turn):
        server = turn.server()
        entry = ", ".join(f'{name} = "{value}"' for name, value in server.items())
        (folder / "millrace.toml").write_text(f"[serve]\nport = 0\ncams = 2\nice_servers = [{{{entry}}}]\n")
        self.printed = folder / "printed.txt"
        with self.printed.open("w") as file:
            self.process = subprocess.Popen([AGENT, "serve"], cwd=folder, stdout=file, stderr=file)

    async def port(self):
        """Once it is open, WebRTC too."""
        while "Ctrl-C ends it." not in (text := self.printed.read_text()):
            assert self.process.poll() is None, text
            await pause(0.1)
        port = int(re.search(r"http://127\.0\.0\.1:(\d+)/", text)[1])
        while "millrace_webrtc_up 1" not in (await request(port, "GET", "/metrics"))[2]:
            await pause(0.1)
        return port


@pytest.fixture(scope="module")
def agent(turn, tmp_path_factory):
    agent = Agent(tmp_path_factory.mktemp("agent"), turn)
    try:
        yield agent
    finally:
        agent.process.kill()
        agent.process.wait()


class Relayed(Client):
    """A peer that may use its relay alone; it learns of it as the doors tell, in the `Link` header."""

    only_relay = False  # of the other side too

    async def find_relay(self, transport="udp"):
        _, headers, _ = await request(self.port, "OPTIONS", "/whip/van")
        url, user, credential = _LINK.match(headers["Link"]).groups()
        server = RTCIceServer(url.replace("=udp", f"={transport}"), user, credential)
        self.pc = RTCPeerConnection(RTCConfiguration([server], RTCIceTransportPolicy.RELAY))
        return self

    def read(self, answer):
        lines = answer.splitlines(keepends=True)
        return "".join(
            line for line in lines if not (self.only_relay and " typ " in line and "relay" not in line)
        )

    @property
    def pair(self):
        """The addresses that it settled on: its own, the other's."""
        ice = self.pc.getSenders()[0].transport.transport
        (pair,) = ice._connection._nominated.values()
        return pair.local_candidate, pair.remote_candidate


def candidates(sdp):
    return re.findall(r" (\d+\.\d+\.\d+\.\d+) \d+ typ (\w+)", sdp)


async def until_seen(port, name, shade):
    """Until the newest picture of a camera that the agent's ticks got is of this grey, below the clock in it."""

    def ask():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            connection.request("GET", f"/cameras/{name}/picture")
            answer = connection.getresponse()
            return answer.read() if answer.status == 200 else None
        finally:
            connection.close()

    while True:
        if (body := await to_thread(ask)) is not None:
            frame = av.CodecContext.create("mjpeg", "r").decode(av.Packet(body))[0]
            if abs(frame.to_ndarray(format="rgb24")[-20:].mean() - shade) < 12:
                return
        await pause(0.1)


async def sent_by(client):
    statistics = await client.pc.getStats()
    return sum(one.bytesSent for one in statistics.values() if one.type == "outbound-rtp")


async def send_through_relay(client, turn, shade):
    """Send until the agent sees it: the bytes of media, those that were relayed, the pair of addresses, the offer."""
    known = set(turn.received())
    await client.send("van", ClockTrack(shade=shade))
    await until_seen(client.port, "van", shade)
    pair, offer = client.pair, client.pc.localDescription.sdp
    while (num_sent := await sent_by(client)) < 5_000:
        await pause(0.1)
    assert await client.delete() == 200
    # The agent's own allocation ends too, whether it was of use or not.
    while len(passed := [n for session, n in turn.received().items() if session not in known]) < 2:
        await pause(0.1)
    return num_sent, max(passed), pair, offer


@pytest.mark.parametrize(("transport", "shade"), [("udp", 200), ("tcp", 90)])
def test_pictures_come_from_a_peer_that_has_nothing_but_its_relay(turn, agent, transport, shade):
    async def send():
        client = await Relayed(await agent.port()).find_relay(transport)
        return await send_through_relay(client, turn, shade)

    num_sent, num_relayed, (mine, _), offer = play(send(), 180)
    assert set(candidates(offer)) == {(RELAY_ADDRESS, "relay")} and mine.type == "relay"
    assert num_relayed > num_sent
    assert CREDENTIAL not in agent.printed.read_text()


def test_two_relays_join_peers_of_which_neither_reaches_the_other(turn, agent):
    async def send():
        client = await Relayed(await agent.port()).find_relay()
        client.only_relay = True
        return await send_through_relay(client, turn, 150)

    num_sent, num_relayed, (mine, other), _ = play(send(), 180)
    assert num_relayed > num_sent
    assert (mine.type, other.type, other.host) == ("relay", "relay", RELAY_ADDRESS)
    assert CREDENTIAL not in agent.printed.read_text()


def test_a_turn_server_that_refuses_the_credential_costs_nobody_the_way_without_it(turn, caplog, capfd):
    wrong = "nicht-das-rechte-9"

    async def send():
        async with serving(webrtc=True, ice_servers=(turn.server(credential=wrong),)) as served:
            while not served.front.media.rtc.host.is_up:
                await pause(0.05)
            client = await Client(served.port).send("van", StillTrack(shade=120))
            answer = client.pc.remoteDescription.sdp
            while "cam1" not in served.house.frames:
                await pause(0.05)
            await client.delete()
            while not turn.has_refused:
                await pause(0.05)
            return answer

    with caplog.at_level(logging.DEBUG):
        answer = play(send(), 120)
    assert "host" in {kind for _, kind in candidates(answer)} and "relay" not in answer
    assert wrong not in caplog.text + "".join(capfd.readouterr())
