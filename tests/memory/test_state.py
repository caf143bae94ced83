import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from millrace.errors import ConfigError, StateError
from millrace.memory.spec import StateSpec
from millrace.memory.state import SessionState

SHAPE = {
    "num_mamba": 2,
    "num_attention": 1,
    "num_ssm_heads": 2,
    "ssm_head_dim": 4,
    "ssm_state": 8,
    "conv_channels": 24,
    "conv_kernel": 4,
    "num_kv_heads": 2,
    "head_dim": 4,
    "num_sinks": 2,
    "num_latents": 0,
    "window": 5,
}


def spec(**changes):
    return StateSpec(**SHAPE | changes)


def filled(**changes):
    state = SessionState.allocate(spec(**changes))
    for layer in state.mamba:
        layer.append(torch.randn(7, 24))
        layer.ssm.normal_()
    state.attention[0].append(torch.randn(2, 4, 4), torch.randn(2, 4, 4))
    state.t_ns, state.num_tokens, state.pending = 123, 7, [4, 5]
    return state


def is_same(a, b):
    counts = [[x.num_seen for x in (*s.mamba, *s.attention)] for s in (a, b)]
    rest = [(s.t_ns, s.num_tokens, list(s.pending)) for s in (a, b)]
    return torch.equal(a.storage, b.storage) and counts[0] == counts[1] and rest[0] == rest[1]


def numbers(layer):
    """Which running number of `append_numbers` lies in each used slot."""
    return sorted(layer.used()[0][0, :, 0].int().tolist())


def append_numbers(layer, first, count):
    keys = torch.arange(first, first + count).float()[None, :, None].expand(2, count, 4)
    layer.append(keys, keys + 0.5)


@given(st.lists(st.integers(1, 5), max_size=12))
def test_sinks_stay_and_the_newest_stay_in_the_window(counts):
    layer = SessionState.allocate(spec()).attention[0]
    total = 0
    for count in counts:
        append_numbers(layer, total, count)
        total += count
    sinks = list(range(min(2, total)))
    assert numbers(layer) == sorted({*sinks, *range(max(2, total - 5), total)})
    assert torch.equal(layer.used()[1], layer.used()[0] + 0.5)
    assert layer.bias.isfinite().sum() == 2 * min(total, 7)


def test_an_empty_slot_is_hidden_and_latents_keep_their_place():
    layer = SessionState.allocate(spec(num_latents=3)).attention[0]
    append_numbers(layer, 0, 4)
    hidden = layer.bias.isinf()[0].tolist()
    assert hidden == [False, False, True, True, True, False, False, True, True, True]
    assert layer.num_used == 7


@given(st.integers(0, 20), st.integers(1, 5))
def test_taken_by_tells_who_takes_a_slot(num_before, count):
    layer = SessionState.allocate(spec()).attention[0]
    for n in range(num_before):
        append_numbers(layer, n, 1)
    before, takers = layer.used()[0][0, :, 0].clone(), layer.taken_by(count)
    append_numbers(layer, num_before, count)
    after = layer.used()[0][0, : len(before), 0]
    if takers is None:
        assert torch.equal(before, after)
    else:
        wanted = torch.where(takers < count, takers + float(num_before), before)
        assert torch.equal(wanted, after)


@given(st.lists(st.integers(1, 7), min_size=1, max_size=6))
def test_the_convolution_ring_keeps_the_newest_inputs(counts):
    layer = SessionState.allocate(spec()).mamba[0]
    everything = torch.zeros(3, 24)
    for count in counts:
        inputs = torch.randn(count, 24)
        layer.append(inputs)
        everything = torch.cat([everything, inputs])
    assert torch.equal(layer.newest(), everything[-3:])


def test_a_fork_is_equal_and_independent():
    state = filled()
    twin = state.fork()
    assert is_same(state, twin)
    twin.mamba[0].ssm.zero_()
    append_numbers(twin.attention[0], 0, 1)
    twin.pending = []
    assert is_same(state, state.fork()) and not is_same(state, twin)
    assert state.attention[0].num_seen == 4 and list(state.pending) == [4, 5]


def test_reset_is_as_new_and_takes_no_memory():
    state = filled()
    storage = state.storage.data_ptr()
    state.reset()
    assert is_same(state, SessionState.allocate(spec())) and state.storage.data_ptr() == storage


def test_an_export_restores_bit_for_bit():
    state = filled()
    other = SessionState.allocate(spec())
    other.restore(state.export())
    assert is_same(state, other)


def test_size_is_known_before_the_first_token():
    per_mamba, per_attention = 4 * 24 + 2 * 4 * 8, 2 * 7 * (2 * 4 + 1)
    assert (
        SessionState.allocate(spec()).num_bytes == 4 * (2 * per_mamba + per_attention) == filled().num_bytes
    )


@pytest.mark.parametrize(
    "damage, message",
    [
        (lambda data: b"nonsense", "no session state"),
        (lambda data: b"", "no session state"),
        (lambda data: data[:-5], "damaged session state"),
        (lambda data: data.replace(b'version\\": 1', b'version\\": 9'), "version 9: this program reads 1"),
        (lambda data: data.replace(b'window\\": 5', b'window\\": 6'), "window 6, here 5"),
        (lambda data: data.replace(b"num_tokens", b"mun_tokens"), "its counts"),
        (lambda data: data.replace(b'seen\\": [7, 7]', b'seen\\": [7]   '), "its counts"),
        (lambda data: data.replace(b'seen\\": [7, 7]', b'seen\\": [7,-7]'), "its counts"),
    ],
)
def test_a_bad_export_is_refused_and_changes_nothing(damage, message):
    state = filled()
    before = state.fork()
    with pytest.raises(StateError, match=message):
        state.restore(damage(filled().export()))
    assert is_same(state, before)


def test_a_state_of_another_dtype_is_refused():
    data = SessionState.allocate(spec(), torch.float64).export()
    with pytest.raises(StateError, match=r"torch\.float64"):
        SessionState.allocate(spec()).restore(data)


def test_an_endless_sentence_is_refused():
    with pytest.raises(StateError, match="65 tokens"):
        filled().pending = range(65)


def test_a_bad_shape_is_named():
    with pytest.raises(ConfigError, match="window=0"):
        spec(window=0)
