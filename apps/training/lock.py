"""One run in a folder at a time: two would write over each other's states."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...errors import CheckpointError, ConfigError

LOCK = "run.lock"


@contextmanager
def sole_run(out: Path) -> Iterator[None]:
    """Hold a folder, made where it is missing, for the run inside.

    The lock is the system's, of this process alone and not of those that it starts: it ends with the process, however
    that ends, and the file that stays means nothing. Raises ConfigError where another process holds the folder,
    CheckpointError where it cannot be written.
    """
    path = out / LOCK
    try:
        out.mkdir(parents=True, exist_ok=True)
        file = path.open("a+")
    except OSError as error:
        raise CheckpointError(f"cannot write into {out} ({error.strerror}): choose another --out") from None
    with file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):  # which of the two, POSIX leaves open
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise ConfigError(
                f"{out} is in use by another run, process {holder}: wait for it, end it, or choose another --out"
            ) from None
        except OSError as error:  # a file system without locks: two runs cannot be told apart there
            raise CheckpointError(
                f"{path} cannot be locked ({error.strerror}): choose another --out"
            ) from None
        file.seek(0)
        file.truncate()
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
