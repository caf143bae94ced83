"""States on disk. Whatever happens during a save, one that was whole before is whole after."""

from __future__ import annotations

import io
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import copyfile
from types import FrameType
from typing import Any

import torch

from ...errors import CheckpointError


def save_training(path: Path, content: Mapping[str, Any]) -> None:
    """Write a resumable state; the one before it stays as `NAME.previous.pt`. Ctrl-C waits until it is written.

    Raises CheckpointError where that fails; both older ones are kept then.
    """
    whole = io.BytesIO()
    torch.save(dict(content), whole)
    with shielded():
        write_whole(path, whole.getbuffer(), keep_previous=True)


def load_training(path: Path, tell: Callable[[str], None] = lambda line: None) -> dict[str, Any] | None:
    """The newest whole state that `save_training` wrote, or None where there is none yet.

    A broken one is told of, and the one before it is taken. Raises CheckpointError where that is broken, too.
    """
    if not path.exists():
        return None
    try:
        return _load(path)
    except Exception as error:  # torch.load raises many kinds for a cut or foreign file
        reason, previous = type(error).__name__, previous_of(path)
    with suppress(Exception):
        state = _load(previous)
        previous.replace(path)  # else the next save would keep the broken one as the older
        tell(f"{path} is not a whole training state ({reason}): going on from the one before it")
        return state
    raise CheckpointError(
        f"{path} is not a whole training state ({reason}), and no older one is left; "
        "delete it to start the stage anew"
    )


def previous_of(path: Path) -> Path:
    """Where the state before the newest lies."""
    return path.with_name(f"{path.stem}.previous{path.suffix}")


def write_whole(path: Path, content: bytes | memoryview, keep_previous: bool = False) -> None:
    """Write a file that is there whole or not at all, even if the machine stops. Raises CheckpointError."""
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if keep_previous and path.exists():
            _keep(path)
        partial.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise CheckpointError(
            f"cannot write {path} ({error.strerror or error}); what was there is kept: "
            "free space and run the same command again"
        ) from None


@contextmanager
def shielded() -> Iterator[None]:
    """Ctrl-C comes after the block, not within. Where this is not the main thread, it comes there anyway."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    caught: list[int] = []

    def catch(number: int, frame: FrameType | None) -> None:
        caught.append(number)

    before = signal.signal(signal.SIGINT, catch)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if caught:
            signal.raise_signal(signal.SIGINT)


def _load(path: Path) -> dict[str, Any]:
    return dict(torch.load(path, map_location="cpu", weights_only=True))


def _keep(path: Path) -> None:
    """A second name for the file that is about to be replaced; at no moment is its own name free."""
    previous = previous_of(path)
    previous.unlink(missing_ok=True)
    try:
        os.link(path, previous)
    except OSError:  # a file system without links
        copyfile(path, previous)


def _sync_folder(folder: Path) -> None:
    # A folder cannot be opened everywhere; then the file system's own order has to do.
    with suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
