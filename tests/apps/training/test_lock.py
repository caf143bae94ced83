"""Two runs never share a folder, and a run that was killed leaves no lock behind. The processes are real."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager

import pytest

from millrace.apps.cli import run_cli
from millrace.apps.training.lock import LOCK, sole_run
from millrace.errors import CheckpointError

WAIT_S = 120
HOLD = """
import sys
from pathlib import Path
from millrace.apps.training.lock import sole_run
with sole_run(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""
HOLD_AND_FORK = HOLD.replace(
    'print("held"', 'import os; os.fork() or sys.stdin.read() or os._exit(0); print("held"'
)


@contextmanager
def another_run(out, code=HOLD):
    """A process that holds the folder until its input ends or it is killed."""
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(out)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout.readline() == "held\n"
        yield holder
    finally:
        holder.stdin.close()
        holder.wait(WAIT_S)
        holder.stdout.close()


def test_a_second_run_is_told_where_the_first_one_is(tmp_path, capsys):
    out = tmp_path / "run"
    with another_run(out) as holder:
        assert run_cli(["train", "--smoke", "--out", str(out)]) == 2
        said = capsys.readouterr().err
        assert said.startswith("error: ") and said.count("\n") == 1
        assert str(out) in said and f"process {holder.pid}" in said
    assert [path.name for path in out.iterdir()] == [LOCK]


@pytest.mark.parametrize(
    "code", [HOLD, HOLD_AND_FORK], ids=["alone", "with a process of its own that lives on"]
)
def test_a_run_that_is_killed_leaves_the_folder_free(tmp_path, code):
    with another_run(tmp_path, code) as holder:
        holder.kill()
        holder.wait(WAIT_S)
        with sole_run(tmp_path):
            assert (tmp_path / LOCK).read_text() == f"{os.getpid()}\n"


def test_a_run_that_ends_leaves_the_folder_free(tmp_path):
    with another_run(tmp_path):
        pass
    with pytest.raises(KeyboardInterrupt), sole_run(tmp_path):
        raise KeyboardInterrupt
    with another_run(tmp_path):
        pass


def test_a_place_where_no_folder_can_be_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(CheckpointError, match=r"cannot write into .*file"), sole_run(tmp_path / "file"):
        pass
