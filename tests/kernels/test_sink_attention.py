import pytest
import torch

from millrace.kernels.sink_attention import sink_attention, sink_attention_ref

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def _inputs(num_tokens, num_slots, heads=4, groups=2, head_dim=8):
    generator = torch.Generator().manual_seed(num_tokens + num_slots)
    make = lambda *shape: torch.randn(*shape, generator=generator).to(DEVICE)  # noqa: E731
    bias = make(groups, num_slots)
    bias[:, 1::3] = -torch.inf  # empty slots
    return {
        "q": make(num_tokens, heads, head_dim),
        "keys": make(groups, num_slots, head_dim),
        "values": make(groups, num_slots, head_dim),
        "bias": bias,
    }


def _own(inputs):
    num_tokens, groups, width = len(inputs["q"]), *inputs["keys"].shape[::2]
    generator = torch.Generator().manual_seed(7)
    make = lambda: torch.randn(groups, num_tokens, width, generator=generator).to(DEVICE)  # noqa: E731
    return {"own_keys": make(), "own_values": make()}


def _takers(inputs):
    """The first tokens take every second slot from the end."""
    num_tokens, num_slots = len(inputs["q"]), inputs["bias"].shape[1]
    takers = torch.full((num_slots,), num_tokens)
    places = torch.arange(num_slots - 1, -1, -2)[:num_tokens]
    takers[places] = torch.arange(len(places))
    return {"taken_by": takers.to(DEVICE)}


def _triton(**inputs):
    pytest.importorskip("triton", reason="triton is not installed")
    from millrace.kernels.sink_attention_triton import sink_attention_triton

    y = torch.full_like(inputs["q"], torch.nan)
    sink_attention_triton(**{"own_keys": None, "own_values": None, "taken_by": None} | inputs, y=y)
    return y


CASES = [
    (1, 1, {}),
    (1, 63, {}),
    (5, 100, {}),
    (40, 144, {}),
    (33, 20, {"heads": 6, "groups": 1, "head_dim": 20}),
]


@pytest.mark.parametrize("attend", [sink_attention, _triton])
@pytest.mark.parametrize("num_tokens, num_slots, shape", CASES)
def test_it_equals_attention_said_plainly(attend, num_tokens, num_slots, shape):
    inputs = _inputs(num_tokens, num_slots, **shape)
    torch.testing.assert_close(attend(**inputs), sink_attention_ref(**inputs), atol=1e-5, rtol=1e-4)
    inputs |= _own(inputs)
    torch.testing.assert_close(attend(**inputs), sink_attention_ref(**inputs), atol=1e-5, rtol=1e-4)
    inputs |= _takers(inputs)
    torch.testing.assert_close(attend(**inputs), sink_attention_ref(**inputs), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("attend", [sink_attention, _triton])
def test_the_memory_may_be_empty(attend):
    inputs = _inputs(17, 1)
    inputs["bias"].fill_(-torch.inf)
    inputs |= _own(inputs)
    wanted = sink_attention_ref(**inputs)
    torch.testing.assert_close(attend(**inputs), wanted, atol=1e-5, rtol=1e-4)
    for name, part in (("keys", 1), ("values", 1), ("bias", 1)):
        inputs[name] = inputs[name].narrow(part, 0, 0)
    torch.testing.assert_close(attend(**inputs), wanted, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("attend", [sink_attention, _triton])
def test_it_takes_the_used_part_of_a_longer_memory(attend):
    inputs = _inputs(3, 90)
    part = {name: inputs[name][:, :37] for name in ("keys", "values", "bias")}
    wanted = sink_attention_ref(inputs["q"], **{name: t.clone() for name, t in part.items()})
    torch.testing.assert_close(attend(q=inputs["q"], **part), wanted, atol=1e-5, rtol=1e-4)


def test_a_bias_moves_mass_as_that_many_keys_would():
    inputs = _inputs(2, 6)
    inputs["bias"].zero_()
    doubled = {name: torch.cat([inputs[name], inputs[name][:, :1]], 1) for name in ("keys", "values", "bias")}
    inputs["bias"][:, 0] = torch.log(torch.tensor(2.0))
    torch.testing.assert_close(sink_attention(**inputs), sink_attention(inputs["q"], **doubled))


@pytest.mark.parametrize(
    "name, shape, message",
    [
        ("q", (4, 8), r"q has shape \(4, 8\)"),
        ("q", (2, 3, 8), r"keys have shape \(2, 9, 8\): give \[G, M, 8\] with G dividing H=3"),
        ("values", (2, 8, 8), r"values has shape \(2, 8, 8\)"),
        ("bias", (9,), r"bias has shape \(9,\)"),
        ("taken_by", (3,), r"taken_by has shape \(3,\)"),
        ("own_keys", (2, 5, 8), "own_keys without own_values"),
    ],
)
def test_a_wrong_shape_is_named(name, shape, message):
    with pytest.raises(ValueError, match=message):
        sink_attention(**_inputs(5, 9) | {name: torch.zeros(shape)})
