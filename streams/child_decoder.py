"""The child process of one network camera: opens it, decodes it, and sends the newest picture when it is asked to.

Run as `python -P -m millrace.streams.child_decoder`. Orders come as lines on the standard input, so that no address with
a password stands among the arguments. It imports neither torch nor numpy: it has to be back quickly when it was killed.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import queue
import resource
import sys
import threading
from collections.abc import Mapping
from typing import Any, TypeAlias

import av
from av.container import InputContainer

from .child_outbox import Outbox
from .child_show import Show
from .clock import monotonic_ns
from .wire import CREDIT, Beat, Trouble, TroubleKind, plain

Order: TypeAlias = Mapping[str, Any]  # made by `streams/child.py`, which is trusted

_MAX_MEMORY_BYTES = 2 * 2**30  # of addresses: enough for 8K, too little to take the machine down
_NS_PER_US = 1_000
_FORBIDDEN = "not on whitelist"  # what FFmpeg says of an address that the camera named
_KINDS: tuple[tuple[type[av.error.FFmpegError], TroubleKind], ...] = (
    (av.error.HTTPUnauthorizedError, TroubleKind.REFUSED),
    (av.error.HTTPForbiddenError, TroubleKind.REFUSED),
    (av.error.HTTPClientError, TroubleKind.MISSING),
    (av.error.ExitError, TroubleKind.STALLED),
    (av.error.EOFError, TroubleKind.ENDED),
    (av.error.InvalidDataError, TroubleKind.GARBAGE),
)
_NUMBERS = {
    errno.ETIMEDOUT: TroubleKind.STALLED,
    **dict.fromkeys(
        (errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EIO),
        TroubleKind.UNREACHABLE,
    ),
    **dict.fromkeys((errno.ECONNRESET, errno.EPIPE), TroubleKind.ENDED),
}


def main() -> None:
    """Take orders until the standard input ends."""
    pipe = os.dup(1)
    # Whatever a library prints would stand among the messages, or hold a password.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    _bound_memory()
    outbox = Outbox(pipe)
    orders: queue.SimpleQueue[Order] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(outbox, orders), daemon=True).start()
    outbox.put(Beat())
    while True:
        outbox.put(play(orders.get(), outbox))


def play(order: Order, outbox: Outbox) -> Trouble:
    """Open a camera and send what it gives until that ends; says why it ended."""
    limits = (order["open_s"], order["read_s"])
    patient_ns, began_ns, show = int(order["options"]["timeout"]) * _NS_PER_US, monotonic_ns(), None
    try:
        with _opened(order, limits) as container:
            show = Show(container, order, outbox)
            return show.run()
    except av.error.FFmpegError as error:
        if (
            show is None
            and monotonic_ns() - began_ns >= patient_ns
            and _kind_of(error) is TroubleKind.GARBAGE
        ):
            # No answer at all is invalid data, too, to FFmpeg.
            return Trouble(TroubleKind.STALLED)
        return Trouble(_kind_of(error), plain(error.strerror))  # not str(error), which holds the address
    except (ValueError, MemoryError) as error:
        return Trouble(TroubleKind.GARBAGE, type(error).__name__)


def _opened(order: Order, limits: tuple[float, float]) -> InputContainer:
    # While it opens, one thread works alone, and FFmpeg may tell why it does not; later its threads would wait here.
    av.logging.set_level(av.logging.ERROR)
    try:
        return av.open(order["url"], format="rtsp", options=order["options"], timeout=limits)
    finally:
        av.logging.set_level(None)


def _kind_of(error: av.error.FFmpegError) -> TroubleKind:
    if _FORBIDDEN in str(error.log):
        return TroubleKind.MOVED
    by_number = _NUMBERS.get(error.errno or 0, TroubleKind.FAILED)
    return next((kind for form, kind in _KINDS if isinstance(error, form)), by_number)


def _listen(outbox: Outbox, orders: queue.SimpleQueue[Order]) -> None:
    for line in sys.stdin.buffer:
        if line == CREDIT:
            outbox.credit()
        else:
            orders.put(json.loads(line))
    # The parent has gone. FFmpeg may be waiting for ever, and nothing here is worth keeping.
    os._exit(0)


def _bound_memory() -> None:
    for kind, limit in ((resource.RLIMIT_AS, _MAX_MEMORY_BYTES), (resource.RLIMIT_CORE, 0)):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (limit, limit))


if __name__ == "__main__":
    main()
