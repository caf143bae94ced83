"""Sounds by themselves, over a little hiss."""

from itertools import pairwise

import numpy as np
import pytest

from millrace.apps.scoring.classical_ears import Ears
from millrace.streams.media import SAMPLE_RATE_HZ, AudioChunk
from millrace.streams.world.voices import PLAIN_SOUNDS, plain_voice

CHUNK = SAMPLE_RATE_HZ // 5


def heard(samples, start_ns=0):
    ears = Ears()
    return [
        belief.event
        for n in range(0, len(samples), CHUNK)
        for belief in ears.listen(
            AudioChunk("mic", start_ns + n * 1_000_000_000 // SAMPLE_RATE_HZ, samples[n : n + CHUNK])
        )
    ]


@pytest.mark.parametrize("sound", PLAIN_SOUNDS)
def test_a_sound_is_told_once_by_its_name_and_in_time(sound):
    named = []
    for seed in range(4):
        rng = np.random.default_rng([seed, PLAIN_SOUNDS.index(sound)])
        samples = rng.normal(0, 0.003, 5 * SAMPLE_RATE_HZ).astype(np.float32)
        voice = plain_voice(sound, rng)
        start = 2 * SAMPLE_RATE_HZ
        samples[start : start + len(voice.samples)] += 0.3 * voice.samples
        events = heard(samples, start_ns=7_000_000_000)
        named += [e.sound for e in events]
        assert len(events) == 1
        assert events[0].t_ns / 1e9 == pytest.approx(9 + voice.named_s, abs=0.4)
    assert named.count(sound) >= 3


def test_hiss_alone_is_nothing():
    assert heard(np.random.default_rng(0).normal(0, 0.005, 8 * SAMPLE_RATE_HZ).astype(np.float32)) == []


def test_the_sizes_of_the_chunks_do_not_matter():
    rng = np.random.default_rng(3)
    samples = rng.normal(0, 0.003, 4 * SAMPLE_RATE_HZ).astype(np.float32)
    beeps = plain_voice("two beeps", rng).samples
    samples[SAMPLE_RATE_HZ : SAMPLE_RATE_HZ + len(beeps)] += 0.3 * beeps
    ears, one = Ears(), heard(samples)
    cuts = [0, 100, 5000, 5001, 30_000, len(samples)]
    other = [
        belief.event
        for a, b in pairwise(cuts)
        for belief in ears.listen(AudioChunk("mic", a * 1_000_000_000 // SAMPLE_RATE_HZ, samples[a:b]))
    ]
    assert [e.sound for e in one] == [e.sound for e in other]
    assert abs(one[0].t_ns - other[0].t_ns) < 20_000_000
