"""A run may begin from weights with other words and another encoder: what both know is taken over."""

from dataclasses import replace

import pytest
import torch

from millrace.apps.training.language_stage import new_narrator
from millrace.apps.training.settings import TrainSettings
from millrace.apps.training.start import blend_with, start_from
from millrace.errors import CheckpointError
from millrace.generation.checkpoint import save_narrator
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


def test_a_run_begins_from_a_file_or_says_what_is_wrong(tmp_path):
    settings = TrainSettings(start=str(tmp_path / "none.safetensors"))
    with pytest.raises(CheckpointError, match=r"none\.safetensors: no such file"):
        new_narrator(settings, PatchEncoder())
    first = new_narrator(TrainSettings(seed=3), PatchEncoder())
    save_narrator(first, tmp_path / "first.safetensors")
    begun = new_narrator(TrainSettings(start=str(tmp_path / "first.safetensors")), PatchEncoder())
    assert torch.equal(begun.head.weight, first.head.weight.bfloat16().float())
