"""`agent run` on a network camera."""

from __future__ import annotations

import json

from millrace.apps.cli import run_cli


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
