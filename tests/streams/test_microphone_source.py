"""The microphone without a sound card: a small stand-in for the sounddevice library."""

from __future__ import annotations

import sys
import threading
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from millrace.errors import MissingDependencyError, SourceError
from millrace.streams.clock import NS_PER_MS, WallClock
from millrace.streams.devices import MicrophoneDevice, list_microphones
from millrace.streams.microphone import MicrophoneSource
from millrace.streams.reader import Reader
from millrace.streams.source import Feed

RATE_HZ = 48_000


class PortAudioError(Exception):
    pass


class InputStream:
    """Calls back with ten blocks of a tone, from a thread of its own as PortAudio does."""

    def __init__(self, *, samplerate, blocksize, device, channels, dtype, callback) -> None:
        assert (channels, dtype, blocksize) == (1, "float32", samplerate // 20)
        self.blocksize, self.samplerate, self.callback = blocksize, samplerate, callback
        self.thread = threading.Thread(target=self.call_back)

    def call_back(self) -> None:
        for index in range(10):
            times = (index * self.blocksize + np.arange(self.blocksize)) / self.samplerate
            block = (0.5 * np.sin(2 * np.pi * 1000 * times)).astype(np.float32)[:, None]
            when = SimpleNamespace(currentTime=5.0, inputBufferAdcTime=4.99)
            self.callback(block, self.blocksize, when, SimpleNamespace(input_overflow=index == 9))

    def __enter__(self) -> InputStream:
        self.thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.thread.join()


def query_devices(device=None, kind=None):
    devices = [
        {"name": "Speaker", "max_input_channels": 0, "default_samplerate": 48_000.0},
        {"name": "Desk", "max_input_channels": 2, "default_samplerate": float(RATE_HZ)},
    ]
    if kind is None:
        return devices
    if device not in (None, 1):
        raise ValueError("no such device")
    return devices[1]


@pytest.fixture
def sounddevice(monkeypatch) -> ModuleType:
    module = ModuleType("sounddevice")
    module.PortAudioError, module.InputStream, module.query_devices = (
        PortAudioError,
        InputStream,
        query_devices,
    )
    module.default = SimpleNamespace(device=(1, 0))
    monkeypatch.setitem(sys.modules, "sounddevice", module)
    return module


def test_without_the_library_the_command_that_installs_it_is_told(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(MissingDependencyError, match=r'pip install "millrace\[audio\]"'):
        MicrophoneSource().probe()


def test_without_portaudio_the_command_that_installs_it_is_told(monkeypatch, tmp_path) -> None:
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')\n")
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    for ask in (MicrophoneSource().probe, list_microphones):
        with pytest.raises(MissingDependencyError, match="apt install libportaudio2"):
            ask()


def test_microphones_are_listed_with_the_number_that_opens_them(sounddevice) -> None:
    assert list_microphones() == [MicrophoneDevice(1, "Desk", 2, True)]


def test_a_microphone_that_is_not_there_is_named(sounddevice) -> None:
    with pytest.raises(SourceError, match="mic7: there is no microphone 7; `agent devices` lists"):
        MicrophoneSource(7).probe()


def test_no_microphone_at_all_is_said(sounddevice) -> None:
    def nothing(*_):
        raise PortAudioError("Error querying device -1")

    sounddevice.query_devices = nothing
    with pytest.raises(SourceError, match="mic: there is no default microphone"):
        MicrophoneSource().probe()


def test_a_microphone_in_use_is_one_line(sounddevice) -> None:
    def refuse(**_):
        raise PortAudioError("Device\nunavailable")

    sounddevice.InputStream = refuse
    feed = Feed("mic", WallClock(), realtime=True)
    reader = Reader(MicrophoneSource(), feed)
    reader.start()
    assert reader.wait(5.0)
    (event,) = feed.event_channel.drain()
    assert event.detail == "mic: the microphone cannot be opened (Device unavailable)"


def test_sound_is_resampled_and_stamped_with_the_time_it_was_in_the_air(sounddevice) -> None:
    info = MicrophoneSource(1).probe()
    assert (info.has_video, info.has_audio, info.is_live) == (False, True, True)
    clock, chunks, enough = WallClock(), [], threading.Event()
    feed = Feed("mic1", clock, realtime=True)

    def take() -> None:
        chunks.extend((clock.now_ns(), chunk) for chunk in feed.audio_channel.drain())
        if len(chunks) == 9:
            enough.set()

    feed.audio_channel.on_put = take
    reader = Reader(MicrophoneSource(1), feed)
    reader.start()
    assert enough.wait(5.0)
    assert reader.join()
    samples = np.concatenate([chunk.samples for _, chunk in chunks])
    assert np.argmax(np.abs(np.fft.rfft(samples[1600:4800]))) == 200
    assert chunks[0][0] - chunks[0][1].t_ns >= 10 * NS_PER_MS
    assert feed.statistics().audio_dropped.get("device") == 1
