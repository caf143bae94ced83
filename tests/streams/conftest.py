"""Real media files, made with FFmpeg's encoders, and a check that no test leaves a thread behind."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from millrace.streams.clock import VirtualClock
from millrace.streams.media import AudioChunk, SourceEvent, VideoFrame
from millrace.streams.reader import Reader
from millrace.streams.source import Feed, Source

Picture = Callable[[int], NDArray[np.uint8]]  # frame number -> RGB [H, W, 3]


@pytest.fixture(autouse=True)
def no_thread_is_left_behind() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    left = [thread for thread in threading.enumerate() if thread not in before]
    for thread in left:
        thread.join(1.0)
    assert not [thread.name for thread in left if thread.is_alive()]


def checkered(width: int = 320, height: int = 192, seed: int = 0) -> NDArray[np.uint8]:
    """A still background with something to see in every block."""
    rng = np.random.default_rng(seed)
    tiles = rng.integers(0, 255, (height // 16, width // 16, 3))
    return np.kron(tiles, np.ones((16, 16, 1))).astype(np.uint8)


def _moving(index: int) -> NDArray[np.uint8]:
    """A red square that crosses."""
    picture = checkered()
    left = index * 4 % 280
    picture[60:100, left : left + 40] = (255, 20, 20)
    return picture


@dataclass(frozen=True)
class Clip:
    """What a test wants of a file."""

    picture: Picture | None = _moving
    num_frames: int = 30
    fps: int = 30
    options: dict[str, str] = field(default_factory=lambda: {"preset": "veryfast", "g": "30"})
    codec: str = "libx264"
    sound_s: float = 0.0
    sound_hz: int = 44_100


def write_clip(path: Path, clip: Clip, container_options: dict[str, str] | None = None) -> Path:
    """Encode a clip; tone and pictures are interleaved as a camera would write them."""
    with av.open(str(path), "w", options=container_options or {}) as container:
        video = None
        if clip.picture is not None:
            first = clip.picture(0)
            video = container.add_stream(clip.codec, rate=clip.fps)
            video.width, video.height, video.pix_fmt = first.shape[1], first.shape[0], "yuv420p"
            video.options = clip.options
        audio = container.add_stream("aac", rate=clip.sound_hz, layout="stereo") if clip.sound_s else None
        num_sent = 0
        for index in range(clip.num_frames if video is not None else 0):
            frame = av.VideoFrame.from_ndarray(clip.picture(index), format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, clip.fps)
            container.mux(video.encode(frame))
            if audio is not None:
                num_sent = _write_sound(container, audio, clip, num_sent, (index + 1) / clip.fps)
        if audio is not None:
            _write_sound(container, audio, clip, num_sent, clip.sound_s)
        for stream in filter(None, (video, audio)):
            container.mux(stream.encode(None))
    return path


def _write_sound(container, stream, clip: Clip, num_sent: int, until_s: float) -> int:
    while num_sent < min(until_s, clip.sound_s) * clip.sound_hz:
        times = (num_sent + np.arange(1024)) / clip.sound_hz
        tone = (0.5 * np.sin(2 * np.pi * 440 * times)).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(np.stack([tone, tone]), format="fltp", layout="stereo")
        frame.sample_rate, frame.pts = clip.sound_hz, num_sent
        container.mux(stream.encode(frame))
        num_sent += 1024
    return num_sent


@pytest.fixture
def make_clip(tmp_path: Path) -> Callable[..., Path]:
    """Write a clip into the test's folder: `make_clip("a.mp4", num_frames=90, picture=...)`."""

    def make(name: str, container_options: dict[str, str] | None = None, **fields: object) -> Path:
        return write_clip(tmp_path / name, Clip(**fields), container_options)

    return make


@dataclass
class Played:
    """All that came out of a source."""

    frames: list[VideoFrame] = field(default_factory=list)
    chunks: list[AudioChunk] = field(default_factory=list)
    events: list[SourceEvent] = field(default_factory=list)
    order: list[tuple[int, str]] = field(default_factory=list)
    feed: Feed | None = None

    @property
    def kinds(self) -> list[str]:
        return [event.kind.value for event in self.events]


def _play_fast(source: Source, start_ns: int = 0) -> Played:
    """Everything a source has, as fast as it comes; nothing may be dropped on the way."""
    news = threading.Event()
    feed = Feed(source.name, VirtualClock(), realtime=False, start_ns=start_ns, on_put=news.set)
    reader = Reader(source, feed)
    reader.start()
    played = Played(feed=feed)
    while True:
        is_last = feed.is_finished
        frames, chunks = feed.video_channel.drain(), feed.audio_channel.drain()
        played.frames += frames
        played.chunks += chunks
        played.events += feed.event_channel.drain()
        if is_last and not frames and not chunks:
            break
        news.wait(0.05)
        news.clear()
    assert reader.join()
    return played


def _play_in_real_time(source: Source) -> Played:
    """Everything a source has, each item taken the moment it is given, on a clock that jumps."""
    clock = VirtualClock()
    played = Played()
    feed = Feed(source.name, clock, realtime=True)

    def take() -> None:
        frames, chunks = feed.video_channel.drain(), feed.audio_channel.drain()
        played.order += [(clock.now_ns(), "video") for _ in frames] + [
            (clock.now_ns(), "audio") for _ in chunks
        ]
        played.frames += frames
        played.chunks += chunks

    feed.video_channel.on_put = feed.audio_channel.on_put = take
    reader = Reader(source, feed)
    reader.start()
    reader.wait(30.0)
    assert reader.join()
    played.events = feed.event_channel.drain()
    played.feed = feed
    return played


@pytest.fixture
def play_fast() -> Callable[..., Played]:
    return _play_fast


@pytest.fixture
def play_in_real_time() -> Callable[[Source], Played]:
    return _play_in_real_time


@pytest.fixture
def still() -> Picture:
    """A picture that never changes."""
    return lambda index: checkered()


@pytest.fixture
def moving() -> Picture:
    """A red square that crosses."""
    return _moving


@pytest.fixture
def background() -> Callable[..., NDArray[np.uint8]]:
    return checkered
