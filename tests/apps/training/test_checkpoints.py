"""Whatever happens during a save, the last good state is there after it."""

from __future__ import annotations

import os
import resource
import signal
import threading
from contextlib import contextmanager

import numpy as np
import pytest
import torch

from millrace.apps.report_file import write_json
from millrace.apps.training.checkpoints import load_training, save_training, shielded
from millrace.apps.training.progress import RunLog
from millrace.apps.training.tickstreams import save_streams
from millrace.errors import CheckpointError, MillraceError
from millrace.files import previous_of, write_whole
from millrace.generation.checkpoint import load_narrator, save_narrator


def state(step):
    return {"step": step, "weights": torch.arange(4096.0) + step}


@contextmanager
def disk_full_after(num_bytes):
    """The system refuses to write more than this into any file, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (num_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_state_comes_back_as_it_was(tmp_path):
    assert load_training(tmp_path / "state.pt") is None
    save_training(tmp_path / "state.pt", state(1))
    back = load_training(tmp_path / "state.pt")
    assert back["step"] == 1 and torch.equal(back["weights"], state(1)["weights"])


def test_the_last_two_states_are_kept(tmp_path):
    path = tmp_path / "state.pt"
    for step in (1, 2, 3):
        save_training(path, state(step))
    assert load_training(path)["step"] == 3
    assert load_training(previous_of(path))["step"] == 2
    assert sorted(p.name for p in tmp_path.iterdir()) == ["state.previous.pt", "state.pt"]


def test_a_full_disk_costs_nothing_and_is_named(tmp_path):
    path = tmp_path / "state.pt"
    save_training(path, state(1))
    save_training(path, state(2))
    with (
        disk_full_after(5000),
        pytest.raises(CheckpointError, match=r"cannot write .*state\.pt .*free space"),
    ):
        save_training(path, state(3))
    assert load_training(path)["step"] == 2
    assert load_training(previous_of(path))["step"] == 1
    assert not list(tmp_path.glob("*.partial"))
    save_training(path, state(3))
    assert load_training(path)["step"] == 3


@pytest.mark.parametrize("num_bytes", [0, 100, 9000])
def test_a_cut_file_falls_back_to_the_one_before(tmp_path, num_bytes):
    path, said = tmp_path / "state.pt", []
    save_training(path, state(1))
    save_training(path, state(2))
    path.write_bytes(path.read_bytes()[:num_bytes])
    assert load_training(path, said.append)["step"] == 1
    assert len(said) == 1 and "state.pt is not a whole training state" in said[0]
    save_training(path, state(2))
    assert load_training(previous_of(path))["step"] == 1


def test_two_broken_states_are_named_and_kept(tmp_path):
    path = tmp_path / "state.pt"
    for broken in (path, previous_of(path)):
        broken.write_bytes(b"half of a file")
    with pytest.raises(CheckpointError, match=r"state\.pt is not a whole training state .*delete it"):
        load_training(path)
    assert path.read_bytes() == b"half of a file"


def test_a_state_that_cannot_be_written_at_all_keeps_the_last(tmp_path):
    path = tmp_path / "state.pt"
    save_training(path, state(1))
    with pytest.raises((AttributeError, TypeError, RuntimeError)):
        save_training(path, {"step": lambda: None})
    assert load_training(path)["step"] == 1


class Interrupting:
    """Presses Ctrl-C at the moment when it is pickled: in the middle of a save."""

    def __reduce__(self):
        signal.raise_signal(signal.SIGINT)
        return (int, ())


def test_ctrl_c_before_the_write_leaves_the_old_one(tmp_path):
    path = tmp_path / "state.pt"
    save_training(path, state(1))
    with pytest.raises(KeyboardInterrupt):
        save_training(path, {**state(2), "more": Interrupting()})
    assert load_training(path)["step"] == 1


def test_ctrl_c_in_the_middle_of_the_write_finishes_it(tmp_path):
    path, gate = tmp_path / "state.pt", threading.Event()
    save_training(path, state(1))
    os.mkfifo(path.with_name("state.pt.partial"))

    def press():
        # The write into a pipe stands still until somebody reads: Ctrl-C comes in its middle.
        with path.with_name("state.pt.partial").open("rb") as pipe:
            os.kill(os.getpid(), signal.SIGINT)
            while pipe.read(4096):
                pass
        gate.set()

    thread = threading.Thread(target=press)
    thread.start()
    # A pipe cannot be synced to a disk, which is told as a failed write; the interrupt comes after it.
    with pytest.raises((KeyboardInterrupt, CheckpointError)) as caught:
        save_training(path, {"more than a pipe holds": torch.zeros(1_000_000)})
    thread.join()
    assert gate.is_set()
    assert isinstance(caught.value, KeyboardInterrupt)
    assert load_training(path)["step"] == 1


def test_a_shield_lets_the_interrupt_through_at_its_end():
    reached = []
    with pytest.raises(KeyboardInterrupt), shielded():
        signal.raise_signal(signal.SIGINT)
        with shielded():
            signal.raise_signal(signal.SIGINT)
            reached.append("inner")
        reached.append("outer")
    assert reached == ["inner", "outer"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError, match="--out"):
        RunLog(tmp_path / "file" / "run")


def test_a_log_that_cannot_be_written_is_said_once_and_training_goes_on(tmp_path, capsys):
    log = RunLog(tmp_path)
    with disk_full_after(10):
        log.record("encoder", 1, {"loss": 1.0})
        log.record("encoder", 2, {"loss": 1.0})
    assert capsys.readouterr().err.count("training goes on without its log") == 1


def test_a_log_goes_on_in_its_minutes_and_drops_what_comes_again(tmp_path):
    (tmp_path / "log.csv").write_text(
        "stage,step,minutes,name,value\nencoder,5,1.00,loss,3\nlanguage,1,2.00,loss,2\nlanguage,2,3.00,loss,1\nlang"
    )
    log = RunLog(tmp_path)
    log.rewind("language", 1)
    log.record("language", 2, {"loss": 1.5})
    lines = (tmp_path / "log.csv").read_text().splitlines()
    assert lines[1:3] == ["encoder,5,1.00,loss,3", "language,1,2.00,loss,2"]
    assert lines[3].startswith("language,2,3.0") and len(lines) == 4


def test_a_line_of_the_log_that_was_cut_is_taken_away(tmp_path):
    (tmp_path / "log.csv").write_text("stage,step,minutes,name,value\nencoder,5,1.00,loss,3\nenc")
    RunLog(tmp_path).record("encoder", 6, {"loss": 2.0})
    lines = (tmp_path / "log.csv").read_text().splitlines()
    assert lines[1] == "encoder,5,1.00,loss,3" and lines[2].startswith("encoder,6,1.0")


def test_a_file_is_there_whole_or_not_at_all(tmp_path):
    with disk_full_after(10), pytest.raises(CheckpointError):
        write_whole(tmp_path / "new", bytes(100))
    assert list(tmp_path.iterdir()) == []


def test_weights_streams_and_reports_that_find_no_room_leave_what_was_there(tmp_path):
    narrator = load_narrator()
    writers = {
        "nano.safetensors": lambda path: save_narrator(narrator, path),
        "shard-00000.pt": lambda path: save_streams(path, [np.zeros(9999)]),
        "report.json": lambda path: write_json(path, {"scores": [0.5] * 2000}),
    }
    for name, write in writers.items():
        (tmp_path / name).write_bytes(b"before")
        with (
            disk_full_after(5000),
            pytest.raises(MillraceError, match=rf"{name}.*(free space|another place)"),
        ):
            write(tmp_path / name)
        assert (tmp_path / name).read_bytes() == b"before"
    assert {path.name for path in tmp_path.iterdir()} == set(writers)
