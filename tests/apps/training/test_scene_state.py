"""The whole scene as labels: what is so at a gate, and what is never counted against the model."""

import numpy as np
import torch

from millrace.apps.training.scene_state import LATELY_TICKS, MOST, NUM_STATES, SceneHead, scene_states
from millrace.streams.world.events import COLOURS, KINDS, UNSEEN
from millrace.streams.world.record import Record, record_of
from millrace.streams.world.world import World

TICK = 200_000_000
PAIRS = len(KINDS) * len(COLOURS)


def record(rows, num_ticks=10):
    """Rows of tick, camera, identity, kind, colour, x, is_moving."""
    full = [(t, c, i, KINDS.index(k), COLOURS.index(p), x, 40, 20, m) for t, c, i, k, p, x, m in rows]
    return Record(4, num_ticks, TICK, (), np.array(full, np.float32).reshape(-1, 9))


def named(states):
    """The pairs that are so, by group: in view, moving, gone, left, middle, right, touching."""
    pairs = states[: 7 * 4 * PAIRS].reshape(7, 4, len(KINDS), len(COLOURS))
    return {(int(g), int(c), KINDS[k], COLOURS[p]) for g, c, k, p in np.argwhere(pairs)}


def numbers(states):
    """How many of each kind, and of any, are told [4 cameras, kinds + 1]."""
    return states[7 * 4 * PAIRS :].reshape(MOST, 4, len(KINDS) + 1).sum(0)


def test_what_is_in_view_moves_and_stands_where_is_told():
    rows = [
        (3, 1, 7, "disc", "red", 10, 1),
        (4, 1, 7, "disc", "red", 80, 0),
        (4, 2, 8, "car", "grey", 150, 1),
    ]
    three, four = scene_states(record(rows), [3, 4])
    assert named(three) == {(0, 1, "disc", "red"), (1, 1, "disc", "red"), (3, 1, "disc", "red")}
    assert named(four) == {
        *((0, 1, "disc", "red"), (4, 1, "disc", "red")),
        *((0, 2, "car", "grey"), (1, 2, "car", "grey"), (5, 2, "car", "grey")),
    }


def test_what_left_is_told_until_it_is_long_ago_or_back():
    last = LATELY_TICKS + 2
    rows = [(2, 0, 1, "cat", "black", 50, 0), (5, 0, 1, "cat", "black", 50, 0)]
    states = scene_states(record(rows, last + 5), [1, 2, 3, 5, 6, last, last + 3])
    assert [(2, 0, "cat", "black") in named(s) for s in states] == [
        False,
        False,
        True,
        False,
        True,
        True,
        False,
    ]
    states = scene_states(record(rows[:1], last + 5), [last - 1, last])
    assert [(2, 0, "cat", "black") in named(s) for s in states] == [True, False]


def test_things_touch_that_are_nearer_than_half_their_sides_in_one_camera():
    sides = 20
    rows = [
        *((2, 0, 1, "disc", "red", 50, 1), (2, 0, 2, "star", "blue", 50 + sides - 1, 1)),
        *((2, 0, 3, "ring", "green", 50 + 2 * sides, 1), (2, 1, 4, "cross", "black", 50, 1)),
        *((3, 0, 1, "disc", "red", 50, 1), (3, 0, 2, "star", "blue", 50 + sides + 1, 1)),
    ]
    for order in (rows, [*rows[3::-1], *rows[4:]]):
        two, three = scene_states(record(order), [2, 3])
        assert {x for x in named(two) if x[0] == 6} == {(6, 0, "disc", "red"), (6, 0, "star", "blue")}
        assert not {x for x in named(three) if x[0] == 6}


def test_things_of_a_kind_and_of_any_are_counted():
    rows = [(1, 3, n, "box", COLOURS[n % 2], 50, 0) for n in range(6)] + [(1, 3, 9, "ball", "red", 50, 0)]
    (states,) = scene_states(record(rows), [1])
    told = numbers(states)
    assert told[3, KINDS.index("box")] == MOST and told[3, KINDS.index("ball")] == 1 and told[3, -1] == MOST
    assert told[:3].sum() == 0


def test_a_rendered_world_is_told_as_its_record_has_it():
    world = World(5, 2, "standard", 12.0)
    truth = record_of(world, 60, TICK)
    for tick, states in zip((30, 45, 60), scene_states(truth, [30, 45, 60]), strict=True):
        seen = {(c, s.thing.kind, s.thing.colour) for c in (0, 1) for s in truth.visible(c, tick)}
        assert {(c, k, p) for g, c, k, p in named(states) if g == 0} == seen and seen


def test_pairs_never_trained_neither_teach_nor_count():
    head, hidden = SceneHead(8), torch.randn(5, 8)
    thing = sorted(UNSEEN, key=str)[0]
    seen, unseen = torch.zeros(2, 5, NUM_STATES, dtype=torch.bool)
    seen[:, 0] = unseen[:, 0] = True
    unseen[:, KINDS.index(thing.kind) * len(COLOURS) + COLOURS.index(thing.colour)] = True
    gradients = []
    for states in (seen, unseen):
        head.zero_grad()
        (head.loss(hidden, states) * states.sum()).backward()
        gradients.append(head.weight.grad.clone())
    assert torch.equal(*gradients)


def test_the_head_learns_a_scene():
    torch.manual_seed(0)
    head, hidden = SceneHead(16), torch.randn(4, 16)
    states = torch.rand(4, NUM_STATES) < 0.01
    optimizer = torch.optim.Adam(head.parameters(), 0.05)
    first = head.loss(hidden, states).item()
    for _ in range(60):
        optimizer.zero_grad()
        head.loss(hidden, states).backward()
        optimizer.step()
    assert head.loss(hidden, states).item() < first / 10
