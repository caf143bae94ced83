"""What is scored was never trained on, and no world stands in two papers."""

from itertools import combinations

from millrace.apps.scoring import seeds
from millrace.apps.scoring.papers import PAPERS
from millrace.apps.scoring.worlds import CALIBRATION, HELD_OUT_EASY
from millrace.apps.training import encoder_stage, patches, stream_stage
from millrace.apps.training.settings import TrainSettings


def test_no_seed_stands_in_two_lists():
    for (one, first), (other, second) in combinations(seeds.LISTS.items(), 2):
        assert not set(first) & set(second), (one, other)


def test_papers_take_their_seeds_from_the_lists_and_no_world_twice():
    known = {seed for name, seeds_ in seeds.LISTS.items() if name != "calibration" for seed in seeds_}
    taken = [setting.seed for settings in PAPERS.values() for setting in settings]
    assert set(taken) <= known
    assert len(taken) == len(set(taken))


def test_no_seed_is_trained_on():
    settings = TrainSettings()
    # A batch takes fewer than two worlds, and a run that goes on skips two for each batch it has seen.
    encoder = range(patches.TRAIN_SEEDS, patches.TRAIN_SEEDS + 4 * settings.encoder_steps + 1000)
    streams = range(
        stream_stage._FIRST_SEED, stream_stage._FIRST_SEED + settings.num_streams + stream_stage.SHARD
    )
    watched = range(encoder_stage._EVALUATION_SEEDS, encoder_stage._EVALUATION_SEEDS + 1000)
    scored = {seed for list_ in seeds.LISTS.values() for seed in list_}
    assert max(scored) < patches.TRAIN_SEEDS
    for trained in (encoder, streams, watched):
        assert not any(seed in trained for seed in scored)
    assert not set(encoder) & set(streams)


def test_thresholds_are_chosen_on_worlds_of_their_own():
    assert {seed for seed, _, _ in CALIBRATION} <= set(seeds.CALIBRATION)
    assert not {seed for seed, _, _ in HELD_OUT_EASY} & set(seeds.CALIBRATION)
