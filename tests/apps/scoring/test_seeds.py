"""What is scored was never trained on, and no world stands in two papers."""

from itertools import combinations

from millrace.apps.scoring import seeds
from millrace.apps.scoring.papers import PAPERS
from millrace.apps.training import patches, rounds, stream_stage


def test_no_seed_stands_in_two_lists():
    for (one, first), (other, second) in combinations(seeds.LISTS.items(), 2):
        assert not set(first) & set(second), (one, other)


def test_papers_take_their_seeds_from_the_lists_and_no_world_twice():
    known = {seed for name, seeds_ in seeds.LISTS.items() if name != "calibration" for seed in seeds_}
    taken = [setting.seed for settings in PAPERS.values() for setting in settings]
    assert set(taken) <= known
    assert len(taken) == len(set(taken))


def test_no_seed_is_trained_on_or_watched_in_training():
    scored = {seed for list_ in seeds.LISTS.values() for seed in list_}
    assert max(scored) < rounds._EVALUATION_SEEDS < patches.TRAIN_SEEDS == 1_000_000
    assert stream_stage._FIRST_SEED >= patches.TRAIN_SEEDS
