"""What strangers may not: real requests over real sockets, refused with a sentence and the right status."""

import asyncio
import hmac
import json
import logging
import ssl

import pytest
from certificates import write_certificate
from parrot import pause
from serving import close, play, read_answer, serving
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from millrace.apps.doors.server import is_worth_telling

TOKEN = "open-sesame-please"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


def test_only_the_name_of_this_machine_is_answered():
    async def knock():
        async with serving(ticks=False, hosts=["cams.example.org"]) as served:
            hosts = ["localhost", "127.0.0.1:9", "[::1]:8080", "cams.example.org", "CAMS.example.org:80"]
            good = [await served.send("GET", "/budget", Host=host) for host in hosts]
            hosts = [
                "evil.example",
                "127.0.0.1.evil.example",
                "10.0.0.5",
                "a@localhost",
                "localhost.evil.example",
                "[",
                "",
            ]
            return [a.status for a in good], [
                await served.send("GET", "/budget", Host=host) for host in hosts
            ]

    good, bad = play(knock())
    assert good == [200] * 5
    assert [answer.status for answer in bad] == [403] * 7
    assert bad[0].error["code"] == "unknown_host"
    assert "evil.example" in bad[0].error["message"]


def test_a_page_of_another_site_is_refused_and_a_listed_one_is_not():
    async def knock():
        async with serving(ticks=False, origins=["https://ok.example"]) as served:
            send, own = served.send, f"127.0.0.1:{served.port}"
            foreign = [
                "http://evil.example",
                "null",
                f"http://{own}.evil.example",
                "http://127.0.0.1:1",
                f"ftp://{own}",
            ]
            bad = [await send("PUT", "/budget", {"budget_ms": 100}, Origin=origin) for origin in foreign]
            bad.append(await send("GET", "/metrics", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="no-cors"))
            good = [
                await send("PUT", "/budget", {"budget_ms": 100}, Origin=f"http://{own}"),
                await send("GET", "/", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate"),
                await send("GET", "/budget", Origin="https://ok.example"),
            ]
            preflight = await send(
                "OPTIONS", "/ask", Origin="https://ok.example", Access_Control_Request_Method="POST"
            )
            return bad, good, preflight

    bad, good, preflight = play(knock())
    assert [answer.status for answer in bad] == [403] * 6
    assert bad[0].error["code"] == "foreign_origin"
    assert not any("access-control-allow-origin" in answer.headers for answer in bad)
    assert [answer.status for answer in good] == [200] * 3
    assert "access-control-allow-origin" not in good[0].headers
    assert good[2].headers["access-control-allow-origin"] == "https://ok.example"
    assert preflight.status == 204
    assert "authorization" in preflight.headers["access-control-allow-headers"]


def test_a_token_opens_as_a_bearer_or_a_cookie_and_never_in_a_url(caplog, capsys):
    caplog.set_level(logging.DEBUG)

    async def knock():
        async with serving(ticks=False, token=TOKEN) as served:
            send = served.send
            refused = [
                await send("GET", "/budget"),
                await send("GET", f"/budget?token={TOKEN}"),
                await send("GET", "/budget", Authorization=f"Bearer {TOKEN[:-1]}"),
                await send("GET", "/budget", Authorization="Basic abcdefgh"),
                await send("GET", "/budget", Cookie=f"millrace_{served.port}={TOKEN}"),
                await send("POST", "/login", {"token": "wrong-token"}),
                await send("POST", "/login", body=b"\xff"),
                await send("POST", "/login", body=b"[" * 50_000),
                await send("GET", "/docs"),
            ]
            login = await send("POST", "/login", {"token": TOKEN})
            cookie = login.headers["set-cookie"].partition(";")[0]
            granted = [
                await send("GET", "/budget", **BEARER),
                await send("GET", "/budget", Cookie=cookie),
                await send("GET", "/", Cookie="anything"),
                await send("GET", "/page/style.css"),
            ]
            await send("DELETE", "/login", Cookie=cookie)
            return refused, login, granted, await send("GET", "/budget", Cookie=cookie)

    refused, login, granted, after = play(knock())
    assert [answer.status for answer in refused] == [401] * 9
    assert refused[0].headers["www-authenticate"].startswith("Bearer")
    assert login.status == 204
    assert {"HttpOnly", "SameSite=strict"} <= set(login.headers["set-cookie"].split("; "))
    assert TOKEN not in login.headers["set-cookie"]
    assert [answer.status for answer in granted] == [200] * 4
    assert after.status == 401
    assert TOKEN not in caplog.text + capsys.readouterr().err


def test_a_websocket_needs_the_same_and_is_told_why(caplog):
    logging.getLogger("uvicorn.error").addFilter(is_worth_telling)  # as `agent serve` has it

    async def knock():
        async with serving(ticks=False, token=TOKEN) as served:
            url, told = f"ws://127.0.0.1:{served.port}/nothing", []
            for headers, origin, protocols in (
                ({}, None, None),
                (BEARER, "http://evil.example", None),
                (BEARER, None, None),
                ({}, None, ["realtime", f"openai-insecure-api-key.{TOKEN}"]),
            ):
                with pytest.raises(InvalidStatus) as caught:
                    await connect(
                        url, additional_headers=headers, origin=origin, subprotocols=protocols, proxy=None
                    )
                answer = caught.value.response
                told.append((answer.status_code, json.loads(answer.body)["error"]["code"]))
            return told

    try:
        told = play(knock())
    finally:
        logging.getLogger("uvicorn.error").removeFilter(is_worth_telling)
    # Who is let in finds no door of that name.
    assert told == [(401, "unauthorized"), (403, "foreign_origin"), (404, "not_found"), (404, "not_found")]
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []


def test_guessing_tokens_and_asking_too_often_are_slowed_down():
    async def knock():
        limits = {"logins_per_minute": 3, "offers_per_minute": 2, "requests_per_minute": 20}
        async with serving(ticks=False, token=TOKEN, limits=limits) as served:
            wrong = [await served.send("POST", "/login", {"token": f"guess-{n}-xx"}) for n in range(5)]
            right = await served.send("GET", "/budget", **BEARER)
            login = await served.send("POST", "/login", {"token": TOKEN})
            cookie = served.front.logins.open()
            offers = [
                await served.send("POST", "/whip/a", body=b"v=0", Cookie=f"millrace_{served.port}={cookie}")
                for _ in range(3)
            ]
            many = [await served.send("GET", "/healthz") for _ in range(20)]
            return wrong, right, login, offers, many, served.front.metrics.text().decode()

    wrong, right, login, offers, many, text = play(knock())
    assert [answer.status for answer in wrong] == [401, 401, 401, 429, 429]
    assert int(wrong[-1].headers["retry-after"]) <= 20
    assert (right.status, login.status) == (429, 429)
    assert offers[0].status != 429 and offers[2].error["code"] == "too_many_offers"
    assert many[0].status in (200, 503) and many[-1].error["code"] == "too_many_requests"
    assert 'millrace_requests_refused_total{code="too_many_requests"}' in text


def test_new_sessions_are_counted_by_address_and_in_all_and_one_address_cannot_use_up_the_rest():
    async def knock():
        limits = {"offers_per_minute": 3, "offers_in_all_per_minute": 6}
        async with serving(ticks=False, limits=limits) as served:
            answers = {}
            for host in range(2, 6):
                own = served.at(f"127.0.0.{host}")
                answers[host] = [await own.send("POST", "/whep", body=b"v=0") for _ in range(5 - host % 2)]
            return answers

    answers = play(knock())
    refused = {host: [one.status == 429 for one in those] for host, those in answers.items()}
    assert refused[2] == [False, False, False, True, True] and refused[3] == [False, False, False, True]
    assert all(all(those) for host, those in refused.items() if host > 3)
    own, all_together = (answers[host][at].error["message"] for host, at in ((2, -1), (4, 0)))
    assert "more than 3 new sessions a minute" in own and "6 new sessions from all" in all_together
    assert all(int(those[-1].headers["retry-after"]) > 0 for those in answers.values())


def test_bodies_that_are_too_large_or_no_json_are_refused():
    async def knock():
        async with serving(ticks=False, limits={"body_bytes": 1024, "sdp_bytes": 2048}) as served:
            send, own = served.send, f"Host: 127.0.0.1:{served.port}\r\n"
            post = f"POST /ask HTTP/1.1\r\n{own}content-type: application/json\r\n"
            json = {"Content_Type": "application/json"}
            return [
                await send("POST", "/ask", body=b"x" * 1025, **json),
                await served.raw(f"{post}content-length: 99999999999\r\n\r\n".encode()),
                await served.raw(f"{post}transfer-encoding: chunked\r\n\r\n800\r\n{'x' * 2048}\r\n".encode()),
                await send("POST", "/whip/a", body=b"x" * 2049, Content_Type="application/sdp"),
                await send("POST", "/ask", body=b"{nonsense", **json),
                await send("POST", "/ask", body=b"\xff\xfe", **json),
                await send("POST", "/ask", body=b'{"text": "x"}', Content_Type="text/plain"),
                await send("POST", "/ask", body=b"[1]", **json),
                await send("POST", "/nothing"),
                await send("PATCH", "/ask"),
                await served.raw(b"nonsense\r\n\r\n"),
                await served.raw(f"GET / HTTP/1.1\r\n{own}a: {'x' * 600_000}\r\n\r\n".encode()),
            ]

    answers = play(knock())
    assert [a.status for a in answers] == [413, 413, 413, 413, 400, 400, 415, 422, 404, 405, 400, 400]
    assert all(answer.error["message"] for answer in answers)


def test_who_dawdles_is_hung_up_on_and_costs_nobody_else_anything():
    async def knock():
        limits = {"head_s": 0.4, "body_s": 0.4}
        async with serving(limits=limits) as served:
            slow_head = await served.open()
            slow_head[1].write(b"GET / HTTP/1.1\r\n")
            silent = await served.open()
            slow_body = await served.open()
            host = f"Host: 127.0.0.1:{served.port}\r\n"
            slow_body[1].write(f"POST /ask HTTP/1.1\r\n{host}content-length: 5\r\n\r\nx".encode())
            dripping = await served.open()
            dripping[1].write(f"GET /budget HTTP/1.1\r\n{host}\r\n".encode())
            other = await served.send("GET", "/budget")
            dripping[1].write(b"GET /b")  # its second request
            late = await asyncio.wait_for(read_answer(slow_body[0]), 5)
            ends = [await asyncio.wait_for(_to_end(reader), 5) for reader, _ in (slow_head, silent, dripping)]
            for _, writer in (slow_head, silent, slow_body, dripping):
                await close(writer)
            await pause(0.05)
            return other, late, ends, len(served.server.server_state.connections)

    other, late, ends, num_left = play(knock())
    assert other.status == 200
    assert (late.status, late.error["code"]) == (408, "too_slow")
    assert ends[0] == ends[1] == b"" and ends[2].startswith(b"HTTP/1.1 200")
    assert num_left == 0


async def _to_end(reader):
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""


def test_a_refused_flood_is_not_read_to_its_end():
    async def knock():
        async with serving(ticks=False) as served:
            reader, writer = await served.open()
            host = f"Host: 127.0.0.1:{served.port}\r\n"
            writer.write(f"POST /ask HTTP/1.1\r\n{host}content-length: 999999999\r\n\r\n".encode())
            answer = await reader.readuntil(b"\r\n\r\n")
            num_sent = 0
            with pytest.raises(ConnectionError):
                while num_sent < 100_000_000:
                    writer.write(b"x" * 262_144)
                    num_sent += 262_144
                    await writer.drain()
            await close(writer)
            return answer, num_sent

    answer, num_sent = play(knock())
    assert answer.startswith(b"HTTP/1.1 413")
    assert num_sent < 50_000_000


def test_open_connections_are_counted_and_one_too_many_is_told():
    async def knock():
        async with serving(ticks=False, limits={"connections_each": 4, "connections": 8}) as served:
            held = [await served.open() for _ in range(4)]
            refused = await served.raw(f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\n\r\n".encode())
            for _, writer in held:
                await close(writer)
            # The server notices that they went as soon as its loop comes to it.
            for _ in range(600):
                if (after := await served.send("GET", "/budget")).status == 200:
                    break
                await pause(0.1)
            return refused, after

    refused, after = play(knock())
    assert (refused.status, refused.error["code"]) == (503, "too_many_connections")
    assert after.status == 200


def test_connections_that_never_speak_tls_are_counted_too(tmp_path):
    certificate, key = write_certificate(tmp_path)
    trusting = ssl.create_default_context(cafile=certificate)

    async def knock():
        limits = {"connections": 8, "connections_each": 4}
        async with serving(ticks=False, limits=limits, tls_cert=certificate, tls_key=key) as served:
            silent = [await served.open() for _ in range(24)]
            # Twice the limit is let in; the rest is hung up on, and does not wait for the end of its handshake.
            ends = await asyncio.gather(*(_to_end(reader) for reader, _ in silent[8:]))
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", served.port, local_addr=("127.0.0.2", 0), ssl=trusting
            )
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            answer = await read_answer(reader)
            for each in (writer, *(writer for _, writer in silent)):
                await close(each)
            return ends, answer.status

    ends, status = play(knock(), 50)
    assert ends == [b""] * 16
    assert status in (200, 503)  # it answers; this one does not tick


def test_every_answer_carries_the_headers_that_browsers_heed():
    async def knock():
        async with serving(ticks=False) as served:
            return [await served.send("GET", path) for path in ("/", "/nothing", "/docs", "/openapi.json")]

    for answer in play(knock()):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert "default-src" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert "server" not in answer.headers


def test_every_token_is_compared_in_constant_time(monkeypatch):
    compared = []
    compare = hmac.compare_digest

    def spy(given, wanted):
        compared.append((given, wanted))
        return compare(given, wanted)

    monkeypatch.setattr(hmac, "compare_digest", spy)

    async def knock():
        async with serving(ticks=False, token=TOKEN, realtime=True) as served:
            statuses = [
                (await served.send("GET", "/budget", Authorization="Bearer short")).status,
                (await served.send("GET", "/budget", Authorization=f"Bearer {TOKEN[:-1]}x")).status,
                (await served.send("POST", "/login", {"token": f"x{TOKEN[1:]}"})).status,
            ]
            with pytest.raises(InvalidStatus) as caught:
                url = f"ws://127.0.0.1:{served.port}/v1/realtime"
                await connect(url, subprotocols=["realtime", "openai-insecure-api-key.no"], proxy=None)
            return [*statuses, caught.value.response.status_code]

    assert play(knock()) == [401] * 4
    assert [given for given, _ in compared] == [
        b"short",
        f"{TOKEN[:-1]}x".encode(),
        f"x{TOKEN[1:]}".encode(),
        b"no",
    ]
    assert all(wanted == TOKEN.encode() for _, wanted in compared)
