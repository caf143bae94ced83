"""Lists the cameras and microphones of this machine without opening any of them."""

from __future__ import annotations

import os
import re
import struct
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from ..errors import MissingDependencyError

_DEV = Path("/dev")
_NAMES = Path("/sys/class/video4linux")

# ioctl VIDIOC_QUERYCAP and its struct v4l2_capability (linux/videodev2.h).
_QUERYCAP = 0x80685600
_CAPABILITY = struct.Struct("=16s32s32sIII12x")
_CAN_CAPTURE = 0x00000001 | 0x00001000  # single- and multi-planar
_HAS_DEVICE_CAPS = 0x80000000


@dataclass(frozen=True, slots=True)
class CameraDevice:
    """A local camera, made by `list_cameras`."""

    path: str  # the source string that opens it
    name: str


@dataclass(frozen=True, slots=True)
class MicrophoneDevice:
    """A local sound input, made by `list_microphones`."""

    index: int  # `mic:INDEX` opens it
    name: str
    num_channels: int
    is_default: bool


def list_cameras(dev: Path = _DEV) -> list[CameraDevice]:
    """Video4Linux devices that can capture, by number; elsewhere than on Linux none are listed."""
    paths = [path for path in dev.glob("video*") if re.fullmatch(r"video\d+", path.name)]
    paths.sort(key=lambda path: int(path.name.removeprefix("video")))
    return [CameraDevice(str(path), _name_of(path)) for path in paths if can_capture(path)]


def can_capture(path: Path) -> bool:
    """Does this device give pictures? A webcam has a second one that only describes them."""
    try:
        # Only Linux has the module, and only Linux has such devices.
        import fcntl

        # Without blocking: a device that another program holds must not keep us.
        file = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    except (ImportError, OSError):
        return False
    try:
        answer = fcntl.ioctl(file, _QUERYCAP, bytes(_CAPABILITY.size))
    except OSError:
        return False
    finally:
        os.close(file)
    *_, all_caps, device_caps = _CAPABILITY.unpack(answer)
    caps = device_caps if all_caps & _HAS_DEVICE_CAPS else all_caps
    return bool(caps & _CAN_CAPTURE)


def list_microphones() -> list[MicrophoneDevice]:
    """Sound inputs. Raises MissingDependencyError with the command that installs what is missing."""
    sounddevice = import_sounddevice()
    default = sounddevice.default.device[0]
    return [
        MicrophoneDevice(index, str(device["name"]), int(device["max_input_channels"]), index == default)
        for index, device in enumerate(sounddevice.query_devices())
        if device["max_input_channels"] > 0
    ]


def import_sounddevice() -> ModuleType:
    """The sounddevice library, imported when sound is first asked for.

    Raises MissingDependencyError if it, or PortAudio under it, is not installed.
    """
    try:
        import sounddevice
    except ImportError as error:
        raise MissingDependencyError(
            'a microphone needs the sounddevice library; install it: pip install "millrace[audio]"'
        ) from error
    except OSError as error:
        raise MissingDependencyError(
            "a microphone needs the PortAudio library; install it: apt install libportaudio2"
        ) from error
    module: ModuleType = sounddevice
    return module


def _name_of(path: Path) -> str:
    try:
        return (_NAMES / path.name / "name").read_text().strip() or path.name
    except OSError:
        return path.name
