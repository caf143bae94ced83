from __future__ import annotations

import json
from pathlib import Path

import pytest

from millrace.apps.report_file import check_writable, write_json
from millrace.errors import ConfigError


def test_a_report_is_written_whole_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text("old")
    write_json(path, {"text": "ein Gerät", "count": 3})
    assert json.loads(path.read_text(encoding="utf-8")) == {"text": "ein Gerät", "count": 3}
    assert list(tmp_path.iterdir()) == [path]


def test_a_report_that_cannot_be_written_as_json_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text("old")
    with pytest.raises(ValueError, match="nan"):
        write_json(path, {"p50_ms": float("nan")})
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_dash_prints_the_report(capsys: pytest.CaptureFixture[str]) -> None:
    write_json(Path("-"), {"count": 3})
    assert json.loads(capsys.readouterr().out) == {"count": 3}


@pytest.mark.parametrize("name", ["missing/r.json", "."])
def test_a_place_that_cannot_hold_a_report_is_refused_before_the_work(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="name a"):
        check_writable(tmp_path / name)


def test_a_folder_that_is_missing_when_the_report_is_written_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written"):
        write_json(tmp_path / "missing" / "r.json", {})
