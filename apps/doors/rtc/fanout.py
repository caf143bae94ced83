"""One encoder for all viewers: a picture is encoded once, and its packets go to everybody who watches."""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import Executor
from fractions import Fraction

import av
import numpy as np
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType

from ....streams.clock import NS_PER_S

_CLOCK_HZ = 90_000
_MAX_WAITING = 40  # packets for one viewer; one that is slower begins again at the next key picture
_KEY_EVERY_NS = NS_PER_S  # at most, however many ask
_FPS = 10
_OPTIONS = {
    "VP8": {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "static-thresh": "1"},
    "H264": {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline", "level": "31"},
}
_LIBRARIES = {"VP8": "libvpx", "H264": "libx264"}


class PacketTrack(MediaStreamTrack):
    """What one viewer gets: packets that are encoded already, from a key picture on."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._packets: deque[av.Packet[av.VideoStream]] = deque()
        self._news = asyncio.Event()
        self.needs_key = True
        self.num_dropped = 0

    def put(self, packet: av.Packet[av.VideoStream]) -> None:
        """Never blocks."""
        if len(self._packets) >= _MAX_WAITING:
            self.num_dropped += len(self._packets)
            self._packets.clear()
            self.needs_key = True
        if self.needs_key and not packet.is_keyframe:
            return
        self.needs_key = False
        self._packets.append(packet)
        self._news.set()

    async def recv(self) -> av.Packet[av.VideoStream]:
        """For aiortc, which packs a packet as it is."""
        while not self._packets:
            if self.readyState != "live":
                raise MediaStreamError
            self._news.clear()
            await self._news.wait()
        return self._packets.popleft()

    def stop(self) -> None:
        super().stop()
        self._news.set()


class Fanout:
    """All viewers by codec; in practice all take VP8, and there is one encoder."""

    def __init__(self, kbps: int, workers: Executor) -> None:
        self._kbps, self._workers = kbps, workers
        self._tracks: dict[str, set[PacketTrack]] = {}
        self._encoders: dict[str, _Encoder] = {}
        self._is_busy = False
        self._key_wanted, self._key_ns = False, 0
        self.num_pictures = self.num_encoded = 0

    def join(self, codec: str) -> PacketTrack:
        """A viewer who takes `VP8` or `H264`."""
        track = PacketTrack()
        self._tracks.setdefault(codec, set()).add(track)
        self.want_key()
        return track

    def leave(self, track: PacketTrack) -> None:
        """The viewer is gone."""
        track.stop()
        for codec in [codec for codec, tracks in self._tracks.items() if track in tracks]:
            self._tracks[codec].discard(track)
            if not self._tracks[codec]:
                del self._tracks[codec]
                self._encoders.pop(codec, None)

    def want_key(self) -> None:
        """Somebody came, or lost the picture."""
        self._key_wanted = True

    async def show(self, planes: memoryview, width: int, height: int, t_ns: int) -> None:
        """Planes of 4:2:0; while the last picture is still being encoded, this one is left out."""
        if self._is_busy or not self._tracks:
            return
        self._is_busy = True
        try:
            array = np.frombuffer(planes, np.uint8).reshape(height * 3 // 2, width)
            is_key = self._key_wanted and t_ns - self._key_ns >= _KEY_EVERY_NS
            self.num_pictures += 1
            for codec in list(self._tracks):
                await self._encode(codec, array, t_ns, is_key)
            if is_key:
                self._key_wanted, self._key_ns = False, t_ns
        finally:
            self._is_busy = False
        if any(track.needs_key for tracks in self._tracks.values() for track in tracks):
            self.want_key()

    def statistics(self) -> dict[str, int]:
        """Counts so far; one encode for each picture and codec, whoever watches."""
        viewers = sum(len(tracks) for tracks in self._tracks.values())
        return {"viewers": viewers, "pictures": self.num_pictures, "encoded": self.num_encoded}

    async def _encode(self, codec: str, array: np.ndarray, t_ns: int, is_key: bool) -> None:
        encoder = self._encoders.get(codec)
        if encoder is None or encoder.shape != array.shape:
            encoder = self._encoders[codec] = _Encoder(codec, array.shape, self._kbps)
        loop = asyncio.get_running_loop()
        packets = await loop.run_in_executor(self._workers, encoder.encode, array, t_ns, is_key)
        self.num_encoded += 1
        for packet in packets:
            for track in self._tracks.get(codec, ()):
                track.put(packet)


class _Encoder:
    def __init__(self, codec: str, shape: tuple[int, ...], kbps: int) -> None:
        self.shape = shape
        context = av.CodecContext.create(_LIBRARIES[codec], "w")
        assert isinstance(context, VideoCodecContext)
        context.width, context.height = shape[1], shape[0] * 2 // 3
        context.pix_fmt = "yuv420p"
        context.bit_rate = kbps * 1000
        context.time_base, context.framerate = Fraction(1, _CLOCK_HZ), Fraction(_FPS, 1)
        context.gop_size = 3000
        context.thread_count = 1
        context.options = _OPTIONS[codec]
        self._context = context

    def encode(self, array: np.ndarray, t_ns: int, is_key: bool) -> list[av.Packet[av.VideoStream]]:
        frame = av.VideoFrame.from_ndarray(array, format="yuv420p")
        frame.pts, frame.time_base = t_ns * _CLOCK_HZ // NS_PER_S, Fraction(1, _CLOCK_HZ)
        frame.pict_type = PictureType.I if is_key else PictureType.NONE
        return list(self._context.encode(frame))
