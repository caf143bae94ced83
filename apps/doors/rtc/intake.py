"""Drains the tracks of a peer: the newest picture when the parent has room, all sound at 16 kHz."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

import av
import numpy as np
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av.video.reformatter import Interpolation, VideoReformatter
from numpy.typing import NDArray

from ....streams.clock import NS_PER_MS, NS_PER_S, monotonic_ns
from ....streams.media import SAMPLE_RATE_HZ
from ....streams.sound import Resampler
from .limits import FRAME_HEIGHT, FRAME_WIDTH, RtcLimits
from .tap import Tap
from .wire import Kind

Send = Callable[[Kind, dict[str, Any], bytes | memoryview], bool]  # False: the parent does not keep up
_VIDEO_HZ = 90_000
_CHUNK_SAMPLES = SAMPLE_RATE_HZ * 40 // 1000
_MAX_DRIFT_NS, _SLEW = 60 * NS_PER_MS, 50


class VideoIntake:
    """One video track. It is read as fast as it comes; of what was read only the newest is ever converted."""

    def __init__(
        self, track: MediaStreamTrack, tap: Tap, send: Send, limits: RtcLimits, workers: Executor
    ) -> None:
        self._track, self._tap, self._send = track, tap, send
        self._limits, self._workers = limits, workers
        self._newest: av.VideoFrame | None = None
        self._has_credit = False
        self._news = asyncio.Event()
        self._reformatter = VideoReformatter()
        self._counts: Counter[str] = Counter()

    async def run(self) -> None:
        """Until the track ends."""
        converting = asyncio.ensure_future(self._convert_all())
        try:
            while True:
                frame = await self._track.recv()
                if isinstance(frame, av.VideoFrame):
                    self._put(frame)
        except MediaStreamError:
            return
        finally:
            converting.cancel()

    def credit(self) -> None:
        """The parent has taken the last frame: one more may go."""
        self._has_credit = True
        self._news.set()

    def statistics(self) -> dict[str, Any]:
        """Counts so far; `dropped` by cause."""
        dropped = {cause: self._counts[cause] for cause in ("replaced", "late")}
        dropped["decode_error"] = self._tap.errors.num
        dropped["undecoded"] = self._tap.backlog.num_skipped
        return {
            "kind": "video",
            "frames": self._counts["frames"],
            "sent": self._counts["sent"],
            "dropped": dropped,
            "clock": self._tap.clock.basis,
        }

    def _put(self, frame: av.VideoFrame) -> None:
        self._counts["frames"] += 1
        self._counts["replaced"] += self._newest is not None
        self._newest = frame
        self._news.set()

    async def _convert_all(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._news.wait()
            self._news.clear()
            frame = self._newest
            if frame is None or not self._has_credit:
                continue
            self._newest = None
            captured_ns, arrived_ns = self._tap.times(frame.pts, _VIDEO_HZ)
            if monotonic_ns() - arrived_ns > self._limits.late_s * NS_PER_S:
                self._counts["late"] += 1
                continue
            pixels = await loop.run_in_executor(self._workers, self._convert, frame)
            height, width = pixels.shape[:2]
            head = {"width": width, "height": height, "t_ns": captured_ns}
            self._has_credit = False
            self._send(Kind.FRAME, head, pixels.data.cast("B"))
            self._counts["sent"] += 1

    def _convert(self, frame: av.VideoFrame) -> NDArray[np.uint8]:
        scale = min(1.0, FRAME_WIDTH / frame.width, FRAME_HEIGHT / frame.height)
        small = self._reformatter.reformat(
            frame,
            width=max(1, round(frame.width * scale)),
            height=max(1, round(frame.height * scale)),
            format="rgb24",
            interpolation=Interpolation.AREA if scale < 1 else Interpolation.FAST_BILINEAR,
            threads=1,
        )
        return np.ascontiguousarray(small.to_ndarray(), np.uint8)


class SoundIntake:
    """One audio track, in chunks of 16 kHz mono as they come, 20 ms each where the sender does so too."""

    def __init__(self, track: MediaStreamTrack, tap: Tap, send: Send) -> None:
        self._track, self._tap, self._send = track, tap, send
        self._resampler = Resampler()
        self._next_ns: int | None = None  # the time of the next sample, by counting
        self._last_ns = 0  # of the last chunk
        self._counts: Counter[str] = Counter()

    async def run(self) -> None:
        """Until the track ends."""
        try:
            while True:
                frame = await self._track.recv()
                if isinstance(frame, av.AudioFrame):
                    self._put(frame)
        except MediaStreamError:
            return

    def credit(self) -> None:
        """Sound needs none."""

    def statistics(self) -> dict[str, Any]:
        """Counts so far."""
        dropped = {"parent": self._counts["parent"], "decode_error": self._tap.errors.num}
        dropped["undecoded"] = self._tap.backlog.num_skipped
        return {
            "kind": "audio",
            "chunks": self._counts["chunks"],
            "dropped": dropped,
            "clock": self._tap.clock.basis,
        }

    def _put(self, frame: av.AudioFrame) -> None:
        rate_hz = round(1 / frame.time_base) if frame.time_base else frame.rate
        captured_ns, _ = self._tap.times(frame.pts, rate_hz)
        samples = self._resampler.resample(frame)
        for start in range(0, len(samples), _CHUNK_SAMPLES):
            chunk = np.ascontiguousarray(samples[start : start + _CHUNK_SAMPLES])
            t_ns = self._time(captured_ns + start * NS_PER_S // SAMPLE_RATE_HZ, len(chunk))
            was_sent = self._send(Kind.SOUND, {"t_ns": t_ns}, chunk.data.cast("B"))
            self._counts["chunks" if was_sent else "parent"] += 1

    def _time(self, stamp_ns: int, num_samples: int) -> int:
        """Counting is smoother than stamps, which lead it gently; a gap makes it jump."""
        next_ns = stamp_ns if self._next_ns is None else self._next_ns
        apart_ns = stamp_ns - next_ns
        next_ns += apart_ns if abs(apart_ns) > _MAX_DRIFT_NS else apart_ns // _SLEW
        self._last_ns = next_ns = max(next_ns, self._last_ns)  # times never run backwards
        self._next_ns = next_ns + num_samples * NS_PER_S // SAMPLE_RATE_HZ
        return next_ns
