"""WHIP clients that others wrote: what they send arrives, in step, and is ended as they mean it."""

import numpy as np
import pytest
from certificates import write_certificate
from foreign_whip import ffmpeg_can_whip, ffmpeg_whip, whip_client, whip_environment
from parrot import pause
from rtc_peers import beeps
from serving import play, serving

from millrace.apps.doors.rtc.limits import RtcLimits

LIMITS = RtcLimits(connect_s=30.0, max_fps=30.0)  # at all addresses: these clients offer no loopback
TOKEN = "open-sesame-please"


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    return whip_environment(tmp_path_factory.mktemp("whip-client"))


def flips(frames):
    """When the picture turned from black to white or back."""
    means = np.array([pixels.mean() for _, _, pixels in frames])
    return [frames[at + 1][0] for at in np.flatnonzero(np.abs(np.diff(means)) > 100)]


def test_gstreamer_s_pictures_and_sound_arrive_on_one_clock_and_end_with_it(stage, environment):
    async def send():
        async with whip_client(f"http://127.0.0.1:{stage.port}/whip/stage", environment) as said:
            await stage.until(
                lambda: len(flips(stage.frames["stage"])) >= 3 and len(beeps(stage.sounds["stage"])) >= 6, 60
            )
            clocks = [track["clock"] for track in stage.door.snapshot()["sessions"][0]["tracks"]]
        await stage.until(lambda: not stage.door.sessions)
        return said, clocks

    said, clocks = stage.run(send(), 120)
    assert clocks == ["reports", "reports"] and any("DTLS connected" in line for line in said)
    assert not any("[404]" in line for line in said)  # it found its session when it ended it
    times = np.array(beeps(stage.sounds["stage"]))
    apart_ms = [np.abs(times - flip).min() / 1e6 for flip in flips(stage.frames["stage"])]
    assert np.median(apart_ms) < 150, apart_ms


def test_gstreamer_needs_the_token_and_finds_the_servers_for_ice_in_the_links(environment):
    async def knock():
        servers = ({"urls": "stun:127.0.0.1:3478"},)
        async with serving(webrtc=True, token=TOKEN, ice_servers=servers) as served:
            while not served.front.media.rtc.host.is_up:
                await pause(0.05)
            url = f"{served.url}/whip/van"
            async with whip_client(url, environment, "-t", "wrong-" + TOKEN) as refused:
                await _until(lambda: any("[401]" in line for line in refused))
            async with whip_client(url, environment, "-t", TOKEN, "-f") as said:
                await _until(lambda: "cam1" in served.house.frames)
            return said

    said = play(knock(), 180)
    assert any("stun-server=stun://127.0.0.1:3478" in line for line in said), said


@pytest.mark.skipif(not ffmpeg_can_whip(), reason="the FFmpeg of this PyAV knows no WHIP; 8.0 does")
def test_ffmpeg_s_pictures_and_sound_arrive(stage, tmp_path):
    certificate, key = write_certificate(tmp_path)
    options = {"cert_file": str(certificate), "key_file": str(key), "handshake_timeout": "60000"}

    async def send():
        url = f"http://127.0.0.1:{stage.port}/whip/ffmpeg"
        async with ffmpeg_whip(url, **options) as process:
            await stage.until(
                lambda: (
                    process.returncode is not None
                    or (len(stage.frames["ffmpeg"]) > 10 and len(stage.sounds["ffmpeg"]) > 40)
                ),
                60,
            )
        await stage.until(lambda: not stage.door.sessions)

    stage.run(send(), 120)
    shades = [pixels.mean() for _, _, pixels in stage.frames["ffmpeg"]]
    assert np.median(np.diff(shades)) > 2  # it brightens
    sound = np.concatenate([samples for _, _, samples in stage.sounds["ffmpeg"]])[-8_000:]
    assert abs(np.argmax(np.abs(np.fft.rfft(sound))) * 2 - 1_000) < 10


async def _until(is_so, seconds=90):
    for _ in range(round(seconds / 0.05)):
        if is_so():
            return
        await pause(0.05)
    raise AssertionError("it did not become so in time")
