"""The cameras of `agent bench doors`: real WHIP peers in a process of their own.

Four encoders would cost more than the machine has, and it is the server that is measured: each clip is rendered and
encoded once, before anything is sent, and its packets then go out as they are, at the pace of a camera.

Run as `python -m millrace.apps.bench_senders URL NUM CODEC CLIP_S`. It prints `encoded`, then `sending` once all are
connected; when its standard input ends, it ends its sessions and prints what it sent, as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import urllib.request
from collections.abc import Sequence
from fractions import Fraction
from typing import Any
from urllib.parse import urljoin

import av
import cv2
import numpy as np
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from av.video.codeccontext import VideoCodecContext

from ..streams.clock import NS_PER_S, WallClock
from ..streams.world.world import World

WIDTH, HEIGHT, FPS = 1280, 720, 30
_BIT_RATE, _KEY_EVERY = 2_500_000, FPS
_CLOCK_HZ = 90_000
_SEED, _SCENE = 7, "lobby"
_LIBRARIES = {
    "H264": ("libx264", {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline"}),
    "VP8": ("libvpx", {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}),
}


class ClipTrack(MediaStreamTrack):
    """An encoded clip again and again, `FPS` pictures a second; it begins with a key picture each time."""

    kind = "video"

    def __init__(self, pictures: Sequence[bytes]) -> None:
        super().__init__()
        self._pictures, self._clock = pictures, WallClock()
        self.num_sent = 0

    async def recv(self) -> av.Packet[Any]:
        """For aiortc, which packs a packet as it is."""
        await self._clock.sleep_until(self.num_sent * NS_PER_S // FPS)
        packet = av.Packet(self._pictures[self.num_sent % len(self._pictures)])
        packet.pts, packet.time_base = self.num_sent * _CLOCK_HZ // FPS, Fraction(1, _CLOCK_HZ)
        self.num_sent += 1
        return packet


def encode_clip(world: World, camera: int, codec: str, seconds: float) -> list[bytes]:
    """What a camera of the world sees, 1280x720 with the noise of a sensor: one encoded picture each, the first a key."""
    library, options = _LIBRARIES[codec]
    context = av.CodecContext.create(library, "w")
    assert isinstance(context, VideoCodecContext)
    context.width, context.height, context.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    context.bit_rate, context.gop_size = _BIT_RATE, _KEY_EVERY
    context.time_base, context.framerate = Fraction(1, FPS), Fraction(FPS)
    context.options = options
    rng = np.random.default_rng(camera)
    noise = rng.normal(0, 3, (HEIGHT, WIDTH, 3)).astype(np.int16)
    pictures: list[bytes] = []
    for number in range(round(seconds * FPS)):
        seen = cv2.resize(world.picture(camera, number * NS_PER_S // FPS).pixels, (WIDTH, HEIGHT))
        pixels = (seen + np.roll(noise, rng.integers(WIDTH), axis=1)).clip(0, 255).astype(np.uint8)
        frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
        frame.pts = number
        pictures += [bytes(packet) for packet in context.encode(frame)]
    return pictures + [bytes(packet) for packet in context.encode(None)]


class Sender:
    """One WHIP session."""

    def __init__(self, url: str, track: MediaStreamTrack, codec: str) -> None:
        self._url = url
        self._pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._location = ""
        transceiver = self._pc.addTransceiver(track, direction="sendonly")
        known = RTCRtpSender.getCapabilities("video").codecs
        transceiver.setCodecPreferences([one for one in known if one.mimeType == f"video/{codec}"])

    async def start(self) -> None:
        """Publish, and wait until connected. Raises OSError where the server refuses."""
        connected = asyncio.Event()

        def look() -> None:
            if self._pc.connectionState == "connected":
                connected.set()

        self._pc.on("connectionstatechange", look)
        await self._pc.setLocalDescription()
        offer = self._pc.localDescription.sdp.encode()
        answer, self._location = await asyncio.to_thread(_ask, "POST", self._url, offer)
        await self._pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        await connected.wait()

    async def stop(self) -> None:
        """End the session at the server, then here."""
        await asyncio.to_thread(_ask, "DELETE", urljoin(self._url, self._location))
        await self._pc.close()


def _ask(method: str, url: str, body: bytes | None = None) -> tuple[str, str]:
    request = urllib.request.Request(url, body, {"Content-Type": "application/sdp"}, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=60) as response:
        return response.read().decode(), response.headers.get("Location", "")


async def send(url: str, clips: Sequence[Sequence[bytes]], codec: str) -> int:
    """All clips as cameras `bench1` and so on, until the standard input ends; returns how many pictures were sent."""
    tracks = [ClipTrack(clip) for clip in clips]
    senders = [Sender(f"{url}/whip/bench{place}", track, codec) for place, track in enumerate(tracks, 1)]
    await asyncio.gather(*(sender.start() for sender in senders))
    print("sending", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await asyncio.gather(*(sender.stop() for sender in senders))
    return sum(track.num_sent for track in tracks)


def main() -> None:
    """The program."""
    url, num, codec, clip_s = sys.argv[1], int(sys.argv[2]), sys.argv[3], float(sys.argv[4])
    world = World(_SEED, num, _SCENE, clip_s)
    clips = [encode_clip(world, camera, codec, clip_s) for camera in range(num)]
    kbps = sum(len(picture) for clip in clips for picture in clip) * 8 / clip_s / num / 1e3
    print("encoded", flush=True)
    num_sent = asyncio.run(send(url, clips, codec))
    print(json.dumps({"num_sent": num_sent, "kbps_each": round(kbps)}), flush=True)


if __name__ == "__main__":
    main()
