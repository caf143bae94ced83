"""A run so small that it is learned in a test, and what is compared of two such runs."""

import torch
from rich.console import Console

from millrace.apps.training.checkpoints import load_training
from millrace.apps.training.progress import RunLog
from millrace.apps.training.settings import SMOKE

TINY = SMOKE | {
    "encoder_steps": 6,
    "encoder_batch": 4,
    "encoder_pool": 3,
    "language_steps": 8,
    "segment": 64,
    "num_streams": 3,
    "pattern": "MAM",
    "mlp_hidden": 32,
    "exits": (1,),
    "random_depth": 0.5,
    "window": 96,
    "log_every": 1,
    "save_every": 4,
    "evaluate_every": 0,
    "pictures_every": 0,
}


def quiet(out):
    return RunLog(out, Console(quiet=True))


def curve(out):
    """Everything of the log that is no measure of time."""
    lines = [line.split(",") for line in (out / "log.csv").read_text().splitlines()[1:]]
    return [(stage, step, name, value) for stage, step, _, name, value in lines if not is_speed(name)]


def is_speed(name):
    return name.endswith("_s") or name == "data_wait"


def assert_equal_states(one, other, name):
    states = [load_training(out / f"{name}.pt") for out in (one, other)]
    flat = [dict(leaves(state)) for state in states]
    assert flat[0].keys() == flat[1].keys()
    for key, value in flat[0].items():
        if isinstance(value, torch.Tensor):
            assert torch.equal(value, flat[1][key]), key
        else:
            assert value == flat[1][key], key


def leaves(value, name=""):
    if isinstance(value, (dict, list, tuple)):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in pairs:
            yield from leaves(inner, f"{name}.{key}")
    else:
        yield name, value
