"""Pictures rendered by other processes and pictures from files are those of the settings and the step alone."""

from __future__ import annotations

import math
import signal
from dataclasses import replace
from itertools import islice

import pytest
import torch
from rich.console import Console

from millrace.apps.processes import as_they_come, in_order
from millrace.apps.training import shards
from millrace.apps.training.encoder_stage import train_encoder
from millrace.apps.training.progress import RunLog
from millrace.apps.training.settings import SMOKE, TrainSettings
from millrace.apps.training.shards import from_shards, make_shards
from millrace.errors import CheckpointError, StateError

# What a spawned process runs has to be importable there, and tests are not.


def test_results_come_in_the_order_of_the_tasks_and_only_so_far_ahead():
    taken = []

    def tasks():
        for number in range(40):
            taken.append(number)
            yield number

    results = in_order(1, math.factorial, tasks(), ahead=5)
    assert list(islice(results, 3)) == [1, 1, 2]
    assert len(taken) == 3 + 5
    assert list(results) == [math.factorial(n) for n in range(3, 40)]


def test_without_other_processes_the_results_are_the_same():
    assert list(as_they_come(1, math.factorial, range(5), int, ())) == [1, 1, 2, 6, 24]
    assert list(in_order(0, math.factorial, range(5), 2)) == [1, 1, 2, 6, 24]


def test_ctrl_c_is_left_to_the_one_that_learns_and_a_killed_process_is_named_with_a_mend():
    results = in_order(1, signal.raise_signal, [signal.SIGINT, signal.SIGKILL], 1)
    assert next(results) is None
    with pytest.raises(StateError, match=r"a process that helped was ended.*fewer --workers"):
        next(results)


def test_nobody_waits_for_work_that_is_not_wanted_any_more():
    results = in_order(1, eval, ["6 * 7", "__import__('signal').pause()"], 2)
    assert next(results) == 42
    results.close()


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shards")
    tiny = SMOKE | {"encoder_steps": 4, "encoder_batch": 4, "num_shards": 1, "save_every": 2, "log_every": 1}
    return TrainSettings(out=folder / "run", shards=str(folder / "pictures"), **tiny)


@pytest.fixture(scope="module")
def paths(settings):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shards, "WORLDS", 1)
        return make_shards(settings, RunLog(settings.out, Console(quiet=True)))


def test_batches_from_files_are_a_function_of_the_step(settings, paths):
    whole = [portion.batch for portion in from_shards(settings, paths, 0)]
    assert len(whole) == settings.encoder_steps
    assert whole[0].views.shape == (4, 96, 160, 3) and whole[0].views.dtype == torch.uint8
    for again, batch in zip(from_shards(settings, paths, 2), whole[2:], strict=True):
        assert torch.equal(again.batch.views, batch.views)
        assert torch.equal(again.batch.has_colour, batch.has_colour)
    readers = replace(settings, workers=2)
    assert torch.equal(next(from_shards(readers, paths, 3)).batch.before, whole[3].before)


def test_the_encoder_learns_from_files(settings, paths):
    log = RunLog(settings.out, Console(quiet=True))
    before = paths[0].stat().st_mtime_ns
    train_encoder(replace(settings, evaluate_every=0), log)
    assert (settings.out / "log.csv").read_text().count("encoder,4,") == 5
    assert paths[0].stat().st_mtime_ns == before


def test_a_cut_file_is_named(settings, tmp_path):
    path = tmp_path / "pictures-0-0000.pt"
    path.write_bytes(b"half")
    with pytest.raises(CheckpointError, match=r"pictures-0-0000\.pt is not a whole shard .*delete it"):
        next(from_shards(settings, [path], 0))


def test_a_folder_that_cannot_be_made_is_named(settings, tmp_path):
    (tmp_path / "file").write_text("")
    broken = replace(settings, shards=str(tmp_path / "file" / "pictures"))
    with pytest.raises(CheckpointError, match="name another folder"):
        make_shards(broken, RunLog(tmp_path, Console(quiet=True)))
