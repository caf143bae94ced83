"""All doors of one server at once: the guard stands before each, and each is counted."""

from __future__ import annotations

from openai import AsyncOpenAI
from parrot import pause
from serving import play, serving

TOKEN = "open-sesame-please"


def test_every_door_opens_with_the_token_and_none_without():
    async def knock():
        async with serving(webrtc=True, realtime=True, token=TOKEN) as served:
            bearer = {"Authorization": f"Bearer {TOKEN}"}
            sdp = {"body": b"nonsense", "Content_Type": "application/sdp"}
            without = [await served.send("POST", path, **sdp) for path in ("/whip/door", "/whep")]
            while not served.front.media.rtc.host.is_up:
                await pause(0.05)
            nonsense = [await served.send("POST", path, **sdp, **bearer) for path in ("/whip/door", "/whep")]
            options = await served.send("OPTIONS", "/whip/door", **bearer)
            client = AsyncOpenAI(
                api_key=TOKEN,
                base_url=f"{served.url}/v1",
                websocket_base_url=f"ws://127.0.0.1:{served.port}/v1",
            )
            async with client, client.realtime.connect(model="nano") as connection:
                created = await connection.recv()
                figures = (await served.send("GET", "/metrics", **bearer)).body.decode()
            docs = (await served.send("GET", "/docs", **bearer)).body
            return without, nonsense, options, created, figures, docs

    without, nonsense, options, created, figures, docs = play(knock(), 60)
    assert [answer.status for answer in without] == [401, 401]
    assert [answer.status for answer in nonsense] == [400, 400]
    assert all(answer.error["message"] for answer in nonsense)
    assert (options.status, options.headers["accept-post"]) == (204, "application/sdp")
    assert created.type == "session.created"
    assert 'millrace_sessions{door="realtime"} 1.0' in figures
    assert 'millrace_sessions{door="whip"} 0.0' in figures
    assert "millrace_webrtc_up 1.0" in figures
    assert b"/whip/{camera}" in docs


def test_a_door_that_the_owner_shut_is_not_there():
    async def knock():
        async with serving(ticks=False) as served:
            return await served.send("POST", "/whip/door", body=b"x", Content_Type="application/sdp")

    refused = play(knock())
    assert (refused.status, refused.error["code"]) == (404, "not_found")
    assert refused.error["message"] == "there is no such door; GET /docs lists all doors"


def test_who_comes_by_the_wrong_way_is_told_the_right_one():
    async def knock():
        async with serving(ticks=False, realtime=True, webrtc=True) as served:
            calls = [("PUT", "/ask"), ("GET", "/v1/realtime"), ("GET", "/whip/cam"), ("HEAD", "/whip/cam/x")]
            return [await served.send(*call) for call in calls]

    method, plain, whip, session = play(knock())
    assert (method.status, method.headers["allow"]) == (405, "POST")
    assert method.error["message"] == "this door takes POST alone; GET /docs lists all doors"
    assert (whip.status, whip.headers["allow"]) == (405, "POST, OPTIONS")
    assert whip.error["message"] == "this door takes POST, OPTIONS alone; GET /docs lists all doors"
    assert (session.status, session.headers["allow"]) == (405, "PATCH, DELETE, OPTIONS")
    assert (plain.status, plain.headers["upgrade"]) == (426, "websocket")
    assert "ws://" in plain.error["message"]
