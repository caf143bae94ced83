"""One look at everything."""

import numpy as np
import pytest
import torch

from millrace.perception.blocks import CameraPlan, TokenKind
from millrace.perception.encoder import EncoderConfig, PatchEncoder
from millrace.perception.perception import Perception, glimpse
from millrace.perception.pruning import StridePruner
from millrace.streams.media import AudioChunk, Inputs, VideoFrame
from millrace.streams.world.events import COLOURS, LABELS
from millrace.streams.world.world import World

TICK = 200_000_000
PLAN = {"a": CameraPlan(), "b": CameraPlan()}


@pytest.fixture
def perception():
    torch.manual_seed(0)
    config = EncoderConfig(width=16, num_blocks=1, num_heads=2, mlp_hidden=16)
    return Perception(PatchEncoder(config), ["a", "b"], StridePruner)


def inputs(tick, world=World(2, 2, "easy", 10.0)):  # noqa: B008 (worlds do not change)
    t_ns = tick * TICK
    frames = {name: VideoFrame(name, t_ns, world.picture(n, t_ns).pixels) for n, name in enumerate("ab")}
    samples = np.random.default_rng(tick).normal(0, 0.1, 3200).astype(np.float32)
    return Inputs(t_ns, frames, {"mic": [AudioChunk("mic", t_ns - TICK, samples)]})


def test_blocks_come_in_the_order_of_slots_then_sound(perception):
    seen = perception.read(inputs(3), PLAN)
    assert [(b.source, b.slot, b.kind) for b in seen.blocks] == [
        ("a", 0, TokenKind.VIDEO),
        ("b", 1, TokenKind.VIDEO),
        ("mic", 0, TokenKind.AUDIO),
    ]
    assert [b.num_offered for b in seen.blocks] == [60, 60, 2]
    assert [b.num_kept for b in seen.blocks[:2]] == [6, 6]


def test_a_camera_without_budget_is_skipped_with_its_cause(perception):
    seen = perception.read(inputs(3), {"a": CameraPlan(read=False), "b": CameraPlan(max_tokens=2)})
    assert seen.skipped == {"a": "no budget"}
    assert [b.num_kept for b in seen.blocks[:2]] == [0, 2]


def test_a_still_camera_is_not_encoded(perception):
    still = Inputs(0, {"a": VideoFrame("a", 0, np.zeros((96, 160, 3), np.uint8))})
    for tick in range(2):
        perception.read(
            Inputs(tick * TICK, {"a": VideoFrame("a", tick * TICK, still.frames["a"].pixels)}), PLAN
        )
    seen = perception.read(Inputs(2 * TICK, {"a": VideoFrame("a", 2 * TICK, still.frames["a"].pixels)}), PLAN)
    assert seen.skipped == {"a": "still"}
    assert seen.blocks[0].num_offered == 60
    assert seen.blocks[0].num_kept == 0


def test_costs_name_every_stage(perception):
    assert set(perception.read(inputs(1), PLAN).costs_ns) == {"sample", "encode", "prune", "fovea", "audio"}


def test_reset_forgets(perception):
    first = perception.read(inputs(1), PLAN)
    perception.read(inputs(2), PLAN)
    perception.reset()
    again = perception.read(inputs(1), PLAN)
    assert torch.equal(first.blocks[0].features, again.blocks[0].features)
    assert torch.equal(first.blocks[2].features, again.blocks[2].features)


def test_the_encoder_sees_motion_only_through_the_view_before():
    torch.manual_seed(1)
    encoder = PatchEncoder(EncoderConfig(width=16, num_blocks=1, num_heads=2, mlp_hidden=16)).eval()
    now, before = torch.randint(0, 255, (2, 1, 96, 160, 3), dtype=torch.uint8)
    moved, heads = encoder(now, before)
    still, _ = encoder(now, now)
    assert moved.shape == (1, 60, 16)
    assert heads.centre.shape == (1, 60, 2)
    assert not torch.allclose(moved, still)


def test_a_person_may_look_over_its_shoulder(perception):
    seen = perception.read(inputs(3), PLAN)
    assert set(seen.glimpses) == {"a", "b"}
    glimpse = seen.glimpses["a"]
    assert glimpse.things.shape == (60,)
    assert ((glimpse.things >= 0) & (glimpse.things <= 1)).all()
    assert list(glimpse.kept) == seen.blocks[0].places.tolist()
    assert len(glimpse.names) == 6
    assert all(name.split()[0] in COLOURS and name.split()[1] in LABELS for name in glimpse.names)


def test_what_is_named_to_a_person_is_what_the_heads_say():
    config = EncoderConfig(width=4)
    features = np.zeros((60, config.num_features), np.float32)
    features[7, 4] = 0.9
    features[7, 5 + COLOURS.index("blue")] = 1
    features[7, 5 + len(COLOURS) + LABELS.index("van")] = 1
    seen = glimpse(config, features, np.array([7]))
    assert seen.names == ("blue van",)
    assert seen.things[7] == np.float32(0.9)
