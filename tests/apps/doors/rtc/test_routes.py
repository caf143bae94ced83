"""WHIP and WHEP as HTTP: the codes of RFC 9725, limits that say what to do, and hostile offers."""

import asyncio
import re
import string
from dataclasses import replace
from pathlib import Path

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from parrot import pause
from rtc_peers import Client, ClockTrack, request

from millrace.apps.doors.rtc.limits import IceServer
from millrace.apps.doors.rtc.sessions import Rate

SDP, FRAGMENT = "application/sdp", "application/trickle-ice-sdpfrag"


async def offer_of(*kinds):
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    for kind in kinds:
        pc.addTransceiver(kind, direction="sendonly")
    await pc.setLocalDescription()
    sdp = pc.localDescription.sdp
    await pc.close()
    return sdp


def ask(stage, method, path, body=None, **headers):
    return stage.run(request(stage.port, method, path, body, **headers))


@pytest.fixture
def open_session(stage):
    """A session that was answered and never connects."""
    sdp = stage.run(offer_of("video"))
    answer = ask(stage, "POST", "/whip/desk", sdp, Content_Type=SDP)
    yield answer
    ask(stage, "DELETE", answer[1]["Location"])


def test_an_offer_is_answered_with_all_that_a_client_needs(stage):
    server = IceServer("turn:turn.example.org?transport=tcp", "ann", "s3cret")
    limits = stage.door.limits
    stage.door.limits = replace(limits, ice_servers=(server, IceServer("stun:stun.example.org")))
    try:
        sdp = stage.run(offer_of("audio", "video"))
        status, headers, text = ask(stage, "POST", "/whip/desk", sdp, Content_Type=SDP)
        before = ask(stage, "OPTIONS", "/whip/desk")[1]
    finally:
        stage.door.limits = limits
    assert (status, headers["Content-Type"], headers["Accept-Patch"]) == (201, SDP, FRAGMENT)
    assert re.fullmatch(r'"[0-9a-f]{16}"', headers["ETag"])
    assert re.fullmatch(r"/whip/desk/[\w-]{32}", headers["Location"])
    assert headers.get_all("Link") == [
        '<turn:turn.example.org?transport=tcp>; rel="ice-server"; username="ann"; credential="s3cret"; '
        'credential-type="password"',
        '<stun:stun.example.org>; rel="ice-server"',
    ]
    assert before.get_all("Link") == headers.get_all("Link")  # for who needs them to make an offer
    assert text.count("a=recvonly") == 2 and "a=candidate" in text
    assert ask(stage, "DELETE", headers["Location"])[0] == 200
    assert ask(stage, "DELETE", headers["Location"])[0] == 404


@pytest.mark.parametrize("path", ["/whip/desk", "/whep"])
def test_options_tell_what_may_be_posted_and_other_methods_are_refused(stage, path):
    status, headers, _ = ask(stage, "OPTIONS", path)
    assert (status, headers["Accept-Post"]) == (204, SDP)
    assert [ask(stage, method, path)[0] for method in ("GET", "HEAD", "PUT")] == [405, 405, 405]


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({}, "v=0", 415),
        ({"Content_Type": "text/plain"}, "v=0", 415),
        ({"Content_Type": SDP}, "hello", 400),
        ({"Content_Type": SDP}, b"\xff\xfe", 400),
        ({"Content_Type": SDP}, "v=0\r\n" + "a=x\r\n" * 20_000, 413),
    ],
)
def test_what_is_no_offer_is_refused(stage, headers, body, status):
    refused = ask(stage, "POST", "/whip/desk", body, **headers)
    assert refused[0] == status and len(refused[2]) > 20


def test_names_that_no_camera_can_have_are_refused(stage):
    sdp = stage.run(offer_of("video"))
    assert ask(stage, "POST", "/whip/-bad", sdp, Content_Type=SDP)[0] == 400
    assert ask(stage, "POST", "/whip/" + "x" * 33, sdp, Content_Type=SDP)[0] == 400


def test_trickled_candidates_need_the_etag(stage, open_session):
    place, etag = open_session[1]["Location"], open_session[1]["ETag"]
    body = "a=ice-ufrag:abcd\r\na=ice-pwd:" + "x" * 24 + "\r\nm=video 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n"
    body += "a=candidate:1 1 udp 2130706431 127.0.0.1 40000 typ host\r\na=candidate:garbage\r\n"
    patches = [
        ({"Content_Type": FRAGMENT, "If_Match": etag}, body, 204),
        ({"Content_Type": FRAGMENT, "If_Match": '"other"'}, body, 412),
        ({"Content_Type": FRAGMENT}, body, 428),
        ({"Content_Type": SDP, "If_Match": etag}, body, 415),
        ({"Content_Type": FRAGMENT, "If_Match": etag}, "hello", 400),
    ]
    for headers, text, status in patches:
        assert ask(stage, "PATCH", place, text, **headers)[0] == status
    assert ask(stage, "PATCH", "/whip/desk/none", body, Content_Type=FRAGMENT, If_Match=etag)[0] == 404


def test_a_session_that_never_connects_is_ended_and_its_seat_is_free(stage, open_session):
    seat = stage.house.seats.find("desk")
    assert open_session[0] == 201 and seat.is_taken
    stage.run(stage.until(lambda: not seat.is_taken, seconds=15))
    assert not stage.door.sessions


def test_too_many_sessions_seats_and_offers_are_refused_with_a_sentence(stage):
    limits = stage.door.limits
    sdp = stage.run(offer_of("video"))
    places = [ask(stage, "POST", f"/whip/c{n}", sdp, Content_Type=SDP) for n in range(5)]
    stage.door.limits = replace(limits, max_sessions=4)
    full = ask(stage, "POST", "/whep", sdp, Content_Type=SDP)
    stage.door.limits, stage.door._rate = limits, Rate(1)
    ask(stage, "POST", "/whep", "v=0", Content_Type=SDP)
    often = ask(stage, "POST", "/whep", sdp, Content_Type=SDP)
    stage.door._rate = Rate(10_000)
    for _, headers, _ in places[:4]:
        ask(stage, "DELETE", headers["Location"])
    assert [place[0] for place in places] == [201, 201, 201, 201, 503]
    assert "all 4 cameras are taken" in places[4][2]
    assert full[0] == 503 and "4 sessions are open" in full[2]
    assert often[0] == 429 and int(often[1]["Retry-After"]) > 0


def test_offers_that_send_nothing_or_cannot_be_read_are_refused(stage):
    good = stage.run(offer_of("video", "audio"))
    bad = {
        "sends neither": good.replace("a=sendonly", "a=recvonly"),
        "not bundled": good.replace("a=group:BUNDLE", "a=group:OTHER"),
        "no a=fingerprint": good.replace("a=fingerprint", "a=other"),
        "no a=ice-pwd": good.replace("a=ice-pwd", "a=other"),
        "VP8, H.264 and Opus": re.sub(r"VP8|H264", "AV1", good),
        "has 10 sections": good + "m=video 9 UDP/TLS/RTP/SAVPF 97\r\na=mid:9\r\n" * 8,
    }
    for sentence, sdp in bad.items():
        status, _, text = ask(stage, "POST", "/whip/desk", sdp, Content_Type=SDP)
        assert (status, sentence in text) == (400, True), (sentence, text)
    assert not stage.door.sessions


def test_no_offer_however_strange_breaks_or_hangs_the_door(stage):
    good = stage.run(offer_of("video", "audio"))
    lines = good.split("\r\n")
    strange = st.text(string.printable, max_size=40)

    @settings(max_examples=40, database=None, suppress_health_check=list(HealthCheck))
    @given(
        st.lists(
            st.tuples(st.integers(0, len(lines) - 1), strange, st.integers(0, 3)), min_size=1, max_size=5
        )
    )
    def play(changes):
        changed = list(lines)
        for at, text, how in changes:
            line = changed[at % len(changed)]
            changed[at % len(changed)] = (text, line + text, line[: len(text)], f"{line}\r\n{line}")[how]
        status, headers, _ = ask(stage, "POST", "/whip/fuzz", "\r\n".join(changed).encode(), Content_Type=SDP)
        assert status in (201, 400)
        if status == 201:
            assert ask(stage, "DELETE", headers["Location"])[0] == 200

    pid = stage.door.host.pid
    play()
    assert stage.door.host.pid == pid and not stage.door.sessions

    async def still_works():
        client = await Client(stage.port).send("after", ClockTrack())
        await stage.until(lambda: len(stage.frames["after"]) > 2)
        await client.delete()
        await pause(0.1)

    stage.run(still_works())


def test_memory_stays_through_many_offers_that_are_ended_unconnected_and_an_honest_peer_stays(stage):
    sdp = stage.run(offer_of("video", "audio"))

    def resident_mib():
        status = Path(f"/proc/{stage.door.host.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024

    async def rounds(num):
        for _ in range(num):
            asked = [request(stage.port, "POST", "/whep", sdp, Content_Type=SDP) for _ in range(10)]
            for status, headers, _ in await asyncio.gather(*asked):
                assert status == 201
                await request(stage.port, "DELETE", headers["Location"])

    async def play():
        client = await Client(stage.port).send("honest", ClockTrack())
        await stage.until(lambda: len(stage.frames["honest"]) > 2)
        await rounds(4)
        before_mib = resident_mib()
        num_before = len(stage.frames["honest"])
        await rounds(10)
        await pause(1.0)
        after_mib, num_after = resident_mib(), len(stage.frames["honest"])
        await client.delete()
        return after_mib - before_mib, num_after - num_before

    grown_mib, num_frames = stage.run(play(), 120)
    assert grown_mib < 12 and num_frames > 10
    assert not stage.door.sessions
