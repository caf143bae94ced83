"""The official `openai` client, unchanged, against the door."""

import asyncio
from pathlib import Path

import numpy as np
import pytest
from parrot import Parrot, pause, seen, shade, show
from realtime_door import image_item, image_url, open_door, pcm16, play, text_item, until
from voice import silence, vowels

from millrace.apps.doors.realtime.requests import EVENTS_OF_CLIENTS


def test_a_question_is_answered_word_by_word():
    async def ask():
        async with open_door() as door, door.connect() as client:
            await client.conversation.item.create(item=text_item("is it warm , today"))
            await client.response.create()
            return client.created, await until(client, "response.done")

    created, events = play(ask())
    assert created.session.output_modalities == ["text"]
    assert created.session.audio.input.turn_detection.type == "server_vad"
    assert [event.type for event in events if not event.type.endswith(".delta")] == [
        "conversation.item.added",
        "conversation.item.done",
        "response.created",
        "response.output_item.added",
        "conversation.item.added",
        "response.content_part.added",
        "response.output_text.done",
        "response.content_part.done",
        "conversation.item.done",
        "response.output_item.done",
        "response.done",
    ]
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert deltas == ["is", " it", " warm", ",", " today"]
    done = events[-1].response
    assert (done.status, done.output[0].content[0].text) == ("completed", "is it warm, today")
    assert done.metadata == {"kind": "reply"}
    assert (done.usage.input_tokens, done.usage.output_tokens) == (5, 5)
    assert len({event.event_id for event in events}) == len(events)
    assert all(type(event).__name__ != "BaseModel" for event in events)


def test_a_cancelled_answer_ends_where_its_memory_ends():
    words = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]

    async def ask():
        async with open_door(Parrot(words_per_tick=1)) as door, door.connect() as client:
            await client.conversation.item.create(item=text_item(" ".join(words)))
            await client.response.create()
            said = []
            async for event in client:
                if event.type == "response.output_text.delta":
                    said.append(event.delta)
                    if len(said) == 2:
                        await client.response.cancel()
                if event.type == "response.done":
                    return event.response, said, door.parrot.ended

    response, said, ended = play(ask())
    text = response.output[0].content[0].text
    assert (response.status, response.status_details.reason) == ("cancelled", "client_cancelled")
    assert response.output[0].status == "incomplete"
    assert "".join(said) == text
    assert 2 <= len(text.split()) < len(words)
    assert [*text.split(), *ended[0]] == [*words, ""]


def test_an_answer_cancelled_before_it_began_is_not_heard_and_the_next_question_is_answered():
    async def ask():
        async with open_door(Parrot(words_per_tick=1)) as door, door.connect() as client:
            question = " ".join(
                str(n) for n in range(80)
            )  # 16 s of answer: a slow machine cancels in time, too
            await client.conversation.item.create(item=text_item(question))
            await client.response.create()
            await client.response.cancel()
            first = await until(client, "response.done")
            await client.conversation.item.create(item=text_item("hello"))
            await client.response.create()
            second = await until(client, "response.done")
            return first[-1].response, second[-1].response, door.parrot.ended

    first, second, ended = play(ask())
    assert (first.status, first.output) == ("cancelled", [])
    assert (second.status, second.output[0].content[0].text) == ("completed", "hello")
    assert ended and ended[0][-1] == ""


def test_an_answer_may_be_limited_to_some_words():
    async def ask():
        async with open_door(Parrot(words_per_tick=1)) as door, door.connect() as client:
            await client.conversation.item.create(item=text_item("one two three four five six"))
            await client.response.create(response={"max_output_tokens": 2, "metadata": {"mine": "1"}})
            return (await until(client, "response.done"))[-1].response

    response = play(ask())
    assert (response.status, response.status_details.reason) == ("incomplete", "max_output_tokens")
    assert response.output[0].content[0].text == "one two"
    assert response.metadata == {"kind": "reply", "mine": "1"}


def test_two_clients_get_their_own_answers():
    async def one(door, n):
        async with door.connect() as client:
            await client.conversation.item.create(item=text_item(f"i am number {n}"))
            await client.response.create()
            return (await until(client, "response.done"))[-1].response.output[0].content[0].text

    async def ask():
        async with open_door() as door:
            return await asyncio.gather(*(one(door, n) for n in range(4)), door.house.ask("and me"))

    *texts, other = play(ask())
    assert texts == [f"i am number {n}" for n in range(4)]
    assert other.text == "and me"


@pytest.mark.parametrize(("ending", "tolerance"), [(".png", 0), (".jpg", 3)])
def test_a_picture_reaches_the_seat_of_its_camera(ending, tolerance):
    pixels = np.zeros((96, 160, 3), np.uint8)
    pixels[:, :] = (200, 100, 50)
    pixels[:48] = (20, 40, 60)

    async def show():
        async with open_door() as door, door.connect() as client:
            await client.conversation.item.create(item=image_item(image_url(pixels, ending), camera="door"))
            events = await until(client, "conversation.item.done")
            while "cam1" not in door.house.frames:
                await pause(0.02)
            return events[-1].item, door.house.frames["cam1"].pixels, door.house.seats.label_of("cam1")

    item, seen, label = play(show())
    assert label == "door"
    assert np.abs(seen.astype(int) - pixels).mean() <= tolerance
    assert item.content[0].type == "input_image"


def test_the_seat_is_left_with_the_client_and_waits_for_its_return():
    async def show():
        async with open_door() as door:
            for _ in range(2):
                async with door.connect() as client:
                    await client.conversation.item.create(item=image_item(image_url(shade(9)), camera="door"))
                    await until(client, "conversation.item.done")
                    taken = [seat.is_taken for seat in door.house.seats.all]
                while door.house.seats.all[0].is_taken:
                    await pause(0.02)
            return taken

    assert play(show()) == [True, False]


def test_what_the_agent_sees_comes_as_a_response_of_its_own():
    async def watch():
        async with open_door() as door, door.connect() as client, door.connect() as other:
            await other.session.update(session={"type": "realtime", "millrace": {"cameras": ["yard"]}})
            assert (await other.recv()).type == "session.updated"
            for value in (20, 200):
                await client.conversation.item.create(item=image_item(image_url(shade(value)), camera="door"))
                await until(client, "conversation.item.done")
                await seen(door.house, "cam1", value)
            events = await until(client, "response.done")
            await other.conversation.item.create(item=text_item("hello"))
            await other.response.create()
            return events[-1].response, [e.type for e in events], await until(other, "response.done")

    response, kinds, others = play(watch())
    assert kinds.count("response.created") == 1
    assert response.output[0].content[0].text == "cam1: moved"
    assert (response.status, response.metadata) == ("completed", {"kind": "narration", "camera": "door"})
    assert others[-1].response.metadata == {"kind": "reply"}  # nothing of the camera it did not want


def test_narration_can_be_switched_off():
    async def watch():
        async with open_door() as door, door.connect() as client:
            await client.session.update(session={"type": "realtime", "millrace": {"narrate": False}})
            for value in (20, 200):
                await client.conversation.item.create(item=image_item(image_url(shade(value))))
                await until(client, "conversation.item.done")
                await seen(door.house, "cam1", value)
            await client.conversation.item.create(item=text_item("hello"))
            await client.response.create()
            return await until(client, "response.done")

    events = play(watch())
    assert [event.type for event in events].count("response.created") == 1
    assert events[-1].response.metadata == {"kind": "reply"}


def test_speech_is_told_within_100_ms_of_sound_and_ends_in_an_item():
    rate_hz = 24_000
    lead = silence(0.5, rate_hz)
    voice = vowels(0.8, rate_hz)

    async def send(client, sound):
        for at in range(0, len(sound), rate_hz // 50):
            await client.input_audio_buffer.append(audio=pcm16(sound[at : at + rate_hz // 50]))

    async def speak():
        async with open_door() as door, door.connect() as client:
            detection = {"type": "server_vad", "prefix_padding_ms": 0, "silence_duration_ms": 200}
            audio = {"input": {"format": {"type": "audio/pcm", "rate": rate_hz}, "turn_detection": detection}}
            await client.session.update(session={"type": "realtime", "audio": audio})
            await until(client, "session.updated")
            # Not one sample more than 100 ms of speech is there when it must be told.
            await send(client, np.concatenate([lead, voice[: rate_hz // 10]]))
            started = await until(client, "input_audio_buffer.speech_started")
            await send(client, np.concatenate([voice[rate_hz // 10 :], silence(0.3, rate_hz)]))
            ended = await until(client, "conversation.item.done")
            heard = door.house.seats.all[0]
            return started, ended, heard.label, heard.is_taken

    started, ended, label, is_taken = play(speak())
    assert [event.type for event in started] == ["input_audio_buffer.speech_started"]
    assert started[0].audio_start_ms == pytest.approx(500, abs=100)
    assert [event.type for event in ended] == [
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
    ]
    assert ended[0].audio_end_ms == pytest.approx(1500, abs=100)
    assert len({started[0].item_id, ended[0].item_id, ended[1].item_id, ended[3].item.id}) == 1
    assert ended[3].item.content[0].type == "input_audio"
    assert (label, is_taken) == ("realtime", True)


def test_who_begins_to_speak_breaks_the_answer_off():
    words = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]

    async def speak():
        async with open_door(Parrot(words_per_tick=1)) as door, door.connect() as client:
            await client.conversation.item.create(item=text_item(" ".join(words)))
            await client.response.create()
            await until(client, "response.output_text.delta")
            await client.input_audio_buffer.append(audio=pcm16(vowels(0.5, 24_000)))
            return (await until(client, "response.done"))[-1].response, door.parrot.ended

    response, ended = play(speak())
    assert (response.status, response.status_details.reason) == ("cancelled", "turn_detected")
    assert [*response.output[0].content[0].text.split(), *ended[0]] == [*words, ""]


def test_without_turn_detection_the_client_commits():
    async def speak():
        async with open_door() as door, door.connect() as client:
            audio = {"input": {"turn_detection": None}}
            await client.session.update(session={"type": "realtime", "audio": audio})
            updated = await client.recv()
            await client.input_audio_buffer.append(audio=pcm16(vowels(0.5, 24_000)))
            await client.input_audio_buffer.commit()
            committed = await until(client, "conversation.item.done")
            await client.input_audio_buffer.append(audio=pcm16(vowels(0.5, 24_000)))
            await client.input_audio_buffer.clear()
            await client.input_audio_buffer.commit()
            return updated, committed, await until(client, "error")

    updated, committed, refused = play(speak())
    assert updated.session.audio.input.turn_detection is None
    assert committed[0].type == "input_audio_buffer.committed"
    assert [event.type for event in refused] == ["input_audio_buffer.cleared", "error"]
    assert refused[-1].error.code == "input_audio_buffer_commit_empty"


def test_instructions_stand_while_the_client_is_there_and_typed_ones_beyond():
    async def instruct():
        async with open_door() as door:
            async with door.connect() as client:
                await client.session.update(
                    session={"type": "realtime", "instructions": "You see.\nTell me when a dog barks"}
                )
                await client.conversation.item.create(item=text_item("tell me when a car enters cam1"))
                await client.response.create()
                done = (await until(client, "response.done"))[-1].response
                while len(door.house.session.standing) < 2:
                    await pause(0.02)
                during = door.house.session.standing
            while len(door.house.session.standing) > 1:
                await pause(0.02)
            return done, during, door.house.session.standing

    done, during, after = play(instruct())
    assert (done.status, done.output, done.metadata) == ("completed", [], {"kind": "instruction"})
    assert during == ("Tell me when a dog barks", "tell me when a car enters cam1")
    assert after == ("tell me when a car enters cam1",)


def test_items_are_retrieved_placed_and_deleted():
    async def edit():
        async with open_door() as door, door.connect() as client:
            await client.conversation.item.create(item={**text_item("b"), "id": "b"})
            await client.conversation.item.create(item={**text_item("a"), "id": "a"}, previous_item_id="root")
            await client.conversation.item.create(item={**text_item("c"), "id": "c"})
            events = [await client.recv() for _ in range(6)]
            await client.conversation.item.retrieve(item_id="a")
            await client.conversation.item.delete(item_id="a")
            await client.conversation.item.truncate(item_id="b", content_index=0, audio_end_ms=0)
            await client.conversation.item.retrieve(item_id="a")
            return events, [await client.recv() for _ in range(4)]

    events, (retrieved, deleted, not_cut, missing) = play(edit())
    assert [event.previous_item_id for event in events[::2]] == [None, None, "b"]
    assert (retrieved.type, retrieved.item.content[0].text) == ("conversation.item.retrieved", "a")
    assert (deleted.type, deleted.item_id) == ("conversation.item.deleted", "a")
    assert [not_cut.error.code, missing.error.code] == ["item_without_audio", "item_not_found"]


def test_a_deleted_question_is_not_asked_and_the_client_is_told_what_stays_in_memory():
    async def edit():
        async with open_door() as door, door.connect() as client:
            answers = []
            for name, text in (("first", "one"), ("second", "two"), ("rule", "tell me when a dog barks")):
                await client.conversation.item.create(item={**text_item(text), "id": name})
                await until(client, "conversation.item.done")
            said = {
                "type": "message",
                "role": "assistant",
                "content": [{"type": "output_text", "text": "hm"}],
            }
            await client.conversation.item.create(item={**said, "id": "elsewhere"})
            await until(client, "conversation.item.done")
            remembered = {}
            for name in ("second", "rule", "elsewhere"):
                await client.conversation.item.delete(item_id=name)
                deleted = (await until(client, "conversation.item.deleted"))[-1]
                remembered[name] = deleted.millrace["is_remembered"]
            await client.response.create()
            answers.append((await until(client, "response.done"))[-1].response.output[0].content[0].text)
            await client.conversation.item.delete(item_id="first")
            remembered["first"] = (await until(client, "conversation.item.deleted"))[-1].millrace[
                "is_remembered"
            ]
            await client.response.create()
            refused = (await until(client, "error"))[-1].error.code
            return answers, remembered, refused, door.house.instructions

    answers, remembered, refused, standing = play(edit())
    assert answers == ["one"]
    assert remembered == {"second": False, "rule": True, "elsewhere": False, "first": True}
    assert refused == "no_question"
    assert standing == ("tell me when a dog barks",)  # it stands until it is taken back by DELETE /alerts


def test_sound_in_an_item_is_heard_by_the_agent():
    async def speak():
        async with open_door() as door, door.connect() as client:
            sound = {"type": "input_audio", "audio": pcm16(vowels(0.5, 24_000))}
            await client.conversation.item.create(
                item={"type": "message", "role": "user", "content": [sound]}
            )
            events = await until(client, "conversation.item.done")
            seat = door.house.seats.find("realtime")
            while not seat.source.feed.audio_channel.statistics().put:
                await pause(0.02)
            return events[-1].item, seat.is_taken

    item, is_taken = play(speak())
    assert (item.content[0].type, is_taken) == ("input_audio", True)


def test_a_camera_that_came_by_another_door_is_narrated_by_its_name():
    async def watch():
        async with open_door() as door, door.connect() as client:
            extension = {"cameras": ["yard"], "narrate": True}
            await client.session.update(session={"type": "realtime", "millrace": extension})
            updated = (await until(client, "session.updated"))[-1]
            seats = [door.house.seats.take(label) for label in ("door", "yard")]  # as WHIP and RTSP take them
            for value in (20, 200):
                for seat in seats:
                    await show(door.house, seat, value)
            return updated.session.millrace, (await until(client, "response.done"))[-1].response

    extension, response = play(watch())
    assert (extension["cameras"], extension["narrate"]) == (["yard"], True)
    assert response.metadata == {"kind": "narration", "camera": "yard"}
    assert response.output[0].content[0].text == "cam2: moved"


def test_instructions_that_change_faster_than_ticks_leave_nothing_behind():
    async def instruct():
        async with open_door() as door:
            async with door.connect() as client:
                for n in range(40):  # more than may stand at once, one after the other
                    text = f"tell me when car {n} comes"
                    await client.session.update(session={"type": "realtime", "instructions": text})
                    await until(client, "session.updated")
                during = door.house.instructions
            ticks = door.house.num_ticks
            while door.house.num_ticks < ticks + 4:
                await pause(0.02)
            return during, door.house.instructions, door.house.session.standing

    during, after, standing = play(instruct())
    assert during == ("tell me when car 39 comes",)
    assert after == () and standing == ()


def test_every_event_that_a_client_may_send_is_in_the_documentation_and_in_these_tests():
    told = (Path(__file__).parents[4] / "docs" / "doors.md").read_text()
    tests = Path(__file__).read_text()
    for kind in EVENTS_OF_CLIENTS:
        assert f"`{kind}`" in told, kind
        group, _, verb = kind.rpartition(".")
        assert f".{group}.{verb}(" in tests, kind
