from __future__ import annotations

from millrace.streams.devices import can_capture, list_cameras


def test_a_machine_without_cameras_lists_none(tmp_path) -> None:
    assert list_cameras(tmp_path) == []


def test_what_only_looks_like_a_camera_is_not_listed(tmp_path) -> None:
    (tmp_path / "video0").touch()
    (tmp_path / "videotape").touch()
    assert list_cameras(tmp_path) == []


def test_asking_a_device_that_is_not_there_is_no_error(tmp_path) -> None:
    assert not can_capture(tmp_path / "video7")
