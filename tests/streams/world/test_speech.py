"""Spoken words, with espeak-ng and without it."""

import shutil
import stat

import numpy as np
import pytest

from millrace.errors import MissingDependencyError
from millrace.streams.world import speech
from millrace.streams.world.speech import can_speak, need_speech, say

RATE = 16_000
needs_espeak = pytest.mark.skipif(not shutil.which("espeak-ng"), reason="espeak-ng is not on this machine")


@pytest.fixture
def forgetful():
    """Nothing is remembered from or for other tests."""
    speech._spoken.cache_clear()
    yield
    speech._spoken.cache_clear()


@needs_espeak
def test_words_become_samples_at_the_pace_of_speech():
    samples = say("tell me when a red car enters", 1)
    assert samples.dtype == np.float32
    assert 1.0 < len(samples) / RATE < 4.0
    assert 0.1 < np.abs(samples).max() <= 1.2


@needs_espeak
def test_most_of_what_is_spoken_lies_where_voices_do():
    power = np.abs(np.fft.rfft(say("how many people are in the lobby", 3))) ** 2
    hz = np.fft.rfftfreq(2 * len(power) - 2, 1 / RATE)
    assert power[(hz > 80) & (hz < 4000)].sum() > 0.8 * power.sum()


@needs_espeak
def test_longer_texts_take_longer_and_seeds_change_the_voice():
    short, long = say("stop", 2), say("stop when the blue van has left the yard", 2)
    assert len(long) > 2 * len(short)
    voices = {say("what do you hear", seed).tobytes() for seed in range(6)}
    assert len(voices) == 6


@needs_espeak
def test_the_same_words_in_the_same_voice_are_said_once(forgetful):
    first = say("a bell", 4)
    assert say("a bell", 4) is first
    assert not first.flags.writeable
    speech._spoken.cache_clear()
    assert (say("a bell", 4) == first).all()


@needs_espeak
def test_a_text_that_looks_like_an_option_is_spoken():
    assert len(say("--version", 5)) > RATE // 4


def test_without_the_program_nothing_is_said_and_who_needs_it_is_told_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not can_speak()
    assert say("hello", 0) is None
    with pytest.raises(MissingDependencyError, match="apt install espeak-ng") as error:
        need_speech()
    assert "\n" not in str(error.value)


def test_a_program_that_fails_is_reported_in_one_line(monkeypatch, tmp_path, forgetful):
    broken = tmp_path / "espeak-ng"
    broken.write_text("#!/bin/sh\necho 'no voice data' >&2\nexit 1\n")
    broken.chmod(broken.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingDependencyError, match=r"failed \(no voice data\)") as error:
        say("hello", 0)
    assert "\n" not in str(error.value)
