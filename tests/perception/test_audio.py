"""Sound to tokens."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from millrace.perception.audio import NUM_AUDIO_FEATURES, TOKEN_SAMPLES, AudioTokenizer
from millrace.streams.media import AudioChunk

RATE = 16_000


def sound(seconds, hz=0.0, level=0.3):
    t = np.arange(int(seconds * RATE)) / RATE
    hiss = np.random.default_rng(1).normal(0, 0.002, len(t))
    return (hiss + (level * np.sin(2 * np.pi * hz * t) if hz else 0)).astype(np.float32)


def tokens(samples, cuts=()):
    ear = AudioTokenizer()
    parts = [ear.tokens([AudioChunk("mic", 0, piece)]) for piece in np.split(samples, cuts)]
    return np.concatenate([p for p, _ in parts]), sum(n for _, n in parts)


def test_silence_gives_no_tokens_but_is_counted():
    features, offered = tokens(sound(4.0))
    assert offered == 50
    assert len(features) <= 2


def test_a_tone_is_heard_with_its_end():
    features, offered = tokens(np.concatenate([sound(2.0), sound(0.8, 440), sound(2.0)]))
    assert offered == 60
    assert 10 <= len(features) <= 20
    assert features.shape[1] == NUM_AUDIO_FEATURES


def test_pitches_differ_where_their_bands_are():
    low, high = (tokens(np.concatenate([sound(1.0), sound(0.5, hz)]))[0][2, :40] for hz in (250, 2000))
    assert low.argmax() < high.argmax()


@settings(max_examples=20)
@given(st.lists(st.integers(0, 3 * RATE), max_size=6))
def test_cuts_between_chunks_do_not_matter(cuts):
    samples = np.concatenate([sound(1.0), sound(1.0, 700), sound(1.0)])
    whole, split = tokens(samples)[0], tokens(samples, sorted(cuts))[0]
    assert whole.shape == split.shape
    assert np.allclose(whole, split)


def test_a_token_is_80_ms():
    assert TOKEN_SAMPLES == RATE * 80 // 1000
