"""The whole model: it reads ticks, speaks at the gate, and goes on where it was cut."""

import json
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file

from millrace.errors import CheckpointError
from millrace.generation.checkpoint import load_narrator, save_narrator
from millrace.generation.config import HybridConfig
from millrace.generation.narrator import MAX_SENTENCE, Narrator, NarratorConfig
from millrace.generation.words import END, SILENT, Vocabulary
from millrace.perception.blocks import TokenBlock, TokenKind
from millrace.perception.encoder import EncoderConfig

TICK = 200_000_000
WORDS = ("a", "cam1:", "disc", "red", "stops", "the")
BACKBONE = HybridConfig(
    d_model=32, pattern="MA", num_heads=2, num_kv_heads=1, head_dim=16, ssm_head_dim=16, mlp_hidden=32
)


@pytest.fixture
def narrator():
    torch.manual_seed(0)
    encoder = EncoderConfig(width=16, num_blocks=1, num_heads=2, mlp_hidden=16)
    return Narrator(NarratorConfig(BACKBONE, encoder, WORDS, speak_threshold=0.0)).eval()


def block(narrator, num=2):
    features = torch.randn(
        num, narrator.config.encoder.num_features, generator=torch.Generator().manual_seed(num)
    )
    return TokenBlock("a", 0, 0, TokenKind.VIDEO, features, torch.arange(num), 60)


def say(narrator, state, t_ns, limit):
    hidden = narrator.read(t_ns, [block(narrator)], state)
    return [("" if w.is_end else w.text) for w in narrator.write(hidden, state, limit)]


def silence(narrator):
    with torch.no_grad():
        narrator.head.weight.zero_()
        narrator.head.bias.zero_()
        narrator.head.bias[SILENT] = 10


def test_a_closed_gate_says_nothing(narrator):
    silence(narrator)
    narrator.set_speak_threshold(0.5)
    assert say(narrator, narrator.new_state(), 0, 9) == []


def test_the_threshold_moves_the_gate(narrator):
    silence(narrator)
    narrator.set_speak_threshold(0.0)
    assert len(say(narrator, narrator.new_state(), 0, 3)) == 3


def test_the_limit_is_kept_and_the_sentence_goes_on(narrator):
    with torch.no_grad():
        narrator.head.bias[END] = -10  # no sentence ends within four words
    whole, cut = narrator.new_state(), narrator.new_state()
    assert len(say(narrator, whole, 0, 4)) == 4
    assert len(say(narrator, cut, 0, 2)) == 2
    assert len(cut.pending) == 2
    narrator.set_speak_threshold(1.0)  # nothing new is begun, but what was begun is finished
    assert say(narrator, cut, TICK, 2) != []


def test_the_caller_may_stop_at_any_word(narrator):
    first, second = narrator.new_state(), narrator.new_state()
    say(narrator, first, 0, 1)
    hidden = narrator.read(0, [block(narrator)], second)
    next(iter(narrator.write(hidden, second, 9)))
    assert second.pending == first.pending
    again = [narrator.read(TICK, [block(narrator)], s) for s in (first, second)]
    assert torch.equal(*again)


def test_a_sentence_broken_off_is_remembered_as_far_as_it_was_said(narrator):
    with torch.no_grad():
        narrator.head.bias[END] = -10  # no sentence ends within five words
    broken, spelled, unsaid = (narrator.new_state() for _ in range(3))
    hidden = [narrator.read(0, [block(narrator)], state) for state in (broken, spelled, unsaid)]
    writing = narrator.write(hidden[0], broken, 9)
    said = [next(writing).text for _ in range(3)]
    narrator.end(broken)
    with torch.inference_mode():
        for number in narrator.vocabulary.encode(" ".join(said)):  # and its end
            narrator.backbone.step(narrator.embedding.word.weight[number], spelled)
    assert list(narrator.write(hidden[2], unsaid, 5)) and len(unsaid.pending) == 5
    narrator.end(unsaid)
    narrator.end(broken)  # nothing is being said: nothing happens
    assert not broken.pending and broken.num_tokens == spelled.num_tokens == unsaid.num_tokens - 2
    after = [narrator.read(TICK, [block(narrator)], state) for state in (broken, spelled, unsaid)]
    assert torch.equal(after[0], after[1]) and not torch.allclose(after[0], after[2])


def test_a_sentence_that_never_ends_is_ended(narrator):
    with torch.no_grad():
        narrator.head.weight.zero_()
        narrator.head.bias.zero_()
        narrator.head.bias[narrator.vocabulary.encode("a")[0]] = 5
    words = say(narrator, narrator.new_state(), 0, MAX_SENTENCE + 1)
    assert words == ["a"] * MAX_SENTENCE + [""]


def test_time_since_the_last_tick_changes_what_is_thought(narrator):
    states = [narrator.new_state() for _ in range(2)]
    for state in states:
        narrator.read(0, [block(narrator)], state)
    near, far = (narrator.read(t, [], s) for t, s in zip((TICK, 9 * TICK), states, strict=True))
    assert not torch.allclose(near, far)


def test_weights_come_back_in_bfloat16(narrator, tmp_path):
    path = tmp_path / "model.safetensors"
    save_narrator(narrator, path)
    back = load_narrator(path)
    assert back.config == narrator.config
    for name, tensor in narrator.state_dict().items():
        assert torch.equal(back.state_dict()[name], tensor.to(torch.bfloat16).float())
    assert [p.name for p in tmp_path.iterdir()] == ["model.safetensors"]


def _cut(path):
    path.write_bytes(path.read_bytes()[:-100])


def _foreign(path):
    save_file({"x": torch.zeros(1)}, path)


def _other_shape(path):
    tensors = load_file(path)
    tensors["head.bias"] = torch.zeros(3)
    save_file(tensors, path, metadata=_header(path))


def _odd_header(path):
    save_file(
        load_file(path),
        path,
        metadata={"format": "millrace-narrator-1", "config": json.dumps({"backbone": {}})},
    )


def _header(path):
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        return file.metadata()


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (lambda path: path.unlink(), "no such file"),
        (_cut, "not a whole safetensors file"),
        (_foreign, "format 'none'"),
        (_other_shape, "do not fit its own header"),
        (_odd_header, "header cannot be read"),
    ],
)
def test_a_bad_checkpoint_is_named_in_one_line(narrator, tmp_path, damage, complaint):
    path = tmp_path / "model.safetensors"
    save_narrator(narrator, path)
    damage(path)
    with pytest.raises(CheckpointError, match=complaint) as caught:
        load_narrator(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_vocabulary_numbers_are_stable():
    vocabulary = Vocabulary(("a", "b"))
    assert vocabulary.encode("b a") == [3, 2, END]
    assert [vocabulary.word(n) for n in range(4)] == ["<silent>", "<end>", "a", "b"]
    with pytest.raises(KeyError):
        vocabulary.encode("c")


@pytest.mark.parametrize("text", ["camera 3", "Camera 3?", "cam 3", "cam3"])
def test_a_camera_is_known_however_its_name_is_typed(text):
    vocabulary = Vocabulary(("cam1", "cam3", "camera"))
    assert [vocabulary.word(number) for number in vocabulary.read(text)] == ["cam3"]


def test_typed_words_reach_the_state_and_unknown_ones_are_left_out(narrator):
    block = narrator.text_block("The RED disc, please?", 0)
    assert [narrator.vocabulary.word(int(n)) for n in block.features] == ["the", "red", "disc"]
    assert narrator.vocabulary.unknown("The RED disc, please?") == ["please"]
    asked, idle = narrator.new_state(), narrator.new_state()
    assert not torch.equal(narrator.read(0, [block], asked), narrator.read(0, [], idle))


def test_each_word_says_how_sure_it_is(narrator):
    with torch.no_grad():
        narrator.confidence.bias.fill_(-3.0)
        narrator.confidence.weight.zero_()
    hidden = narrator.read(0, [block(narrator)], state := narrator.new_state())
    assert next(narrator.write(hidden, state, 1)).confidence == pytest.approx(0.0474, abs=1e-3)


def test_each_word_has_the_probability_that_the_text_head_gave_it(narrator):
    hidden = narrator.read(0, [block(narrator)], state := narrator.new_state())
    chances = torch.softmax(narrator.head(hidden.clone()), 0).detach()
    words = list(narrator.write(hidden, state, 3))
    number = narrator.vocabulary.words.index(words[0].text)
    assert words[0].probability == pytest.approx(float(chances[number]))
    assert all(0 < word.probability < 1 for word in words)


def test_a_quiet_tick_is_left_out_until_it_has_been_quiet_for_long(narrator):
    narrator.config = replace(narrator.config, skips_quiet=True)
    silence(narrator)
    narrator.set_speak_threshold(0.5)
    state = narrator.new_state()
    read = [narrator.read(n * TICK, [block(narrator)] if n in (0, 30) else [], state) for n in range(34)]
    assert [n for n, hidden in enumerate(read) if hidden is not None] == [0, 1, 2, 12, 22, 30, 31, 32]
    assert list(narrator.write(read[5], state, 9)) == []


def test_a_sentence_begun_goes_on_through_quiet_ticks(narrator):
    narrator.config = replace(narrator.config, skips_quiet=True)
    with torch.no_grad():
        narrator.head.bias[END] = -10
    state = narrator.new_state()
    say(narrator, state, 0, 1)
    assert all(narrator.read(n * TICK, [], state) is not None for n in range(1, 8))
