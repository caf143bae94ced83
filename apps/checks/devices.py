"""Cameras and microphones: is one there, and may it be used."""

from __future__ import annotations

import os
from pathlib import Path

from ...errors import MissingDependencyError
from .finding import Finding, apt, is_installed, note, ok, pip

DEV = Path("/dev")


def check_cameras() -> Finding:
    from ...streams.devices import list_cameras

    closed = [str(path) for path in sorted(DEV.glob("video*")) if not os.access(path, os.R_OK | os.W_OK)]
    if closed:
        mend = "sudo usermod -aG video $USER  # then log in again"
        return note("cameras", f"{', '.join(closed)} may not be opened by this user", mend)
    cameras = list_cameras()
    if not cameras:
        return ok("cameras", "none found; `agent run` renders some instead")
    return ok("cameras", ", ".join(f"{camera.path} ({camera.name})" for camera in cameras))


def check_microphones() -> Finding:
    from ...streams.devices import list_microphones

    if not is_installed("sounddevice"):
        return note("microphones", "the sounddevice library is not installed", pip("sounddevice"))
    try:
        microphones = list_microphones()
    except MissingDependencyError:
        return note("microphones", "the PortAudio library is not installed", apt("libportaudio2"))
    if not microphones:
        return ok("microphones", "none found; rendered rooms and files have sound of their own")
    return ok("microphones", ", ".join(f"mic:{one.index} ({one.name})" for one in microphones))
