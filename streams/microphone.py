"""A local microphone through PortAudio."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from ..errors import SourceError
from .clock import NS_PER_MS, NS_PER_S
from .devices import import_sounddevice
from .media import SAMPLE_RATE_HZ, AudioChunk
from .sound import Chunker, Resampler
from .source import Feed, SourceInfo

_WATCH_NS = 250 * NS_PER_MS
_BLOCK_HZ = 20  # 50 ms a call


class MicrophoneSource:
    """A sound input by its number (`agent devices` lists them), or the system's default."""

    def __init__(self, index: int | None = None, *, name: str | None = None) -> None:
        self.index = index
        self.name = name or ("mic" if index is None else f"mic{index}")

    def probe(self) -> SourceInfo:
        device = self._device()
        return SourceInfo(
            has_video=False,
            has_audio=True,
            detail=f"microphone {device['name']}, {device['default_samplerate']:.0f} Hz",
            is_live=True,
        )

    def run(self, feed: Feed, stop: threading.Event) -> None:
        rate_hz = int(self._device()["default_samplerate"])
        listener = _Listener(feed, rate_hz)
        with self._open(rate_hz, listener):
            while feed.clock.wait_until(feed.clock.now_ns() + _WATCH_NS, stop):
                feed.check_silence()

    def _device(self) -> Any:
        sounddevice = import_sounddevice()
        try:
            return sounddevice.query_devices(self.index, "input")
        except (ValueError, sounddevice.PortAudioError) as error:
            which = "default microphone" if self.index is None else f"microphone {self.index}"
            raise SourceError(
                f"{self.name}: there is no {which}; `agent devices` lists what is there"
            ) from error

    def _open(self, rate_hz: int, callback: Callable[..., None]) -> Any:
        sounddevice = import_sounddevice()
        try:
            return sounddevice.InputStream(
                samplerate=rate_hz,
                blocksize=rate_hz // _BLOCK_HZ,
                device=self.index,
                channels=1,
                dtype="float32",
                callback=callback,
            )
        except sounddevice.PortAudioError as error:
            reason = " ".join(str(error).split())
            raise SourceError(f"{self.name}: the microphone cannot be opened ({reason})") from error


class _Listener:
    """Called by PortAudio's thread with each block: resamples it and gives it to the feed."""

    def __init__(self, feed: Feed, rate_hz: int) -> None:
        self._feed = feed
        self._rate_hz = rate_hz
        self._resampler = Resampler()
        self._chunker = Chunker(feed.name)

    def __call__(self, block: NDArray[np.float32], num_frames: int, times: Any, status: Any) -> None:
        # PortAudio says how long before this call the first sample was in the air.
        latency_ns = int(max(0.0, times.currentTime - times.inputBufferAdcTime) * NS_PER_S)
        for chunk in self._chunker.put(self._at_16_khz(block[:, 0]), self._feed.clock.now_ns() - latency_ns):
            self._feed.audio(chunk)
            self._feed.watermark(chunk.t_ns)
        if status.input_overflow:
            lost = AudioChunk(self._feed.name, self._feed.clock.now_ns(), np.empty(0, np.float32))
            self._feed.drop(lost, "device")

    def _at_16_khz(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        if self._rate_hz == SAMPLE_RATE_HZ:
            return samples.copy()
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None]), format="flt", layout="mono")
        frame.sample_rate = self._rate_hz
        return self._resampler.resample(frame)
