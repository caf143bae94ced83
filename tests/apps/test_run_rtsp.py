"""`agent run` on network cameras."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from millrace.apps.cli import run_cli

AGENT = Path(sys.executable).with_name("agent")


def test_a_network_camera_is_watched(model, real_camera, tmp_path, capfd) -> None:
    report = tmp_path / "r.json"
    camera = real_camera("sound", "user:s3cret-w0rd")
    url = camera.url.replace("rtsp://", "rtsp://user:s3cret-w0rd@")
    arguments = ["run", "--source", f"door={url}", "--seconds", "6", "--model", str(model), "--plain"]
    assert run_cli([*arguments, "--json", str(report)]) == 0
    document = json.loads(report.read_text(encoding="utf-8"))
    (source,) = document["sources"]
    assert (source["name"], source["state"]) == ("door", "opened")
    assert source["frames_in"] > 5 and source["frames_read"] + sum(source["skipped"].values()) > 1
    assert document["ticks"]["count"] >= 10
    printed = capfd.readouterr()
    assert "w0rd" not in printed.out + printed.err + report.read_text(encoding="utf-8")


@pytest.fixture
def free_port() -> int:
    """A port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def test_a_camera_that_is_away_at_the_start_is_waited_for_and_joins(
    model: Path, real_camera, free_port: int, tmp_path: Path
) -> None:
    report = tmp_path / "r.json"
    source = f"door=rtsp://127.0.0.1:{free_port}/cam"
    command = [AGENT, "run", "--source", source, "--model", model, "--plain", "--json", report]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}
    )
    limit = threading.Timer(120, process.kill)
    limit.start()
    try:
        lines = [next(line for line in process.stdout if "waited for" in line)]
        real_camera(port=free_port)
        lines.append(next(line for line in process.stdout if "is back" in line))
        process.send_signal(signal.SIGINT)
        lines += process.stdout
        assert process.wait() == 0, lines
    finally:
        limit.cancel()
        process.kill()
        process.wait()
        process.stdout.close()
    assert "door" in lines[0] and "nobody answers there" in lines[0] and "Traceback" not in "".join(lines)
    assert sum("nobody answers" in line for line in lines) == 1
    (source,) = json.loads(report.read_text())["sources"]
    assert source["state"] == "resumed" and source["frames_in"] > 0


def test_a_run_whose_only_camera_never_came_ends_with_why(model: Path, free_port: int, capfd) -> None:
    arguments = ["run", "--source", f"door=rtsp://127.0.0.1:{free_port}/cam", "--seconds", "1"]
    assert run_cli([*arguments, "--model", str(model), "--plain"]) == 2
    printed = capfd.readouterr()
    assert "it is waited for" in printed.out
    assert printed.err.count("nobody answers there") == 1


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("rtsp://", "is no RTSP address"),
        ("rtsp://host:99999/cam", "is no RTSP address"),
        ("rtsp://h/x?transport=x", "tcp or udp"),
    ],
)
def test_what_is_no_address_is_an_error_at_once(model: Path, address: str, said: str, capfd) -> None:
    assert run_cli(["run", "--source", f"door={address}", "--model", str(model)]) == 2
    assert said in capfd.readouterr().err
