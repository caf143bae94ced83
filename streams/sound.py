"""Sound of any rate and layout in, chunks of 16 kHz mono out."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from .clock import NS_PER_MS, NS_PER_S
from .media import SAMPLE_RATE_HZ, AudioChunk
from .source import Feed
from .timeline import Timeline, to_ns

# FFmpeg mixes channels with equal power: what is the same on both sides would come out 3 dB louder.
DOWNMIX_GAIN = math.sqrt(0.5)
CHUNK_SAMPLES = SAMPLE_RATE_HZ // 20  # 50 ms
# Stamps and counted samples may part so far before the stamps win (a gap in the recording).
_MAX_DRIFT_NS = 40 * NS_PER_MS


def samples_to_ns(num_samples: int) -> int:
    """How long so many samples last at 16 kHz."""
    return num_samples * NS_PER_S // SAMPLE_RATE_HZ


class Chunker:
    """Cuts 16 kHz mono samples into chunks of 50 ms, whose times follow from the count of samples."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._waiting: NDArray[np.float32] = np.empty(0, np.float32)
        self._next_ns: int | None = None  # the time of the first waiting sample

    def put(self, samples: NDArray[np.float32], t_ns: int) -> Iterator[AudioChunk]:
        """Take samples [N] that begin at `t_ns`; yields whole chunks."""
        if self._next_ns is None or abs(self.end_ns - t_ns) > _MAX_DRIFT_NS:
            yield from self.flush()
            self._next_ns = t_ns
        self._waiting = np.concatenate((self._waiting, samples))
        while len(self._waiting) >= CHUNK_SAMPLES:
            yield self._cut(CHUNK_SAMPLES)

    def flush(self) -> Iterator[AudioChunk]:
        """The rest, shorter than a chunk."""
        if len(self._waiting):
            yield self._cut(len(self._waiting))

    @property
    def end_ns(self) -> int:
        """The time after the last sample put in; 0 before the first."""
        return (self._next_ns or 0) + samples_to_ns(len(self._waiting))

    @property
    def next_ns(self) -> int:
        """The time of the next chunk; 0 before the first sample."""
        return self._next_ns or 0

    def _cut(self, num_samples: int) -> AudioChunk:
        samples, self._waiting = np.clip(self._waiting[:num_samples], -1.0, 1.0), self._waiting[num_samples:]
        t_ns = self.next_ns
        self._next_ns = t_ns + samples_to_ns(num_samples)
        return AudioChunk(self._source, t_ns, samples)


class Resampler:
    """Any decoded sound to 16 kHz mono float32; a change of format in mid-stream starts it anew."""

    def __init__(self) -> None:
        self._resampler: av.AudioResampler | None = None
        self._format: tuple[Any, ...] = ()
        self._gain = np.float32(1.0)

    def resample(self, frame: av.AudioFrame) -> NDArray[np.float32]:
        """The samples [N] that came out; the resampler keeps a few back."""
        form = (frame.format.name, frame.layout.name, frame.sample_rate)
        if self._resampler is None or form != self._format:
            self._resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE_HZ)
            self._format = form
            self._gain = np.float32(1.0 if frame.layout.nb_channels == 1 else DOWNMIX_GAIN)
        return self._gain * _join(self._resampler.resample(frame))

    def flush(self) -> NDArray[np.float32]:
        """The samples [N] kept back; nothing may be resampled afterwards."""
        resampler, self._resampler = self._resampler, None
        return self._gain * _join(resampler.resample(None) if resampler is not None else [])


def _join(frames: list[av.AudioFrame]) -> NDArray[np.float32]:
    parts = [frame.to_ndarray().reshape(-1) for frame in frames]
    joined = np.concatenate(parts) if parts else np.empty(0, np.float32)
    return joined.astype(np.float32, copy=False)


class SoundDecoder:
    """Packets of one audio track in, chunks of 16 kHz mono out."""

    def __init__(self, stream: av.AudioStream, timeline: Timeline, feed: Feed) -> None:
        self._context = stream.codec_context
        self._time_base = stream.time_base
        self._timeline = timeline
        self._resampler = Resampler()
        self._chunker = Chunker(feed.name)
        self._start_ns = feed.start_ns
        self._context.thread_count = 1

    def decode(self, packet: av.Packet[Any]) -> Iterator[AudioChunk]:
        """Take the next packet of the track; one that is damaged leaves a gap."""
        stamp = packet.pts if packet.pts is not None else packet.dts
        stamp_ns = (
            to_ns(stamp, self._time_base) if stamp is not None and self._time_base is not None else None
        )
        yield from self._chunks(packet, self._timeline.advance(stamp_ns))

    def finish(self) -> Iterator[AudioChunk]:
        """What decoder, resampler and chunker still hold at the end of the track."""
        yield from self._chunks(None, self._chunker.end_ns)
        yield from self._chunker.put(self._resampler.flush(), self._chunker.end_ns)
        yield from self._chunker.flush()

    @property
    def promised_ns(self) -> int:
        """No chunk before this will come."""
        return max(self._chunker.next_ns, self._start_ns)

    def _chunks(self, packet: av.Packet[Any] | None, t_ns: int) -> Iterator[AudioChunk]:
        try:
            frames = self._context.decode(packet)
        except av.error.FFmpegError:
            return
        for frame in frames:
            if frame.pts is not None and frame.time_base is not None:
                t_ns = self._timeline.at(to_ns(frame.pts, frame.time_base))
            yield from self._chunker.put(self._resampler.resample(frame), t_ns)
