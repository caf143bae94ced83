from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from millrace.apps.checks import CHECKS, devices, libraries, model, network, serving
from millrace.apps.checks.finding import Finding, Verdict, run_check
from millrace.apps.cli import run_cli
from millrace.apps.doctor import as_json, can_run, findings_table
from millrace.errors import CheckpointError


def test_every_check_runs_and_says_something() -> None:
    findings = [run_check(check) for check in CHECKS]
    assert all(finding.detail for finding in findings)
    assert len({finding.name for finding in findings}) == len(CHECKS)


def test_the_libraries_that_the_tests_run_with_are_fine() -> None:
    found = {finding.name: finding for finding in map(run_check, CHECKS)}
    for name in ("Python", "torch", "PyAV", "OpenCV", "doors", "RTSP"):
        assert found[name].verdict is Verdict.OK, found[name]
    assert "libx264" in found["PyAV"].detail


def test_what_is_missing_has_a_command_that_mends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (libraries, devices):
        monkeypatch.setattr(module, "is_installed", lambda name: False)
    required = (libraries.check_torch, libraries.check_decoders, libraries.check_opencv)
    for check in (*required, devices.check_microphones):
        finding = check()
        assert finding.verdict is not Verdict.OK
        assert "install" in finding.mend


def test_a_gui_wheel_of_opencv_beside_the_headless_one_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libraries, "is_distributed", lambda name: name == "opencv-python")
    finding = libraries.check_opencv()
    assert finding.verdict is Verdict.NOTE
    assert "uninstall -y opencv-python " in finding.mend


def test_a_camera_that_this_user_may_not_open_is_noticed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "video0").touch()
    monkeypatch.setattr(devices, "DEV", tmp_path)
    monkeypatch.setattr(devices.os, "access", lambda path, mode: False)  # root may open anything
    finding = devices.check_cameras()
    assert "video0" in finding.detail and "usermod -aG video" in finding.mend


def test_a_model_that_is_not_there_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(path: Path | None) -> None:
        raise CheckpointError("model nano: no such file")

    monkeypatch.setattr("millrace.generation.checkpoint.load_narrator", load)
    finding = run_check(model.check_model)
    assert finding.verdict is Verdict.MISSING and finding.mend.startswith("make -C ")


def test_a_check_that_fails_by_surprise_is_a_finding_of_its_own() -> None:
    def check_luck() -> Finding:
        raise OSError("no luck")

    assert run_check(check_luck).verdict is Verdict.MISSING
    assert run_check(check_luck).detail == "OSError: no luck"


def test_a_missing_part_says_that_the_agent_cannot_run() -> None:
    good, bad = Finding("a", Verdict.NOTE, "x"), Finding("b", Verdict.MISSING, "y", "mend it")
    assert can_run([good])
    assert not can_run([good, bad])
    assert as_json([good, bad])["can_run"] is False
    assert findings_table([good, bad]).row_count == 2


def test_the_json_of_the_doctor_is_nothing_but_json(capsys: pytest.CaptureFixture[str]) -> None:
    exit_code = run_cli(["doctor", "--json", "-"])
    document = json.loads(capsys.readouterr().out)
    assert exit_code == (0 if document["can_run"] else 1)
    assert {"name", "verdict", "detail", "mend"} == set(document["findings"][0])


def test_a_library_of_the_doors_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "is_installed", lambda name: name != "silero_vad")
    finding = serving.check_doors()
    assert finding.verdict is Verdict.NOTE and finding.mend.endswith("-m pip install silero-vad")


def test_a_port_that_is_taken_gets_another(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setenv("MILLRACE_SERVE_PORT", str(port))
        taken = network.check_port()
    assert taken.verdict is Verdict.NOTE and f"127.0.0.1:{port}: Address already in use" in taken.detail
    assert taken.mend.startswith("agent serve --port ") and not taken.mend.endswith(str(port))
    assert network.check_port().verdict is Verdict.OK


def test_a_port_at_which_the_agent_serves_already_is_no_trouble(
    monkeypatch: pytest.MonkeyPatch, answering: Callable[[bytes], int]
) -> None:
    health = b'HTTP/1.0 %b\r\n\r\n{"status": "%b", "why": "it"}'
    for first, status in ((b"200 OK", b"ok"), (b"503 Not", b"ended")):
        monkeypatch.setenv("MILLRACE_SERVE_PORT", str(answering(health % (first, status))))
        finding = network.check_port()
        assert finding.verdict is Verdict.OK and finding.detail.endswith(f"its health: {status.decode()}")
    for other in (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi", b"SSH-2.0-x\r\n", b""):
        monkeypatch.setenv("MILLRACE_SERVE_PORT", str(answering(other)))
        assert "Address already in use" in network.check_port().detail


@pytest.fixture
def answering() -> Iterator[Callable[[bytes], int]]:
    """Starts servers that answer whatever they are asked with these bytes; gives the port."""
    with contextlib.ExitStack() as stack:

        def start(answer: bytes) -> int:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

            def serve() -> None:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(4096)
                    connection.sendall(answer)

            thread = threading.Thread(target=serve)
            thread.start()
            stack.callback(thread.join)
            return int(listener.getsockname()[1])

        yield start


def test_https_is_asked_for_only_where_browsers_come_from_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    here = network.check_https()
    assert here.verdict is Verdict.OK and "ssh -L 8080:127.0.0.1:8080" in here.detail
    monkeypatch.setenv("MILLRACE_SERVE_HOST", "0.0.0.0")
    elsewhere = network.check_https()
    assert elsewhere.verdict is Verdict.NOTE
    assert (
        elsewhere.mend.startswith("openssl req ")
        and "agent serve --host 0.0.0.0 --tls-cert" in elsewhere.mend
    )


def test_what_webrtc_lacks_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(network, "CONTAINER", tmp_path / "nothing")
    monkeypatch.setattr(network, "udp_trouble", lambda host: "")
    monkeypatch.setattr(network, "host_addresses", lambda: ["10.0.0.5"])
    near = network.check_addresses()
    assert (
        near.verdict is Verdict.OK and "127.0.0.1, 10.0.0.5: can be reached from this network" in near.detail
    )
    monkeypatch.setattr(network, "host_addresses", lambda: ["8.8.8.8", "fe80::1%2"])
    assert "from everywhere" in network.check_addresses().detail
    monkeypatch.setattr(network, "CONTAINER", tmp_path)
    assert "--network host" in network.check_addresses().mend
    monkeypatch.setattr(network, "host_addresses", list)
    alone = network.check_addresses()
    assert alone.verdict is Verdict.NOTE and "127.0.0.1 alone" in alone.detail and alone.mend
    monkeypatch.setattr(network, "udp_trouble", lambda host: "Operation not permitted")
    assert "WebRTC cannot work" in network.check_addresses().detail


def test_udp_is_really_tried() -> None:
    assert network.udp_trouble("127.0.0.1") == ""
    assert network.udp_trouble("192.0.2.1")  # no address of this machine


def test_without_a_browser_one_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "APPLICATIONS", ())
    monkeypatch.setattr(
        serving.shutil, "which", lambda name: "/usr/bin/firefox" if name == "firefox" else None
    )
    assert "/usr/bin/firefox" in serving.check_browser().detail
    monkeypatch.setattr(serving.shutil, "which", lambda name: None)
    assert serving.check_browser().mend.endswith("apt-get install chromium")


def test_a_decoder_process_that_does_not_start_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("millrace.streams.child._MODULE", "millrace.streams.nothing")
    finding = serving.check_rtsp()
    assert finding.verdict is Verdict.NOTE and "does not start: the decoder ended (code 1)" in finding.detail
