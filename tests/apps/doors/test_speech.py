"""Who speaks: noticed within 100 ms of the voice, told to the house, which is hushed."""

import asyncio
import threading

import numpy as np
import pytest
from parrot import Parrot, running, until
from voice import silence, vowels

from millrace.apps.doors.house import House
from millrace.apps.doors.speech import SpeechWatch
from millrace.apps.doors.voice_activity import SileroModel, SpeechDetector, SpeechSettings
from millrace.streams.clock import NS_PER_MS
from millrace.streams.world.speech import can_speak, say


@pytest.fixture(scope="module")
def model():
    return SileroModel()


def hear(detector, samples, chunk=320):
    """All events of sound that comes in chunks of 20 ms."""
    return [
        event
        for at in range(0, len(samples), chunk)
        for event in detector.hear(samples[at : at + chunk], at * 1_000_000_000 // 16_000)
    ]


@pytest.mark.parametrize("lead_ms", [500, 507, 516, 523])
def test_speech_is_noticed_within_100_ms_and_ends_after_the_silence_that_was_asked_for(model, lead_ms):
    sound = np.concatenate([silence(lead_ms / 1000), vowels(1.0), silence(1.0)])
    started, stopped = hear(SpeechDetector(model, SpeechSettings(min_silence_ms=300)), sound)
    assert started.is_start and not stopped.is_start
    assert 0 <= started.noticed_ns - lead_ms * NS_PER_MS <= 100 * NS_PER_MS
    assert started.t_ns <= started.noticed_ns
    over_ms = lead_ms + 1000
    assert stopped.t_ns == pytest.approx(over_ms * NS_PER_MS, abs=130 * NS_PER_MS)
    assert stopped.noticed_ns - stopped.t_ns == pytest.approx(300 * NS_PER_MS, abs=32 * NS_PER_MS)


def test_a_pause_is_part_of_the_speech_and_padding_moves_its_beginning(model):
    sound = np.concatenate([silence(0.5), vowels(0.8), silence(0.3), vowels(0.8), silence(1.0)])
    plain = hear(SpeechDetector(model, SpeechSettings()), sound)
    padded = hear(SpeechDetector(model, SpeechSettings(padding_ms=200)), sound)
    assert [event.is_start for event in plain] == [True, False]
    assert plain[0].t_ns - padded[0].t_ns == 200 * NS_PER_MS
    assert plain[1] == padded[1]


@pytest.mark.parametrize("noise", ["silence", "hiss", "beeps"])
def test_what_is_no_voice_is_none(model, noise):
    t = np.arange(32_000) / 16_000
    sound = {
        "silence": np.zeros(32_000),
        "hiss": np.random.default_rng(1).normal(0, 0.2, 32_000),
        "beeps": 0.5 * np.sin(2 * np.pi * 1000 * t) * (t % 0.3 < 0.1),
    }[noise]
    assert hear(SpeechDetector(model, SpeechSettings()), sound.astype(np.float32)) == []


def test_a_hole_in_the_sound_ends_the_speech(model):
    detector = SpeechDetector(model, SpeechSettings())
    before = hear(detector, vowels(0.5))
    after = list(detector.hear(silence(0.1), 5_000 * NS_PER_MS))
    assert [event.is_start for event in before] == [True]
    assert [(event.is_start, event.t_ns) for event in after] == [(False, 500 * NS_PER_MS)]


@pytest.mark.skipif(not can_speak(), reason="espeak-ng is not installed")
@pytest.mark.parametrize("seed", range(4))
def test_spoken_words_are_noticed_within_100_ms_of_their_voice(model, seed):
    words = say("what do you see on the first camera", seed)
    loud = np.abs(words) > 0.1 * np.abs(words).max()
    sound = np.concatenate([silence(0.5), words, silence(1.0)])
    started = hear(SpeechDetector(model, SpeechSettings()), sound)[0]
    voiced_ns = (8_000 + int(np.argmax(loud))) * 1_000_000_000 // 16_000
    assert started.noticed_ns - voiced_ns <= 100 * NS_PER_MS


def test_the_house_is_told_who_speaks_and_is_hushed_at_once():
    words = [str(n) for n in range(80)]

    async def play():
        parrot, said = Parrot(words_per_tick=1), []
        house = House(parrot, num_cameras=1)
        watch = SpeechWatch(house)
        try:
            async with running(house):
                seat = house.seats.take("phone")
                told = house.hub.join({"speech", "sentence"})
                asked = asyncio.create_task(house.ask(" ".join(words), 60, said.append))
                await until(lambda: len(said) > 2)
                sound = np.concatenate([vowels(0.5), silence(1.0)])
                for at in range(0, len(sound), 1600):
                    watch.hear(seat, sound[at : at + 1600], at * 1_000_000_000 // 16_000)
                answer = await asked
                await until(lambda: "sentence" in house.hub.latest)
                house.hub.leave(told)
                return answer.text, [(m.kind, m.body) async for m in told], parrot.ended
        finally:
            watch.close()

    text, told, ended = asyncio.run(asyncio.wait_for(play(), 60))
    bodies = [body for kind, body in told if kind == "speech"]
    assert [(body["camera"], body["state"]) for body in bodies] == [
        ("phone", "started"),
        ("phone", "stopped"),
    ]
    assert bodies[0]["t_s"] <= bodies[1]["t_s"]
    assert 0 < len(text.split()) < len(words)
    assert [*text.split(), *ended[0]] == [*words, ""]  # what was said and what was broken off meet
    assert not any(thread.name.startswith("speech") for thread in threading.enumerate())


def test_a_microphone_that_leaves_in_mid_speech_has_stopped():
    async def play():
        house = House(Parrot(), num_cameras=1)
        watch = SpeechWatch(house)
        try:
            told = house.hub.join({"speech"})
            watch.hear("cam1", vowels(0.5), 0)
            watch.forget("cam1")
            found = []
            async for message in told:
                found.append(message.body["state"])
                if len(found) == 2:
                    return found
        finally:
            watch.close()

    assert asyncio.run(asyncio.wait_for(play(), 60)) == ["started", "stopped"]
