from __future__ import annotations

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from millrace.streams.clock import NS_PER_MS, NS_PER_S
from millrace.streams.sound import CHUNK_SAMPLES, Chunker, Resampler, samples_to_ns


@given(st.lists(st.integers(0, 3000), max_size=20))
def test_chunks_are_whole_even_and_lose_nothing(lengths: list[int]) -> None:
    chunker = Chunker("mic")
    signal = np.linspace(-1, 1, max(1, sum(lengths))).astype(np.float32)
    chunks, position = [], 0
    for length in lengths:
        part = signal[position : position + length]
        chunks += chunker.put(part, samples_to_ns(position))
        position += length
    assert all(len(chunk.samples) == CHUNK_SAMPLES for chunk in chunks)
    chunks += chunker.flush()
    joined = np.concatenate([chunk.samples for chunk in chunks]) if chunks else np.empty(0, np.float32)
    assert np.array_equal(joined, signal[:position])
    assert [chunk.t_ns for chunk in chunks] == [
        samples_to_ns(index * CHUNK_SAMPLES) for index in range(len(chunks))
    ]


def test_a_gap_moves_the_time_and_small_jitter_does_not() -> None:
    chunker = Chunker("mic")
    block = np.zeros(CHUNK_SAMPLES, np.float32)
    chunks = [*chunker.put(block, 0), *chunker.put(block, 60 * NS_PER_MS), *chunker.put(block, NS_PER_S)]
    assert [chunk.t_ns for chunk in chunks] == [0, 50 * NS_PER_MS, NS_PER_S]


def test_what_is_too_loud_is_cut_off_at_one() -> None:
    (chunk,) = Chunker("mic").put(np.full(CHUNK_SAMPLES, 3.0, np.float32), 0)
    assert chunk.samples.max() == 1.0


def tone(rate_hz: int, layout: str, sample_format: str) -> av.AudioFrame:
    times = np.arange(rate_hz) / rate_hz
    wave = 0.5 * np.sin(2 * np.pi * 1000 * times)
    num_channels = {"mono": 1, "stereo": 2, "5.1": 6}[layout]
    if sample_format == "s16":
        samples = np.repeat((wave * 32767).astype(np.int16), num_channels)[None]
    else:
        samples = np.tile(wave.astype(np.float32), (num_channels, 1))
    frame = av.AudioFrame.from_ndarray(samples, format=sample_format, layout=layout)
    frame.sample_rate = rate_hz
    return frame


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100, 48_000])
@pytest.mark.parametrize(
    ("layout", "sample_format"), [("mono", "fltp"), ("stereo", "s16"), ("stereo", "fltp")]
)
def test_any_rate_and_layout_becomes_16_khz_mono_at_its_own_loudness(rate_hz, layout, sample_format) -> None:
    resampler = Resampler()
    samples = np.concatenate([resampler.resample(tone(rate_hz, layout, sample_format)), resampler.flush()])
    assert len(samples) == pytest.approx(16_000, abs=32)
    middle = samples[4000:12_000]
    assert np.argmax(np.abs(np.fft.rfft(middle))) == 500
    assert np.abs(middle).max() == pytest.approx(0.5, abs=0.02)


def test_a_format_that_changes_in_mid_stream_is_followed() -> None:
    resampler = Resampler()
    first = resampler.resample(tone(44_100, "stereo", "fltp"))
    second = resampler.resample(tone(48_000, "mono", "s16"))
    assert len(first) > 15_900
    assert len(second) > 15_900
