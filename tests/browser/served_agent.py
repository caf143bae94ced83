"""`agent serve` as a person starts it, with the model that ships; and what its doors tell."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from parrot import pause

_AGENT = Path(sys.executable).with_name("agent")
_START_S, _END_S = 180, 60  # far more than it needs
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@contextlib.contextmanager
def agent_serving(folder: Path, *options: str) -> Iterator[str]:
    """Its address, without a slash at the end; it runs in this folder."""
    told = folder / "errors.txt"
    with told.open("w") as errors:
        command = [str(_AGENT), "serve", "--port", "0", *options]
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=errors, text=True)
        try:
            yield _address(process, told)
            process.send_signal(signal.SIGINT)
            process.wait(_END_S)
        finally:
            process.kill()
            process.communicate()


def cameras(url: str) -> Sequence[dict[str, Any]]:
    """What `/cameras` tells now."""
    with _opener.open(f"{url}/cameras", timeout=30) as answer:
        return json.load(answer)["cameras"]


def seats(url: str) -> dict[str, str]:
    """Who sits where: the cameras that are connected, by name."""
    return {camera["name"]: camera["seat"] for camera in cameras(url) if camera["seat"]}


async def until(is_true: Callable[[], bool]) -> None:
    """Wait for it; the limit is that of the whole test."""
    while not is_true():
        await pause(0.2)


def _address(process: subprocess.Popen[str], told: Path) -> str:
    assert process.stdout is not None
    giving_up = threading.Timer(_START_S, process.kill)
    giving_up.start()
    text = ""
    try:
        for line in process.stdout:
            text += line
            if "Ctrl-C ends it." in line:
                found = re.search(r"http://127\.0\.0\.1:\d+", text)
                assert found is not None, text
                return found[0]
    finally:
        giving_up.cancel()
        giving_up.join()
    raise AssertionError(f"agent serve ended: {text}{told.read_text()}")
