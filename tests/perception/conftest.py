"""A small trained encoder is not needed here: pruning and sampling are tested on features with known meaning."""

import numpy as np
import pytest
import torch

from millrace.perception.encoder import NUM_PATCHES, EncoderConfig


@pytest.fixture
def config():
    return EncoderConfig(width=8, num_blocks=1, num_heads=2, mlp_hidden=16)


@pytest.fixture
def features_of(config):
    """Features [60, F] of a picture with things at places: {place: (embedding seed, side, offset)}; all else is floor."""

    def make(things, still=True):
        features = np.zeros((NUM_PATCHES, config.num_features), np.float32)
        features[:, : config.width] = np.random.default_rng(0).normal(size=config.width)
        for place, (seed, side, offset) in things.items():
            features[place, : config.width] = np.random.default_rng(seed).normal(size=config.width)
            features[place, config.width] = 0.9
            features[place, config.width + 1 + seed % 8] = 1.0
            features[place, -12 + (0 if still else 1)] = 1.0
            features[place, -3:-1] = offset
            features[place, -1] = side
        return features

    return make


@pytest.fixture(autouse=True)
def _same_every_time():
    torch.manual_seed(0)
