"""The house: one session for ever, on seats that cameras take and leave."""

import asyncio

import pytest
from parrot import Parrot, pause, running, seen, shade, show, until

from millrace.apps.doors.house import House
from millrace.apps.doors.instructions import FullError
from millrace.apps.doors.questions import BusyError
from millrace.streams.clock import NS_PER_MS, monotonic_ns


async def first(listener, wanted):
    async for message in listener:
        if wanted(message.body):
            return message.body
    raise AssertionError("the hub ended")


def test_a_camera_that_comes_late_is_seen_and_told_of_by_its_label(house):
    async def play():
        async with running(house):
            heard, seen = house.hub.join({"sentence"}), house.hub.join({"glimpse"})
            seat = house.seats.take("door")
            for value in (20, 80, 140, 200):
                await show(house, seat, value)
            sentence = await first(heard, lambda body: True)
            glimpse = await first(seen, lambda body: body["kept"])
            return sentence, glimpse, dict(house.frames)

    sentence, glimpse, frames = asyncio.run(asyncio.wait_for(play(), 60))
    assert (sentence["camera"], sentence["text"], sentence["kind"]) == ("door", "cam1: moved", "narration")
    assert (glimpse["camera"], glimpse["names"], len(glimpse["things"])) == ("door", ["red car"], 60)
    assert set(frames) == {"cam1"}


def test_a_sentence_tells_how_sure_it_is_and_how_long_it_took_from_the_glass(house):
    early_ns = 300 * NS_PER_MS  # so long before it came each picture was taken

    async def play():
        async with running(house):
            heard, taken_ms = house.hub.join({"sentence"}), []
            seat = house.seats.take("door")
            await until(lambda: house.session.now_ns > 2 * early_ns)
            for value in (20, 80, 140):
                assert seat.push_frame(shade(value), monotonic_ns() - early_ns)
                await seen(house, seat.name, value)
                taken_ms.append(house.frames[seat.name].t_ns / NS_PER_MS)
            sentence = await first(heard, lambda body: True)
            await house.ask("hello")
            return sentence, taken_ms, await first(heard, lambda body: body["kind"] == "reply")

    sentence, taken_ms, reply = asyncio.run(asyncio.wait_for(play(), 60))
    glass_ms = sentence["glass_to_token_ms"]
    assert any(sentence["t_out_s"] * 1e3 - t_ms == pytest.approx(glass_ms, abs=1) for t_ms in taken_ms)
    assert glass_ms >= 300
    assert sentence["confidence"] == 0.5  # of its two words one states something
    assert reply["glass_to_token_ms"] is None


def test_answers_come_to_who_asked_in_their_order(house):
    async def play():
        async with running(house):
            return await asyncio.gather(*(house.ask(f"is it {n}") for n in range(3)))

    answers = asyncio.run(asyncio.wait_for(play(), 60))
    assert [answer.text for answer in answers] == ["is it 0", "is it 1", "is it 2"]
    assert all(answer.seconds > 0 for answer in answers)


def test_a_question_without_an_answer_is_given_up_and_does_not_shift_the_next():
    async def play():
        house = House(Parrot(words_per_tick=0), num_cameras=1)
        async with running(house):
            with pytest.raises(BusyError, match=r"no answer within 0\.3 s"):
                await house.ask("hello", timeout_s=0.3)
            house.session._speaker.words_per_tick = 32
            listener = house.hub.join({"sentence"})
            await first(listener, lambda body: body["text"] == "reply: hello")
            return await house.ask("still there")

    assert asyncio.run(asyncio.wait_for(play(), 60)).text == "still there"


def test_who_waits_for_an_answer_is_told_when_the_agent_stops_and_so_is_who_asks_later():
    async def play():
        house = House(Parrot(words_per_tick=0), num_cameras=1, answer_timeout_s=600)
        async with running(house):
            waiting = [asyncio.create_task(house.ask(f"is it {n}")) for n in range(3)]
            await pause(0)
            house.stop()
            told = await asyncio.gather(*waiting, return_exceptions=True)
        with pytest.raises(BusyError, match="stopped"):
            await house.ask("anybody there")
        return told

    told = asyncio.run(asyncio.wait_for(play(), 60))
    assert [(type(error), "stopped" in str(error)) for error in told] == [(BusyError, True)] * 3


def test_instructions_stand_until_they_are_taken_back(house):
    async def play():
        async with running(house):
            assert not house.instruct("what is in cam1")
            assert house.instruct("tell me when a car enters cam1")
            await until(lambda: house.session.standing)
            stood = house.session.standing
            return stood, house.forget("tell me when a car enters cam1"), house.session.standing

    stood, was_there, left = asyncio.run(asyncio.wait_for(play(), 60))
    assert stood == ("tell me when a car enters cam1",)
    assert was_there and left == ()


def test_the_budget_moves_from_the_next_tick_on(house):
    async def play():
        async with running(house):
            ticks = house.hub.join({"tick"})
            house.set_budget(80)
            return await first(ticks, lambda body: body["budget_ms"] == 80)

    assert asyncio.run(asyncio.wait_for(play(), 60))["budget_ms"] == 80


def test_so_many_instructions_stand_and_no_more_whoever_gives_them():
    async def play():
        house = House(Parrot(), num_cameras=1, max_instructions=2)
        async with running(house):
            for n in range(2):
                assert house.instruct(f"tell me when car {n} comes")
            assert house.instruct("tell me when car 1 comes")  # it stands already
            with pytest.raises(FullError, match="2 instructions stand already; take one back first"):
                house.instruct("tell me when car 2 comes")
            assert house.forget("tell me when car 0 comes") and not house.forget("tell me when car 0 comes")
            assert house.instruct("tell me when car 2 comes")
            before = house.num_ticks
            await until(lambda: house.num_ticks > before + 3)
            return house.instructions, house.session.standing

    instructions, standing = asyncio.run(asyncio.wait_for(play(), 60))
    assert instructions == standing == ("tell me when car 1 comes", "tell me when car 2 comes")
