"""Whatever a program sends, it is answered: never by an error of the server's own, and never not at all."""

import json

import websockets
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from serving import play, serving

LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
NAMES = st.sampled_from(
    ["text", "name", "budget_ms", "type", "session", "item", "audio", "content"]
) | st.text(max_size=5)
JSON = st.recursive(
    LEAVES
    | st.sampled_from(
        ["tell me when a car enters cam1", "what is in cam1", "door", "\x00", "\ud800", "realtime"]
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=8,
)
BODIES = JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=200)
ROUTES = st.sampled_from(
    [
        ("POST", "/ask"),
        ("POST", "/alerts"),
        ("DELETE", "/alerts/x"),
        ("POST", "/cameras"),
        ("DELETE", "/cameras/door"),
        ("PUT", "/budget"),
        ("POST", "/login"),
    ]
)
REQUESTS = st.lists(st.tuples(ROUTES, BODIES), min_size=20, max_size=30)
KINDS = st.sampled_from(
    [
        "session.update",
        "conversation.item.create",
        "input_audio_buffer.append",
        "response.create",
        "response.cancel",
    ]
)
EVENTS = st.tuples(KINDS, st.dictionaries(NAMES, JSON, max_size=4)).map(
    lambda it: json.dumps({**it[1], "type": it[0]})
)
FRAMES = st.lists(EVENTS | st.binary(max_size=200) | st.text(max_size=50), min_size=20, max_size=30)
# A few runs of many requests each: a server is started for each.
FEW = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
LIMITS = {"requests_per_minute": 100_000, "offers_per_minute": 100_000, "logins_per_minute": 100_000}


@FEW
@given(REQUESTS)
def test_any_body_is_answered_by_a_status_of_its_own(requests):
    async def attack():
        async with serving(ticks=False, cameras={"door": "missing.mp4"}, limits=LIMITS) as served:
            answers = [
                await served.send(method, path, body=body, Content_Type="application/json")
                for (method, path), body in requests
            ]
            return answers, await served.send("GET", "/budget")

    answers, after = play(attack(), 180)
    for answer, (route, body) in zip(answers, requests, strict=True):
        # A file that is missing is told as 503, a question that gets no answer as well.
        assert answer.status < 500 or answer.error["code"] in ("unavailable", "busy"), (route, body, answer)
        assert answer.status < 400 or answer.error["message"]
    assert after.status == 200


@FEW
@given(FRAMES)
def test_any_frame_is_understood_or_refused_and_the_door_stays_open(frames):
    async def attack():
        async with serving(realtime=True, limits=LIMITS) as served:
            url = f"ws://127.0.0.1:{served.port}/v1/realtime"
            async with websockets.connect(url, proxy=None) as socket:
                for frame in frames:
                    await socket.send(frame)
                await socket.send(
                    '{"type": "conversation.item.retrieve", "item_id": "the last", "event_id": "end"}'
                )
                codes = []
                async for text in socket:
                    event = json.loads(text)
                    if event["type"] == "error":
                        codes.append(event["error"]["code"])
                        if event["error"]["event_id"] == "end":
                            break
            async with websockets.connect(url, proxy=None) as socket:
                return codes, json.loads(await socket.recv())["type"], served.front.failure

    codes, after, failure = play(attack(), 180)
    assert codes[-1] == "item_not_found" and all(codes)
    assert after == "session.created" and failure == ""
