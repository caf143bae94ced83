"""`agent serve` as a person types it: a real process, its greeting, Ctrl-C, and what it refuses."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from millrace.apps.checks.network import check_port
from millrace.apps.cli import run_cli
from millrace.apps.doors import server
from millrace.apps.doors.opening import greeting
from millrace.apps.doors.settings import make_serve_config

AGENT = Path(sys.executable).with_name("agent")
LIMIT_S = 180  # far more than it needs: a hang is a failure, a busy machine is not
Agent = Callable[..., subprocess.CompletedProcess[str]]


def read_until(process: subprocess.Popen[str], wanted: str) -> str:
    """What it printed, up to and including the line that holds `wanted`."""
    text = ""
    assert process.stdout is not None
    giving_up = threading.Timer(LIMIT_S, process.kill)
    giving_up.start()
    try:
        for line in process.stdout:
            text += line
            if wanted in line:
                return text
    finally:
        giving_up.cancel()
        giving_up.join()
    raise AssertionError(f"{wanted!r} never came: {text}")


def test_it_greets_serves_and_ends_at_ctrl_c(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    token = "open-sesame-please"
    command = [str(AGENT), "serve", "--port", "0", "--cams", "1", "--token", token]
    process = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        text = read_until(process, "Ctrl-C ends it.")
        url = re.search(r"http://127\.0\.0\.1:\d+", text)
        assert url is not None and f"{url[0]}/#token={token}" in text
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        health = json.load(opener.open(f"{url[0]}/healthz", timeout=LIMIT_S))
        assert health == {"status": "ok", "why": ""}
        monkeypatch.setenv("MILLRACE_SERVE_PORT", url[0].rpartition(":")[2])
        assert check_port().detail.endswith("`agent serve` runs there already; its health: ok")
        for path, wanted in (
            ("/metrics", "millrace_ticks_total "),
            ("/openapi.json", '"/events"'),
            ("/docs", "/cameras"),
        ):
            asked = urllib.request.Request(url[0] + path, headers={"Authorization": f"Bearer {token}"})
            assert wanted in opener.open(asked, timeout=LIMIT_S).read().decode()
        for path, headers in (
            (f"/budget?token={token}", {}),
            (f"/{token}", {}),
            ("/ask", {"Authorization": f"Bearer {token}"}),
        ):
            with pytest.raises(urllib.error.HTTPError) as refused:
                opener.open(urllib.request.Request(url[0] + path, headers=headers), timeout=LIMIT_S)
            told = refused.value.read().decode()
            assert refused.value.code in (401, 405) and token not in told + str(refused.value.headers)
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=LIMIT_S)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 0
    assert rest == "The doors are closed.\n"
    assert errors == ""


def test_what_cannot_be_served_is_told_in_one_line_before_a_model_is_loaded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cert.pem").write_text("nonsense")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused = {
            ("--port", port): f"port {port} of 127.0.0.1 is taken by another program; choose another: --port",
            ("--host", "203.0.113.7"): "host 203.0.113.7 is no address of this machine",
            ("--port", "0", "--source", "door=missing.mp4"): "missing.mp4",
            ("--port", "0", "--source", "nonsense"): "'nonsense' is not a source",
            ("--cams", "9"): "cams is 9; give a number of cameras from 1 to 4",
            ("--record", "all"): "record is 'all'; give off",
            ("--tls-cert", "cert.pem"): "give --tls-cert and --tls-key",
            ("--tls-cert", "cert.pem", "--tls-key", "cert.pem"): "are no certificate with its key",
        }
        for options, told in refused.items():
            assert run_cli(["serve", *options]) == 2
            error = capsys.readouterr().err
            assert told in error and error.startswith("error: ") and error.count("\n") == 1


def test_who_listens_everywhere_is_told_the_addresses_that_other_machines_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = ["192.0.2.7", "2001:db8::7", "fe80::7%eth0"]
    monkeypatch.setattr(server, "host_addresses", lambda: found)
    token = "open-sesame-please"
    for host, hosts in (
        ("0.0.0.0", ["192.0.2.7"]),
        ("::", ["192.0.2.7", "[2001:db8::7]"]),
        ("127.0.0.1", []),
    ):
        config = make_serve_config(host=host, token=token, port=0)
        with contextlib.closing(server.bind(config)) as listener:
            port = listener.getsockname()[1]
            assert server.urls_elsewhere(config, listener) == [f"http://{each}:{port}" for each in hosts]


def test_the_greeting_says_what_to_do_next_and_shows_the_token_only_if_there_is_one() -> None:
    plain = greeting(make_serve_config(), "http://127.0.0.1:8080")
    assert "http://127.0.0.1:8080/whip/obs" in plain and "OpenAI(base_url='http://127.0.0.1:8080/v1'" in plain
    assert "token" not in plain.lower().replace("bearer token any", "") and "https" not in plain
    config = make_serve_config(host="0.0.0.0", token="open-sesame-please")
    outside = greeting(config, "http://127.0.0.1:8080", ["http://192.0.2.7:8080"])
    assert "network  http://192.0.2.7:8080/#token=open-sesame-please\n" in outside
    assert "TOKEN=open-sesame-please" in outside and "#token=open-sesame-please" in outside
    assert "--tls-cert" in outside
    assert all(len(line) < 110 for line in plain.splitlines())
