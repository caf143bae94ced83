"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from shutil import copyfile

from .errors import CheckpointError


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
