"""A TURN server that is not ours: coturn, on loopback alone, with one user; its log tells what went through it."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

PROGRAM = "turnserver"
USER, CREDENTIAL = "miller", "geheim-am-wehr-7"
RELAY_ADDRESS = "127.0.0.2"  # not the server's own: who may send there is told apart by address
_USAGE = re.compile(r"session (\d+): usage: realm=\S+ username=\S+ rp=\d+, rb=(\d+)")
_START_S = 60


@dataclass(frozen=True)
class Turn:
    """Where it listens, and its log."""

    port: int
    log: Path

    def server(self, transport="udp", credential=CREDENTIAL):
        """As a setting of `agent serve`."""
        urls = f"turn:127.0.0.1:{self.port}?transport={transport}"
        return {"urls": urls, "username": USER, "credential": credential}

    @property
    def has_refused(self):
        """Whether somebody gave the right user and a wrong credential."""
        return f"user <{USER}>: incoming packet message processed, error 401" in self._read()

    def received(self):
        """The bytes that it took from each client whose session is over, by session."""
        found = _USAGE.findall(self._read())
        totals = {}
        for session, num_bytes in found:
            totals[session] = totals.get(session, 0) + int(num_bytes)
        return totals

    def _read(self):
        return self.log.read_text(errors="replace")


@contextmanager
def turn_server(folder):
    """The program, listening; skips the test where it is not installed."""
    if shutil.which(PROGRAM) is None:
        pytest.skip("turnserver is not here: apt-get install coturn")
    turn = Turn(_free_port(), folder / "turn.log")
    command = [
        *(PROGRAM, "-c", str(folder / "none.conf"), "--no-cli", "--no-tls", "--no-dtls", "--verbose"),
        *("--listening-ip=127.0.0.1", f"--listening-port={turn.port}", f"--relay-ip={RELAY_ADDRESS}"),
        *("--allow-loopback-peers", "--lt-cred-mech", "--realm=millrace", f"--user={USER}:{CREDENTIAL}"),
        *("--relay-threads=1", f"--userdb={folder / 'turn.db'}", f"--pidfile={folder / 'turn.pid'}"),
        *("--simple-log", f"--log-file={turn.log}", "--no-stdout-log"),
    ]
    (folder / "none.conf").touch()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_listening(turn.port, process)
        yield turn
    finally:
        process.kill()
        process.wait()


def _wait_listening(port, process):
    wait, tries = threading.Event().wait, _START_S * 10
    for _ in range(tries):
        assert process.poll() is None, "turnserver ended at once"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        wait(0.1)
    raise AssertionError("turnserver does not listen")


def _free_port():
    with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        tcp.bind(("127.0.0.1", 0))
        udp.bind(tcp.getsockname())
        return tcp.getsockname()[1]
