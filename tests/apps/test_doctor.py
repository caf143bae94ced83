from __future__ import annotations

import json

import pytest

from millrace.apps import checks
from millrace.apps.checks import CHECKS, Finding, Verdict, run_check
from millrace.apps.cli import run_cli
from millrace.apps.doctor import as_json, can_run, findings_table


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
    monkeypatch.setattr(checks, "is_installed", lambda module: False)
    for check in (checks.check_torch, checks.check_decoders, checks.check_opencv, checks.check_sound):
        finding = check()
        assert finding.verdict is not Verdict.OK
        assert "install" in finding.mend


def test_a_gui_wheel_of_opencv_beside_the_headless_one_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "is_distributed", lambda name: name == "opencv-python")
    finding = checks.check_opencv()
    assert finding.verdict is Verdict.NOTE
    assert "uninstall -y opencv-python " in finding.mend


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
