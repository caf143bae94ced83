"""States on disk. Whatever happens during a save, one that was whole before is whole after."""

from __future__ import annotations

import io
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

import torch

from ...errors import CheckpointError
from ...files import previous_of, write_whole


def save_training(path: Path, content: Mapping[str, Any]) -> None:
    """Write a resumable state; the one before it stays as `NAME.previous.pt`. Ctrl-C waits until it is written.

    Raises CheckpointError where that fails; both older ones are kept then.
    """
    whole = packed(dict(content))
    with shielded():
        write_whole(path, whole, keep_previous=True)


def packed(content: Any) -> memoryview:
    """What `torch.save` would write into a file: in memory first, so that a full disk is an OSError."""
    whole = io.BytesIO()
    torch.save(content, whole)
    return whole.getbuffer()


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
