"""What a client must not do is answered by an `error` event with a code; honest events go on being understood."""

import asyncio
import contextlib
import json
import os
import signal
import struct
import zlib
from base64 import b64encode
from pathlib import Path

import numpy as np
import pytest
import websockets
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from parrot import Parrot, pause, shade
from realtime_door import image_item, image_url, open_door, play, text_item

from millrace.apps.doors.realtime.limits import RealtimeLimits
from millrace.apps.doors.realtime.pictures import HangError, PictureDecoder
from millrace.apps.doors.realtime.problem import RealtimeError
from millrace.apps.doors.realtime.requests import parse_json, parse_request


async def receive(socket, kind):
    """The next event of this type."""
    while True:
        event = json.loads(await asyncio.wait_for(socket.recv(), 10))
        if event["type"] == kind:
            return event


def bomb(width, height):
    """A small PNG that says it is very large."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(200_000), 9)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    return f"data:image/png;base64,{b64encode(data).decode()}"


def create(item):
    return {"type": "conversation.item.create", "item": item}


def update(**session):
    return {"type": "session.update", "session": {"type": "realtime", **session}}


WRONG = {
    "{": "invalid_json",
    "[1]": "invalid_json",
    "[" * 100_000: "invalid_json",
    "{}": "missing_required_parameter",
    '{"type": "no.such"}': "unknown_event",
    '{"type": ["session.update"]}': "unknown_event",
    '{"type": "output_audio_buffer.clear"}': "unknown_event",
    json.dumps({"type": "session.update"}): "missing_required_parameter",
    json.dumps(update(output_modalities=["audio"])): "unsupported_modality",
    json.dumps(update(tools=[{"type": "function"}])): "unsupported_tools",
    json.dumps(update(audio={"input": {"format": {"type": "audio/pcmu"}}})): "invalid_value",
    json.dumps(update(audio={"input": {"turn_detection": {"type": "semantic_vad"}}})): "invalid_value",
    json.dumps(update(audio={"input": {"transcription": {"model": "x"}}})): "unsupported_transcription",
    json.dumps(update(millrace={"camera": "../door"})): "invalid_value",
    json.dumps(update(millrace={"narrate": "yes"})): "invalid_type",
    json.dumps({"type": "response.create"}): "no_question",
    json.dumps({"type": "response.cancel"}): "response_cancel_not_active",
    json.dumps({"type": "response.create", "response": {"output_modalities": ["audio"]}}): "unsupported_modality",
    json.dumps({"type": "response.create", "response": {"input": [5]}}): "invalid_type",
    json.dumps({"type": "input_audio_buffer.append", "audio": "%%%"}): "invalid_base64",
    json.dumps({"type": "input_audio_buffer.append", "audio": "AAAA"}): "invalid_audio",
    json.dumps({"type": "input_audio_buffer.append", "audio": b64encode(bytes(48_000 * 11)).decode()}): "audio_too_fast",
    json.dumps({"type": "input_audio_buffer.commit"}): "input_audio_buffer_commit_empty",
    json.dumps({"type": "conversation.item.retrieve", "item_id": "no"}): "item_not_found",
    json.dumps(create({"type": "function_call", "name": "f", "arguments": ""})): "unsupported_item",
    json.dumps(create(text_item("x" * 301))): "text_too_long",
    json.dumps(create(image_item("http://127.0.0.1/x.png"))): "invalid_image",
    json.dumps(create(image_item("data:image/png;base64,*"))): "invalid_base64",
    json.dumps(create(image_item("data:image/png;base64,AAAA"))): "invalid_image",
    json.dumps(create(image_item(bomb(60_000, 60_000)))): "image_too_large",
    json.dumps(create(image_item(image_url(shade(1))[:66]))): "invalid_image",
}  # fmt: skip


def test_each_mistake_has_its_code_and_the_connection_stays():
    async def attack():
        async with open_door() as door, websockets.connect(door.url) as socket:
            await receive(socket, "session.created")
            found = {}
            for text in WRONG:
                await socket.send(text)
                found[text] = (await receive(socket, "error"))["error"]
            await socket.send(b"\x00\x01")
            binary = (await receive(socket, "error"))["error"]
            await socket.send('{"type": "response.cancel", "event_id": "mine"}')
            named = (await receive(socket, "error"))["error"]
            await socket.send(json.dumps(create(text_item("still there"))))
            await socket.send('{"type": "response.create"}')
            return found, binary, named, await receive(socket, "response.done")

    found, binary, named, done = play(attack(), 60)
    assert {text[:80]: error["code"] for text, error in found.items()} == {
        text[:80]: code for text, code in WRONG.items()
    }
    assert all(error["type"] == "invalid_request_error" and error["message"] for error in found.values())
    assert all(len(error["message"]) < 400 for error in found.values())
    assert binary["code"] == "invalid_frame"
    assert named["event_id"] == "mine"
    assert done["response"]["status"] == "completed"


@pytest.mark.parametrize(
    ("limits", "sent", "code", "close_code"),
    [
        (RealtimeLimits(message_bytes=2000), ["x" * 2001], "message_too_large", 1009),
        (RealtimeLimits(errors=3), ["{"] * 3, "invalid_json", 1008),
        (RealtimeLimits(idle_s=0.3), [], "idle_timeout", 1008),
        (RealtimeLimits(sessions=0), [], "too_many_sessions", 1013),
    ],
)
def test_a_limit_is_told_and_then_ends_the_connection(limits, sent, code, close_code):
    async def attack():
        async with open_door(limits=limits) as door, websockets.connect(door.url) as socket:
            for text in sent:
                await socket.send(text)
            events = []
            with contextlib.suppress(websockets.ConnectionClosedError):
                async for text in socket:
                    events.append(json.loads(text))
            return events[-1], socket.close_code

    event, closed = play(attack())
    assert (event["error"]["code"], closed) == (code, close_code)


def test_sound_that_is_never_committed_has_a_limit():
    async def attack():
        limits = RealtimeLimits(audio_s=1.0, audio_ahead_s=60.0)
        async with open_door(limits=limits) as door, websockets.connect(door.url) as socket:
            await socket.send(json.dumps(update(audio={"input": {"turn_detection": None}})))
            second = {"type": "input_audio_buffer.append", "audio": b64encode(bytes(48_000)).decode()}
            for _ in range(2):
                await socket.send(json.dumps(second))
            full = (await receive(socket, "error"))["error"]
            await socket.send('{"type": "input_audio_buffer.commit"}')
            await receive(socket, "input_audio_buffer.committed")
            await socket.send(json.dumps(second))
            await socket.send('{"type": "input_audio_buffer.commit"}')
            return full, await receive(socket, "input_audio_buffer.committed")

    full, _ = play(attack())
    assert (full["code"], full["param"]) == ("input_audio_buffer_full", "audio")


def test_a_client_that_does_not_read_is_let_go_and_costs_the_house_nothing():
    async def attack():
        async with open_door(limits=RealtimeLimits(question_chars=200_000, messages_per_s=100_000)) as door:
            socket = await websockets.connect(door.url, max_queue=1, close_timeout=0.1)
            large = {**text_item("x" * 100_000), "id": "large"}
            await socket.send(json.dumps({"type": "conversation.item.create", "item": large}))
            with contextlib.suppress(websockets.ConnectionClosed):
                for _ in range(300):
                    await socket.send('{"type": "conversation.item.retrieve", "item_id": "large"}')
            while door.is_busy:
                await pause(0.05)
            answer = await door.house.ask("hello")
            socket.transport.abort()
            return answer.text

    assert play(attack(), 60) == "hello"


def test_the_token_comes_as_a_header_or_as_a_subprotocol():
    async def knock():
        async with open_door(token="secret-token") as door:
            refused = []
            for key in ("wrong", "sécret-token"):
                protocols = ["realtime", f"openai-insecure-api-key.{key}"] if key.isascii() else None
                with pytest.raises(websockets.InvalidStatus) as caught:
                    await websockets.connect(door.url, subprotocols=protocols)
                refused.append((caught.value.response.status_code, caught.value.response.body))
            async with door.connect(key="secret-token"):
                pass
            protocols = ["realtime", "openai-insecure-api-key.secret-token", "openai-beta.realtime-v1"]
            async with websockets.connect(door.url, subprotocols=protocols) as socket:
                return refused, socket.subprotocol

    refused, protocol = play(knock())
    assert [status for status, _ in refused] == [401, 401]
    assert b"secret" not in refused[0][1]
    assert protocol == "realtime"


def test_a_camera_that_is_connected_already_is_refused():
    async def show():
        async with open_door() as door, websockets.connect(door.url) as socket:
            door.house.seats.take("door")
            await socket.send(json.dumps(create(image_item(image_url(shade(1)), camera="door"))))
            return (await receive(socket, "error"))["error"]

    error = play(show())
    assert error["code"] == "no_seat" and "door is connected already" in error["message"]


def test_a_client_that_vanishes_leaves_its_seat_its_child_and_its_question():
    async def vanish():
        async with open_door(Parrot(words_per_tick=1)) as door:
            socket = await websockets.connect(door.url)
            await socket.send(json.dumps(create(image_item(image_url(shade(1))))))
            await receive(socket, "conversation.item.done")
            await socket.send(json.dumps(create(text_item("who is there"))))
            await socket.send('{"type": "response.create"}')
            await receive(socket, "response.created")
            socket.transport.abort()
            while door.house.seats.all[0].is_taken:
                await pause(0.02)
            return (await door.house.ask("me")).text

    assert play(vanish()) == "me"


def test_after_its_child_was_killed_the_next_picture_is_decoded():
    async def decode():
        decoder = PictureDecoder(1_000_000, 1_000_000)
        try:
            first = await decoder.decode(image_url(shade(10)))
            os.kill(decoder.pid, signal.SIGKILL)
            with pytest.raises(HangError):
                await decoder.decode(image_url(shade(20)))
            second = await decoder.decode(image_url(shade(30)))
            os.kill(decoder.pid, signal.SIGSTOP)
            decoder._timeout_s = 0.2
            with pytest.raises(HangError):
                await decoder.decode(image_url(shade(40)))
            decoder._timeout_s = 5.0
            third = await decoder.decode(image_url(np.full((800, 1200, 3), 50, np.uint8)))
            return first, second, third, decoder.num_killed
        finally:
            await decoder.close()

    first, second, third, num_killed = play(decode(), 60)
    assert (first == 10).all() and (second == 30).all() and (third == 50).all()
    assert third.shape == (384, 576, 3)
    assert num_killed == 2


def test_the_child_knows_nothing_of_torch():
    async def look():
        decoder = PictureDecoder(1_000_000, 1_000_000)
        try:
            await decoder.decode(image_url(shade(10)))
            return Path(f"/proc/{decoder.pid}/maps").read_text()
        finally:
            await decoder.close()

    assert "torch" not in play(look())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
KNOWN = st.sampled_from(
    [
        "session.update",
        "conversation.item.create",
        "response.create",
        "response.cancel",
        "input_audio_buffer.append",
    ]
)
FIELDS = st.sampled_from(
    [
        "session",
        "item",
        "response",
        "audio",
        "type",
        "role",
        "content",
        "id",
        "millrace",
        "output_modalities",
        "input",
    ]
)
VALUES = st.sampled_from(
    ["realtime", "message", "user", "assistant", "input_text", "input_image", "AAAA", "text"]
)
SHAPED = st.recursive(
    JSON | VALUES,
    lambda inner: st.dictionaries(FIELDS, inner, max_size=5) | st.lists(inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(kind=KNOWN, fields=st.dictionaries(FIELDS, SHAPED, max_size=5))
def test_any_event_is_understood_or_refused_in_one_line(kind, fields):
    try:
        parse_request(parse_json(json.dumps({**fields, "type": kind})))
    except RealtimeError as error:
        assert error.code and "\n" not in str(error) and len(str(error)) < 400
