"""A run may begin from weights with other words and another encoder: what both know is taken over."""

from dataclasses import replace

import pytest
import torch

from millrace.apps.training.encoder_stage import EncoderTrainer
from millrace.apps.training.language_stage import new_narrator
from millrace.apps.training.settings import TrainSettings
from millrace.apps.training.start import blend_with, grow_from, start_from
from millrace.errors import CheckpointError, ConfigError
from millrace.generation.checkpoint import load_narrator, save_narrator
from millrace.generation.config import HybridConfig
from millrace.generation.narrator import Narrator, NarratorConfig
from millrace.perception.encoder import EncoderConfig, PatchEncoder

BACKBONE = HybridConfig(d_model=32, pattern="MA", num_heads=2, num_kv_heads=1, head_dim=16, mlp_hidden=16)


def narrator(seed, words, encoder):
    torch.manual_seed(seed)
    return Narrator(NarratorConfig(BACKBONE, encoder, words))


def test_words_are_matched_by_their_text_and_features_by_their_meaning():
    few = EncoderConfig(width=8, num_colours=2, num_labels=2)
    more = EncoderConfig(width=8, num_colours=3, num_labels=4)
    old = narrator(0, ("red", "ball", "enters"), few)
    new = narrator(1, ("a", "ball", "blue", "red"), more)
    before = {name: tensor.clone() for name, tensor in new.state_dict().items()}
    assert start_from(new, old) == []

    def row(model, word):
        return model.embedding.word.weight[model.vocabulary.encode(word)[0]]

    for word in ("red", "ball"):
        assert torch.equal(row(new, word), row(old, word))
    assert torch.equal(new.head.bias[:2], old.head.bias[:2])  # silence and the end
    assert torch.equal(row(new, "blue"), before["embedding.word.weight"][new.vocabulary.encode("blue")[0]])
    columns, known = new.embedding.video.weight, old.embedding.video.weight
    # width 8, thing, colours, labels, nine motions, two of the centre, side
    assert torch.equal(columns[:, :11], known[:, :11])
    assert torch.equal(columns[:, 11], before["embedding.video.weight"][:, 11])
    assert torch.equal(columns[:, 12:14], known[:, 11:13])
    assert torch.equal(columns[:, 16:], known[:, 13:])
    assert torch.equal(new.backbone.state_dict()["norm.weight"], old.backbone.state_dict()["norm.weight"])


def test_what_was_learnt_is_averaged_with_what_both_know_and_with_nothing_else():
    encoder = EncoderConfig(width=8)
    old, new = narrator(0, ("red", "ball"), encoder), narrator(1, ("ball", "blue"), encoder)
    learnt = {name: tensor.clone() for name, tensor in new.state_dict().items()}
    blend_with(new, old, 0.25)
    blended, known = new.state_dict(), old.state_dict()
    norm, word = "backbone.norm.weight", "embedding.word.weight"
    torch.testing.assert_close(blended[norm], 0.25 * learnt[norm] + 0.75 * known[norm])
    ball = new.vocabulary.encode("ball")[0], old.vocabulary.encode("ball")[0]
    torch.testing.assert_close(
        blended[word][ball[0]], 0.25 * learnt[word][ball[0]] + 0.75 * known[word][ball[1]]
    )
    blue = new.vocabulary.encode("blue")[0]
    torch.testing.assert_close(blended[word][blue], learnt[word][blue])
    assert all(torch.equal(blended[name], learnt[name]) for name in learnt if name.startswith("encoder."))


def test_another_backbone_keeps_what_does_not_fit_and_says_so():
    encoder = EncoderConfig(width=8)
    old = narrator(0, ("red",), encoder)
    torch.manual_seed(1)
    new = Narrator(NarratorConfig(replace(BACKBONE, mlp_hidden=24), encoder, ("red",)))
    assert all("mlp" in name or "up" in name or "down" in name for name in start_from(new, old))


@pytest.mark.parametrize("kinds, layers", [("M", [0]), ("A", [1]), ("MA", [0, 1])])
def test_fresh_mixers_are_all_that_is_not_taken_over(kinds, layers):
    encoder = EncoderConfig(width=8)
    old, new = narrator(0, ("red",), encoder), narrator(1, ("red",), encoder)
    before = {name: tensor.clone() for name, tensor in new.backbone.state_dict().items()}
    left = start_from(new, old, kinds)
    fresh = tuple(f"layers.{n}.mixer." for n in layers)
    assert left == [f"backbone.{name}" for name in before if name.startswith(fresh)] != []
    for name, tensor in new.backbone.state_dict().items():
        source = before if name.startswith(fresh) else old.backbone.state_dict()
        assert torch.equal(tensor, source[name]), name


def test_a_layer_of_another_kind_begins_anew_and_leaves_the_others_as_they_were():
    encoder = EncoderConfig(width=8)
    old = narrator(0, ("red",), encoder)
    torch.manual_seed(1)
    new = Narrator(NarratorConfig(replace(BACKBONE, pattern="MMA"), encoder, ("red",)))
    left = start_from(new, old)
    assert "backbone.layers.1.mixer.in_proj.weight" in left  # Mamba-2 where there was attention
    assert not any(name.startswith("backbone.layers.0.") or "layers.1.mlp" in name for name in left)


def test_a_model_of_another_width_takes_over_nothing_that_is_as_wide():
    encoder = EncoderConfig(width=8)
    old = narrator(0, ("red",), encoder)
    torch.manual_seed(1)
    new = Narrator(NarratorConfig(replace(BACKBONE, d_model=48), encoder, ("red",)))
    left = start_from(new, old)
    assert {"embedding.word.weight", "embedding.video.weight", "head.weight", "head.bias"} <= set(left)
    settings = TrainSettings(d_model=48, mlp_hidden=16, pattern="MA", exits=())
    assert new_narrator(settings, PatchEncoder()).config.backbone.d_model == 48


def test_a_run_begins_from_a_file_or_says_what_is_wrong(tmp_path):
    settings = TrainSettings(start=str(tmp_path / "none.safetensors"))
    with pytest.raises(CheckpointError, match=r"none\.safetensors: no such file"):
        new_narrator(settings, PatchEncoder())
    first = new_narrator(TrainSettings(seed=3), PatchEncoder())
    save_narrator(first, tmp_path / "first.safetensors")
    begun = new_narrator(TrainSettings(start=str(tmp_path / "first.safetensors")), PatchEncoder())
    assert torch.equal(begun.head.weight, first.head.weight.bfloat16().float())


def test_a_grown_encoder_says_what_the_smaller_one_said_and_learns_with_all_it_has():
    torch.manual_seed(0)
    small = PatchEncoder(EncoderConfig(width=16, stem=(4, 6, 8), num_blocks=1, num_heads=2, mlp_hidden=16))
    large = PatchEncoder(EncoderConfig(width=16, stem=(6, 6, 12), num_blocks=3, num_heads=2, mlp_hidden=16))
    grow_from(large, small)
    views, before = torch.randint(0, 256, (2, 2, 96, 160, 3), dtype=torch.uint8)
    said, heads = large(views, before)
    expected, expected_heads = small(views, before)
    torch.testing.assert_close(said, expected)
    torch.testing.assert_close(heads.label, expected_heads.label)
    for _ in range(2):  # what feeds nothing yet learns from the second step on
        loss = large(views, before)[1].label.square().sum()
        large.zero_grad()
        loss.backward()
        torch.optim.SGD(large.parameters(), 1e-2).step()
    assert all(p.grad.any() for name, p in large.named_parameters() if name.startswith(("stem", "blocks")))


def test_an_encoder_does_not_shrink():
    few = PatchEncoder(EncoderConfig(width=16, stem=(4, 6, 8), num_blocks=1, num_heads=2, mlp_hidden=16))
    for more in (
        replace(few.config, num_blocks=2),
        replace(few.config, stem=(4, 8, 8)),
        replace(few.config, width=32),
    ):
        with pytest.raises(ConfigError, match=r"start: its encoder .* does not fit"):
            grow_from(few, PatchEncoder(more))


def test_the_encoder_stage_goes_on_from_the_encoder_of_start(tmp_path):
    smaller = EncoderConfig(stem=(8, 8, 8), num_blocks=1)
    save_narrator(narrator(0, ("red",), smaller), tmp_path / "start.safetensors")
    trained = load_narrator(tmp_path / "start.safetensors").encoder
    trainer = EncoderTrainer(TrainSettings(start=str(tmp_path / "start.safetensors")))
    views, before = torch.randint(0, 256, (2, 1, 96, 160, 3), dtype=torch.uint8)
    torch.testing.assert_close(trainer.encoder.eval()(views, before)[0], trained(views, before)[0])
    assert trainer.finished().config == EncoderConfig()
