"""Who speaks into a camera that came by WHIP: noticed, let to break in, and forgotten when the camera goes."""

import asyncio

import numpy as np
from parrot import Parrot, until
from rtc_peers import Client, ClockTrack, ToneTrack
from serving import play, serving
from voice import vowels

from millrace.apps.doors.house import House

RATE_HZ = 48_000


class VoiceTrack(ToneTrack):
    """A voice that never pauses, from the moment it is let speak."""

    def __init__(self):
        super().__init__()
        self.voice, self.is_speaking = vowels(4.0, RATE_HZ), False

    def wave(self, times_s):
        if not self.is_speaking:
            return np.zeros_like(times_s)
        return 2 * self.voice[np.round(times_s * RATE_HZ).astype(int) % len(self.voice)]


def test_speech_by_whip_breaks_the_answer_off_and_ends_with_its_camera():
    words = [str(n) for n in range(80)]  # 16 s of answer

    async def speak():
        parrot, said = Parrot(words_per_tick=1), []
        house = House(parrot, num_cameras=2, answer_timeout_s=60)
        async with serving(house, webrtc=True) as served:
            await until(lambda: served.front.media.rtc.host.is_up)
            told, voice = house.hub.join({"speech", "hush"}), VoiceTrack()
            phone = await Client(served.port).send("phone", ClockTrack(), voice)
            await until(lambda: served.house.session.statistics()["cam1"].frames_in > 3)
            asked = asyncio.create_task(house.ask(" ".join(words), on_word=said.append))
            await until(lambda: len(said) > 2)
            voice.is_speaking = True
            answer = await asked
            assert await phone.delete() == 200
            heard = []
            async for message in told:
                heard.append((message.kind, message.body.get("state") or message.body["reason"]))
                if heard[-1] == ("speech", "stopped"):
                    return answer.text.split(), parrot.ended, heard, message.body["camera"]

    text, ended, heard, camera = play(speak(), 120)
    assert heard == [("hush", "speech"), ("speech", "started"), ("speech", "stopped")]
    assert camera == "phone"
    assert 0 < len(text) < len(words) and [*text, *ended[0]] == [*words, ""]
