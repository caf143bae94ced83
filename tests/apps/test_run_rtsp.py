"""`agent run` on a network camera."""

from __future__ import annotations

import json


def test_a_network_camera_is_watched(agent, model, real_camera, tmp_path) -> None:
    report = tmp_path / "r.json"
    camera = real_camera("sound", "user:s3cret-w0rd")
    url = camera.url.replace("rtsp://", "rtsp://user:s3cret-w0rd@")
    done = agent(
        "run", "--source", f"door={url}", "--seconds", 6, "--model", model, "--plain", "--json", report
    )
    assert done.returncode == 0, done.stdout + done.stderr
    document = json.loads(report.read_text(encoding="utf-8"))
    (source,) = document["sources"]
    assert (source["name"], source["state"]) == ("door", "opened")
    assert source["frames_in"] > 5 and source["frames_read"] + sum(source["skipped"].values()) > 1
    assert document["ticks"]["count"] >= 10
    assert "w0rd" not in done.stdout + done.stderr + report.read_text(encoding="utf-8")
