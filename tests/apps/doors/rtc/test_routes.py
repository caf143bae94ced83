"""WHIP and WHEP as HTTP: the codes of RFC 9725, and limits that say what to do."""

import asyncio
import re
import select
import socket
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from rtc_peers import offer_of, request

from millrace.apps.doors.rtc.limits import IceServer

SDP, FRAGMENT = "application/sdp", "application/trickle-ice-sdpfrag"


def ask(stage, method, path, body=None, **headers):
    return stage.run(request(stage.port, method, path, body, **headers))


@pytest.fixture
def offer(stage):
    return stage.run(offer_of("video"))


@pytest.fixture
def open_session(stage, offer):
    """A session that was answered and never connects."""
    answer = ask(stage, "POST", "/whip/desk", offer, Content_Type=SDP)
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


def fragment(ufrag, pwd="x" * 24):
    return f"a=ice-ufrag:{ufrag}\r\na=ice-pwd:{pwd}\r\nm=video 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n"


def test_trickled_candidates_need_the_etag(stage, offer, open_session):
    place, etag = open_session[1]["Location"], open_session[1]["ETag"]
    body = fragment(re.search(r"a=ice-ufrag:(\S+)", offer)[1])
    body += "a=candidate:1 1 udp 2130706431 127.0.0.1 40000 typ host\r\na=candidate:garbage\r\n"
    patches = [
        ({"Content_Type": FRAGMENT, "If_Match": etag}, body, 204),
        ({"Content_Type": FRAGMENT, "If_Match": f'"other", {etag}'}, body, 204),
        ({"Content_Type": FRAGMENT, "If_Match": "*"}, body, 204),
        ({"Content_Type": FRAGMENT, "If_Match": '"other"'}, body, 412),
        ({"Content_Type": FRAGMENT}, body, 428),
        ({"Content_Type": SDP, "If_Match": etag}, body, 415),
        ({"Content_Type": FRAGMENT, "If_Match": etag}, "hello", 400),
    ]
    for headers, text, status in patches:
        assert ask(stage, "PATCH", place, text, **headers)[0] == status
    assert ask(stage, "PATCH", "/whip/desk/none", body, Content_Type=FRAGMENT, If_Match=etag)[0] == 404


@pytest.mark.parametrize("wanted", ["*", '"*"', None])
def test_a_fragment_of_another_ice_session_restarts_it_and_has_a_new_etag(stage, open_session, wanted):
    place, etag = open_session[1]["Location"], open_session[1]["ETag"]
    match, body = {"If_Match": wanted or etag}, fragment("abcd")
    status, headers, text = ask(stage, "PATCH", place, body, Content_Type=FRAGMENT, **match)
    assert (status, headers["Content-Type"]) == (200, FRAGMENT) and headers["ETag"] != etag
    assert "a=ice-ufrag:" in text and "a=candidate:" in text
    again = ask(stage, "PATCH", place, body, Content_Type=FRAGMENT, If_Match=headers["ETag"])
    late = ask(stage, "PATCH", place, body, Content_Type=FRAGMENT, If_Match=etag)
    assert (again[0], again[1]["ETag"], late[0]) == (204, None, 412)


def test_restarts_that_overlap_are_all_answered_and_leave_nothing(stage, offer):
    files = Path(f"/proc/{stage.door.host.pid}/fd")

    def num_files():
        return len(list(files.iterdir()))

    async def overlap():
        num_before = num_files()
        _, headers, _ = await request(stage.port, "POST", "/whip/desk", offer, Content_Type=SDP)
        place, head = headers["Location"], {"Content_Type": FRAGMENT, "If_Match": "*"}
        patches = (
            request(stage.port, "PATCH", place, fragment(f"abcd{number}"), **head) for number in range(12)
        )
        answers = await asyncio.gather(*patches)
        await request(stage.port, "DELETE", place)
        await stage.until(lambda: num_files() <= num_before, 30)
        return [status for status, _, _ in answers], {headers["ETag"] for _, headers, _ in answers}

    statuses, etags = stage.run(overlap(), 60)
    assert statuses == [200] * 12 and len(etags) == 12


def test_a_trickled_candidate_is_tried(stage):
    sdp = re.sub(r"a=(candidate|end-of-candidates).*\r\n", "", stage.run(offer_of("video")))
    mid = re.search(r"a=mid:\S+\r\n", sdp)[0]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.bind(("127.0.0.1", 0))
        own.settimeout(60)
        status, headers, _ = ask(stage, "POST", "/whip/desk", sdp, Content_Type=SDP)
        body = f"m=video 9 UDP/TLS/RTP/SAVPF 0\r\n{mid}"
        body += f"a=candidate:1 1 udp 2130706431 127.0.0.1 {own.getsockname()[1]} typ host\r\n"
        patched = ask(
            stage, "PATCH", headers["Location"], body, Content_Type=FRAGMENT, If_Match=headers["ETag"]
        )
        came = own.recv(2048)
    ask(stage, "DELETE", headers["Location"])
    assert (status, patched[0]) == (201, 204)
    assert came[:2] == b"\x00\x01" and came[4:8] == b"\x21\x12\xa4\x42"  # a request of STUN, RFC 8489


def test_so_many_addresses_of_one_peer_are_tried_and_no_more(stage, offer):
    sdp = re.sub(r"a=(candidate|end-of-candidates).*\r\n", "", offer)
    mid = re.search(r"a=mid:\S+\r\n", sdp)[0]
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(96)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
            each.setblocking(False)
        _, headers, _ = ask(stage, "POST", "/whip/desk", sdp, Content_Type=SDP)
        for start in range(0, len(sockets), 16):
            body = f"m=video 9 UDP/TLS/RTP/SAVPF 0\r\n{mid}"
            for number, each in enumerate(sockets[start : start + 16], start):
                port = each.getsockname()[1]
                body += f"a=candidate:{number} 1 udp 2130706431 127.0.0.1 {port} typ host\r\n"
            patched = ask(
                stage, "PATCH", headers["Location"], body, Content_Type=FRAGMENT, If_Match=headers["ETag"]
            )
            assert patched[0] in (204, 404)  # on a very busy machine its time may be over
        stage.run(stage.until(lambda: not stage.door.sessions, 60), 80)  # it never connects
        num_tried = len(select.select(sockets, [], [], 0)[0])
    assert 0 < num_tried <= 64


def test_a_session_that_never_connects_is_ended_and_its_seat_is_free(stage, open_session):
    seat = stage.house.seats.find("desk")
    assert open_session[0] == 201 and seat.is_taken
    stage.run(stage.until(lambda: not seat.is_taken, seconds=15))
    assert not stage.door.sessions


def test_too_many_sessions_and_seats_are_refused_with_a_sentence(stage):
    limits = stage.door.limits
    sdp = stage.run(offer_of("video"))
    places = [ask(stage, "POST", f"/whip/c{n}", sdp, Content_Type=SDP) for n in range(5)]
    stage.door.limits = replace(limits, max_sessions=4)
    full = ask(stage, "POST", "/whep", sdp, Content_Type=SDP)
    stage.door.limits = limits
    for _, headers, _ in places[:4]:
        ask(stage, "DELETE", headers["Location"])
    assert [place[0] for place in places] == [201, 201, 201, 201, 503]
    assert "all 4 cameras are taken" in places[4][2]
    assert full[0] == 503 and "4 sessions are open" in full[2]


def test_of_several_that_come_at_once_under_one_name_one_is_let_in(stage, offer, monkeypatch):
    # None of these sends anything; on a busy machine the first would give way to the next.
    monkeypatch.setattr("millrace.apps.doors.rtc.door._QUIET_S", 600.0)

    async def rush():
        posts = (request(stage.port, "POST", "/whip/desk", offer, Content_Type=SDP) for _ in range(3))
        return await asyncio.gather(*posts)

    answers = sorted(stage.run(rush()), key=lambda answer: answer[0])
    assert [status for status, _, _ in answers] == [201, 409, 409]
    assert "camera desk is sending already" in answers[-1][2]
    assert ask(stage, "DELETE", answers[0][1]["Location"])[0] == 200


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
