from __future__ import annotations

import json

import pytest

from millrace.apps.cli import run_cli
from millrace.apps.devices import find_devices
from millrace.errors import MissingDependencyError
from millrace.streams import devices as local
from millrace.streams.devices import CameraDevice, MicrophoneDevice
from millrace.streams.spec import parse_source


def have(monkeypatch: pytest.MonkeyPatch, microphones: list[MicrophoneDevice] | None) -> None:
    """A machine with one camera and these microphones; None is one without PortAudio."""

    def list_microphones() -> list[MicrophoneDevice]:
        if microphones is None:
            raise MissingDependencyError("install PortAudio: apt install libportaudio2")
        return microphones

    monkeypatch.setattr(local, "list_cameras", lambda: [CameraDevice("/dev/video2", "HD Webcam")])
    monkeypatch.setattr(local, "list_microphones", list_microphones)


def test_what_is_printed_can_be_typed_as_a_source(monkeypatch: pytest.MonkeyPatch) -> None:
    have(monkeypatch, [MicrophoneDevice(3, "Headset", 1, True), MicrophoneDevice(5, "Line", 2, False)])
    devices, notes = find_devices()
    assert [device.source for device in devices] == ["/dev/video2", "mic:3", "mic:5"]
    assert all(parse_source(device.source) for device in devices)
    assert notes == []


def test_a_missing_library_hides_no_camera(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    have(monkeypatch, None)
    assert run_cli(["devices"]) == 0
    output = capsys.readouterr().out
    assert "/dev/video2" in output and "HD Webcam" in output
    assert "libportaudio2" in output


def test_the_json_is_nothing_but_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    have(monkeypatch, [])
    assert run_cli(["devices", "--json", "-"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["devices"] == [{"kind": "camera", "source": "/dev/video2", "name": "HD Webcam"}]
    assert document["notes"] == ["no microphone was found"]
