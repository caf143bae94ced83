"""Real WebRTC peers for tests: tracks with a clock in their pixels, a tone, and a client that speaks WHIP and WHEP."""

from __future__ import annotations

import asyncio
import http.client
from fractions import Fraction

import av
import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from parrot import pause

from millrace.streams.clock import monotonic_ns

SQUARE = 40  # pixels of one bit
COLUMNS, ROWS = 8, 3  # 24 bits of milliseconds


def draw_clock(now_ms, shade=0, width=320, height=180):
    """A picture whose squares are the bits of a time in milliseconds; below them one grey."""
    picture = np.full((height, width, 3), shade, np.uint8)
    for bit in range(COLUMNS * ROWS):
        row, column = divmod(bit, COLUMNS)
        value = 255 if now_ms >> bit & 1 else 0
        picture[row * SQUARE : (row + 1) * SQUARE, column * SQUARE : (column + 1) * SQUARE] = value
    return picture


def read_clock(picture):
    """The time in a picture of that size, in milliseconds modulo 2 ** 24."""
    middles = picture[SQUARE // 2 : ROWS * SQUARE : SQUARE, SQUARE // 2 :: SQUARE].mean(axis=2) > 128
    return sum(int(is_set) << bit for bit, is_set in enumerate(middles.reshape(-1)))


class ClockTrack(MediaStreamTrack):
    """Video whose pictures hold the moment they were made."""

    kind = "video"

    def __init__(self, fps=15, shade=0, size=(320, 180)):
        super().__init__()
        self.fps, self.shade, self.size = fps, shade, size
        self.num, self.began_ns = 0, 0

    async def recv(self):
        self.began_ns = self.began_ns or monotonic_ns()
        self.num += 1
        wait_ns = self.began_ns + self.num * 1_000_000_000 // self.fps - monotonic_ns()
        await pause(max(0, wait_ns) / 1e9)
        now_ns = monotonic_ns()
        frame = av.VideoFrame.from_ndarray(self.draw(now_ns), format="rgb24")
        frame.pts, frame.time_base = (now_ns - self.began_ns) * 9 // 100_000, Fraction(1, 90_000)
        return frame

    def draw(self, now_ns):
        """The picture of this moment."""
        return draw_clock(now_ns // 1_000_000 % (1 << 24), self.shade, *self.size)


class ToneTrack(MediaStreamTrack):
    """A tone in chunks of 20 ms at 48 kHz, the same on both sides."""

    kind = "audio"

    def __init__(self, hz=440.0):
        super().__init__()
        self.hz, self.num, self.began_ns = hz, 0, 0

    async def recv(self):
        self.began_ns = self.began_ns or monotonic_ns()
        wait_ns = self.began_ns + self.num * 20_000_000 - monotonic_ns()
        await pause(max(0, wait_ns) / 1e9)
        times = (np.arange(960) + self.num * 960) / 48_000
        tone = (8_000 * self.wave(times)).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(np.repeat(tone, 2)[None], format="s16", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, self.num * 960, Fraction(1, 48_000)
        self.num += 1
        return frame

    def wave(self, times_s):
        """-1 to 1, by seconds since `began_ns`."""
        return self.loudness(times_s) * np.sin(2 * np.pi * self.hz * times_s)

    def loudness(self, times_s):
        """0 to 1, by seconds since `began_ns`."""
        return np.ones_like(times_s)


class BeepTrack(ToneTrack):
    """The tone for the first tenth of each whole second of the machine's monotonic clock."""

    def loudness(self, times_s):
        return (times_s + self.began_ns % 1_000_000_000 / 1e9) % 1 < 0.1


def beeps(sounds):
    """When each beep among captured sounds (captured, came, samples at 16 kHz) began, in nanoseconds."""
    loud = [
        captured + int(np.argmax(np.abs(samples) > 0.1)) * 62_500
        for captured, _, samples in sounds
        if np.abs(samples).max() > 0.1
    ]
    return [time for at, time in enumerate(loud) if at == 0 or time - loud[at - 1] > 300_000_000]


class StillTrack(ClockTrack):
    """Video of one grey."""

    def draw(self, now_ns):
        return np.full((*self.size[::-1], 3), self.shade, np.uint8)


async def request(port, method, path, body=None, *, tls=None, **headers):
    """One request on a connection of its own, by HTTPS with an SSL context `tls`; returns status, headers, text."""

    def ask():
        if tls is None:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        else:
            connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=20, context=tls)
        try:
            connection.request(method, path, body, {k.replace("_", "-"): v for k, v in headers.items()})
            response = connection.getresponse()
            return response.status, response.headers, response.read().decode()
        finally:
            connection.close()

    return await asyncio.to_thread(ask)


async def offer_of(*kinds):
    """A good offer that sends tracks of these kinds; nobody stands behind it any more."""
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    for kind in kinds:
        pc.addTransceiver(kind, direction="sendonly")
    await pc.setLocalDescription()
    sdp = pc.localDescription.sdp
    await pc.close()
    return sdp


class Client:
    """A peer that offers, and its session at the server."""

    def __init__(self, port, *, tls=None, **headers):
        """`tls` is an SSL context for HTTPS; `headers` go with each request."""
        self.port, self.location, self.etag = port, "", ""
        self.tls, self.headers = tls, headers
        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))

    async def send(self, camera, *tracks):
        """Publish these tracks."""
        for track in tracks:
            self.pc.addTransceiver(track, direction="sendonly")
        await self.post(f"/whip/{camera}")
        return self

    async def watch(self):
        """Receive the agent's picture; returns the track."""
        transceiver = self.pc.addTransceiver("video", direction="recvonly")
        await self.post("/whep")
        return transceiver.receiver.track

    async def post(self, path):
        await self.pc.setLocalDescription()
        offer = self.pc.localDescription.sdp
        status, headers, text = await request(
            self.port, "POST", path, offer, tls=self.tls, Content_Type="application/sdp", **self.headers
        )
        assert status == 201, text
        self.location, self.etag = headers["Location"], headers["ETag"]
        await self.pc.setRemoteDescription(RTCSessionDescription(self.read(text), "answer"))

    def read(self, answer):
        """What of an answer the peer takes."""
        return answer

    async def delete(self):
        """End it as a client should."""
        status, _, _ = await request(self.port, "DELETE", self.location, tls=self.tls, **self.headers)
        await self.pc.close()
        return status

    async def vanish(self):
        """Go without a word: the sockets close, and nothing else is sent."""
        ice = self.pc.getTransceivers()[0].receiver.transport.transport
        for protocol in ice._connection._protocols:
            protocol.transport.abort()
