"""What is kept of a frame."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from millrace.perception.encoder import NUM_PATCHES, EncoderConfig
from millrace.perception.pruning import ChangePruner, PruningConfig, RandomPruner, StridePruner

TICK = 200_000_000


def test_floor_is_never_kept(config, features_of):
    assert len(ChangePruner(config).select(features_of({}), 0, 6)) == 0


def test_one_patch_speaks_for_a_thing_that_covers_several(config, features_of):
    things = {
        11: (1, 2.0, (0.5, 0.5)),
        12: (1, 2.0, (-0.5, 0.5)),
        21: (1, 2.0, (0.5, -0.5)),
        22: (1, 2.0, (-0.5, -0.5)),
    }
    assert len(ChangePruner(config).select(features_of(things), 0, 6)) == 1


def test_a_small_thing_beside_a_big_one_is_kept_too(config, features_of):
    big = {p: (1, 3.0, (1 - p % 10, 1 - p // 10)) for p in (0, 1, 2, 10, 11, 12, 20, 21, 22)}
    kept = ChangePruner(config).select(features_of({**big, 15: (2, 0.6, (0.0, 0.0))}), 0, 2)
    assert 15 in kept
    assert len(kept) == 2


def test_what_rests_is_said_once_and_again_after_the_refresh_time(config, features_of):
    pruner, resting = ChangePruner(config), features_of({33: (1, 1.0, (0, 0))})
    kept = [len(pruner.select(resting, tick * TICK, 6)) for tick in range(12)]
    assert kept[0] == 1
    assert sum(kept[1:9]) == 0
    assert sum(kept) == 2


def test_slow_drift_is_compared_with_the_last_kept_one_and_does_not_slip_through(config, features_of):
    pruner = ChangePruner(config, PruningConfig(refresh_ns=1 << 60))
    start, end = features_of({33: (1, 1.0, (0, 0))}), features_of({33: (2, 1.0, (0, 0))})
    steps = [start + (end - start) * share for share in np.linspace(0, 1, 60)]
    kept = [len(pruner.select(f.astype(np.float32), n, 6)) for n, f in enumerate(steps)]
    assert 2 <= sum(kept) < 60


def test_a_resting_thing_that_was_carried_away_is_news(config, features_of):
    pruner = ChangePruner(config)
    pruner.select(features_of({33: (1, 1.0, (0, 0))}), 0, 6)
    assert 33 in pruner.select(features_of({}), TICK, 6)
    assert len(pruner.select(features_of({}), 2 * TICK, 6)) == 0


@given(st.integers(0, 12), st.integers(0, 2**16))
def test_no_pruner_goes_over_its_budget(budget, seed):
    config = EncoderConfig(width=8, num_blocks=1, num_heads=2, mlp_hidden=16)
    features = np.random.default_rng(seed).random((NUM_PATCHES, config.num_features)).astype(np.float32)
    for pruner in (ChangePruner(config), RandomPruner(seed), StridePruner()):
        places = pruner.select(features, 0, budget)
        assert len(places) == len(set(places.tolist())) <= budget


@pytest.mark.parametrize("pruner", [RandomPruner(), StridePruner()])
def test_baselines_use_their_whole_budget(pruner, config, features_of):
    assert len(pruner.select(features_of({}), 0, 7)) == 7
