"""A stage's soundtrack: what the log tells is there to be heard, and nothing else is."""

import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from millrace.perception.audio import TOKEN_SAMPLES, AudioTokenizer
from millrace.streams.media import AudioChunk
from millrace.streams.world.events import AMBIENT, SOUNDS, WorldEventKind
from millrace.streams.world.mixing import SPACING_S
from millrace.streams.world.noises import voice
from millrace.streams.world.sound import soundtrack_of
from millrace.streams.world.speech import Utterance
from millrace.streams.world.stage import SoundCue

S = 1_000_000_000
RATE = 16_000
NATURAL = SOUNDS[8:]
FAINT_HISS = (0.0005, 0.0005)
MEMORY = 24  # kept tokens that a judgement may lean on


def rng(seed=0):
    return np.random.default_rng(seed)


def alone(*cues, seconds=8.0, seed=0, **more):
    return soundtrack_of(cues, seconds, rng(seed), **{"hiss": FAINT_HISS, "with_random": 0.0} | more)


def level(samples, from_s, to_s):
    return float(np.sqrt(np.mean(samples[round(from_s * RATE) : round(to_s * RATE)] ** 2)))


@pytest.mark.parametrize("sound", SOUNDS)
def test_a_cue_is_heard_from_its_time_and_told_once_it_can_be_named(sound):
    for seed in range(8):
        track = alone(SoundCue(2 * S, sound), seed=seed)
        (event,) = track.events
        assert (event.kind, event.sound, event.camera) == (WorldEventKind.SOUND, sound, None)
        assert 2.1 * S < event.t_ns < 6 * S
        assert level(track.samples, 2.0, event.t_ns / S) > 2 * level(track.samples, 1.0, 2.0)


def test_what_is_not_told_is_not_in_the_log_and_too_faint_to_name():
    for seed in range(6):
        track = alone(SoundCue(2 * S, "engine", 4.0, is_told=False), seed=seed)
        assert not track.events
        assert level(track.samples, 2.0, 6.0) < 1.5 * level(track.samples, 0.5, 2.0)


def test_what_would_not_be_audible_is_left_out_altogether():
    seeds = range(30)
    rain = [SoundCue(0, "rain")]
    kept = [bool(alone(*rain, SoundCue(2 * S, "crash", loudness=0.02), seed=s).events) for s in seeds]
    loud = [bool(alone(*rain, SoundCue(2 * S, "crash", loudness=1.0), seed=s).events) for s in seeds]
    assert sum(kept) < 4
    assert sum(loud) > 26
    faint = alone(SoundCue(2 * S, "crash", loudness=1e-4))
    assert level(faint.samples, 2.0, 3.0) == pytest.approx(0.0005, rel=0.1)


def test_of_two_sounds_at_once_the_louder_stays():
    for seed in range(10):
        track = alone(SoundCue(2 * S, "bell", loudness=0.3), SoundCue(2 * S, "crash"), seed=seed)
        assert [event.sound for event in track.events] == ["crash"]


def test_a_bout_of_footsteps_is_one_event():
    track = alone(SoundCue(S, "footsteps", 20.0), SoundCue(9 * S, "footsteps", 3.0), seconds=30.0)
    assert len(track.events) == 1
    assert level(track.samples, 18.0, 20.0) > 0.003


def test_an_engine_that_comes_near_is_told_when_it_has_become_audible():
    for seed in range(10):
        track = alone(SoundCue(2 * S, "engine", 9.0), seconds=14.0, hiss=(0.02, 0.02), seed=seed)
        for event in track.events:
            assert level(track.samples, event.t_ns / S - 0.7, event.t_ns / S) > 1.5 * 0.02


def test_what_sounds_from_the_start_or_past_the_end_is_nobodys_event():
    assert not alone(SoundCue(0, "noise")).events
    assert not alone(SoundCue(int(7.9 * S), "four beeps"), SoundCue(20 * S, "bell")).events


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0, 20), st.sampled_from(SOUNDS), st.floats(0, 6), st.floats(0.05, 1)),
        max_size=12,
    ),
    st.integers(0, 99),
)
def test_told_sounds_are_apart_and_in_order(drawn, seed):
    cues = [SoundCue(int(t * S), sound, duration, loudness) for t, sound, duration, loudness in drawn]
    track = soundtrack_of(cues, 20.0, rng(seed), with_random=0.3)
    times = [event.t_ns / S for event in track.events]
    assert track.samples.shape == (20 * RATE,)
    assert track.samples.dtype == np.float32
    assert np.abs(track.samples).max() <= 1
    assert all(b - a >= SPACING_S - 1e-6 for a, b in pairwise(times))
    assert all(0.5 < t <= 20 for t in times)


def test_the_same_seed_gives_the_same_sound():
    one, two = (soundtrack_of([], 20.0, rng(5), with_random=0.3) for _ in range(2))
    assert one.events == two.events
    assert (one.samples == two.samples).all()
    assert (soundtrack_of([], 20.0, rng(6)).samples != one.samples).any()


@pytest.mark.parametrize("sound", AMBIENT)
def test_ambience_is_there_and_mostly_taken_for_silence(sound):
    shares = []
    for seed in range(8):
        track = alone(SoundCue(0, sound), seconds=30.0, seed=seed)
        assert not track.events
        assert level(track.samples, 0, 30) > 2 * FAINT_HISS[1]
        kept, offered = AudioTokenizer().tokens([AudioChunk("mic", 0, track.samples)])
        shares.append(len(kept) / offered)
    assert np.mean(shares) < 0.15


def test_ambience_that_comes_later_fades_in():
    samples = alone(SoundCue(4 * S, "rain"), seconds=10.0).samples
    assert level(samples, 1, 4) < level(samples, 4.4, 5) < level(samples, 6, 9)


def test_half_of_the_worlds_without_a_cue_have_ambience():
    floors = [level(alone(seconds=4.0, seed=seed).samples, 0, 4) for seed in range(60)]
    assert 18 <= sum(floor > 2 * FAINT_HISS[1] for floor in floors) <= 42


def test_speech_is_heard_and_silences_what_is_not_louder():
    t = np.arange(3 * RATE) / RATE
    voice_like = (0.3 * np.sin(2 * np.pi * 180 * t) * (1 + np.sin(2 * np.pi * 4 * t))).astype(np.float32)
    said = Utterance(2 * S, "count the cars", voice_like)
    track = alone(SoundCue(3 * S, "bell", loudness=0.2), speech=[said])
    assert level(track.samples, 2, 5) > 10 * level(track.samples, 0, 2)
    assert not track.events


@pytest.mark.parametrize("sound", NATURAL)
def test_no_two_voices_are_alike_and_none_is_silent_or_broken(sound):
    made = [voice(sound, 0.0, rng(seed)) for seed in range(12)]
    assert len({len(each.samples) for each in made}) > 8
    for each in made:
        assert np.isfinite(each.samples).all()
        assert 0.1 < np.abs(each.samples).max() < 100
        assert 0.1 < each.named_s < 3


@pytest.mark.parametrize("sound", ["footsteps", "engine", "barking"])
def test_what_lasts_lasts_as_long_as_its_cue(sound):
    for seed in range(5):
        assert len(voice(sound, 12.0, rng(seed)).samples) / RATE == pytest.approx(12.0, abs=1.5)


def test_ten_minutes_take_memory_in_proportion():
    tracemalloc.start()
    samples = alone(SoundCue(0, "street"), seconds=600.0, with_random=0.1).samples
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert samples.nbytes == 600 * RATE * 4
    assert peak < 8 * samples.nbytes


def test_a_linear_ear_tells_the_sounds_apart_on_unseen_seeds():
    features, names = examples(range(60))
    mean, spread = features.mean(0), features.std(0) + 0.05
    unseen, truth = examples(range(1000, 1020))
    scaled, asked = ((each - mean) / spread for each in (features, unseen))
    wanted = np.eye(len(SOUNDS))[names]
    # Ridge regression in its dual form: there are fewer examples than features.
    inverse = np.linalg.solve(scaled @ scaled.T + 100 * np.eye(len(scaled)), wanted - wanted.mean(0))
    found = (asked @ scaled.T @ inverse + wanted.mean(0)).argmax(1)
    assert set(truth) == set(range(len(SOUNDS)))
    assert (found == truth).mean() > 0.9


def examples(seeds):
    """What is heard of each told sound until shortly after its naming, as the model reads it; and its number."""
    features, names = [], []
    for seed in seeds:
        track = soundtrack_of([], 30.0, rng(seed), with_random=0.5)
        ear, heard, at = AudioTokenizer(), [], 0
        for event in track.events:
            until = (event.t_ns * RATE // S // TOKEN_SAMPLES + 3) * TOKEN_SAMPLES
            heard += list(ear.tokens([AudioChunk("mic", 0, track.samples[at:until])])[0])
            at = until
            features.append(summary(np.array(heard[-MEMORY:])))
            names.append(SOUNDS.index(event.sound))
    return np.array(features), np.array(names)


def summary(tokens):
    tokens = np.concatenate([np.full((MEMORY - len(tokens), 161), -1.9), tokens])
    bands = tokens[:, :160].reshape(-1, 40)
    course = tokens[:, :160].reshape(MEMORY, 4, 40).mean(1)
    steps = np.abs(np.diff(bands, axis=0)).mean(0)
    pooled = [bands.mean(0), bands.max(0), bands.std(0), steps]
    return np.concatenate([*pooled, course.ravel(), bands.max(1), tokens[:, 160]])
