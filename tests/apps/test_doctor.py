from __future__ import annotations

import json
from pathlib import Path

import pytest

from millrace.apps.checks import CHECKS, devices, libraries, model
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
    for name in ("Python", "torch", "PyAV", "OpenCV"):
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
