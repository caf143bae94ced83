"""Ctrl-C as a polite request: the first ends a session after its tick, the second is an interrupt as ever."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def stop_on_interrupt(stop: Callable[[], None]) -> Iterator[None]:
    """Calls `stop` at the first SIGINT or SIGTERM; does nothing outside the main thread, where none comes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    signals = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in signals}

    def ask_to_stop(number: int, _: FrameType | None) -> None:
        restore()
        stop()

    def restore() -> None:
        for number in signals:
            signal.signal(number, before[number])

    for number in signals:
        signal.signal(number, ask_to_stop)
    try:
        yield
    finally:
        restore()
