"""What `agent doctor` looks at: each check is a function that looks at one thing and says what it found."""

from __future__ import annotations

import ctypes.util
import importlib.util
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from importlib import metadata
from pathlib import Path
from typing import Literal

from ..errors import MillraceError

MIN_PYTHON = (3, 11)
MIN_MEMORY_BYTES = int(1.5 * 2**30)
MIN_DISK_BYTES = 2**30
MIN_COLUMNS = 80
DECODERS = ("h264", "hevc", "aac")
ENCODERS = ("libx264",)  # rendered cameras have the artefacts of H.264


class Verdict(StrEnum):
    """How a check came out."""

    OK = "ok"
    NOTE = "note"  # works; something optional is not there, or could be better
    MISSING = "missing"  # `agent run` cannot work without it


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check, made by it."""

    name: str
    verdict: Verdict
    detail: str
    mend: str = ""  # the exact command that mends it; empty where there is nothing to mend


def ok(name: str, detail: str) -> Finding:
    return Finding(name, Verdict.OK, detail)


def check_python() -> Finding:
    version = ".".join(str(number) for number in sys.version_info[:3])
    if sys.version_info[:2] < MIN_PYTHON:
        detail = f"{version}; {MIN_PYTHON[0]}.{MIN_PYTHON[1]} or newer is needed"
        return Finding("Python", Verdict.MISSING, detail, apt("python3.11 python3.11-venv"))
    return ok("Python", f"{version} at {sys.executable}")


def check_processor() -> Finding:
    num_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    load = os.getloadavg()[0]
    detail = f"{num_cores} cores, load {load:.1f}"
    if load > num_cores:
        mend = "ps aux --sort=-%cpu | head"
        return Finding(
            "processor", Verdict.NOTE, f"{detail}: other programs keep it busy, ticks may be late", mend
        )
    return ok("processor", detail)


def check_memory() -> Finding:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return ok("memory", "not known on this system")
    available = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    detail = f"{available / 2**30:.1f} GB available"
    if available < MIN_MEMORY_BYTES:
        return Finding(
            "memory", Verdict.NOTE, f"{detail}; four cameras use up to 1.5 GB", "ps aux --sort=-%mem | head"
        )
    return ok("memory", detail)


def check_disk() -> Finding:
    free = shutil.disk_usage(Path.cwd()).free
    detail = f"{free / 2**30:.1f} GB free in {Path.cwd()}"
    if free < MIN_DISK_BYTES:
        return Finding(
            "disk", Verdict.NOTE, f"{detail}; training writes up to 1 GB", "du -xh . | sort -h | tail"
        )
    return ok("disk", detail)


def check_torch() -> Finding:
    if not is_installed("torch"):
        return Finding("torch", Verdict.MISSING, "not installed", pip("torch"))
    import torch

    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "none; the processor is enough"
    features = torch.backends.cpu.get_cpu_capability()
    return ok("torch", f"{torch.__version__}, {torch.get_num_threads()} threads, {features}, GPU: {gpu}")


def check_bf16() -> Finding:
    """Weights are stored in bf16; a processor that cannot multiply in it computes in float32, at no harm."""
    if not is_installed("torch"):
        return Finding("bf16", Verdict.NOTE, "needs torch")
    import torch

    if torch.cuda.is_available() and torch.cuda.is_bf16_supported():
        return ok("bf16", "in the GPU's hardware")
    flags = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").exists() else ""
    is_native = "avx512_bf16" in flags or "amx_bf16" in flags or " bf16 " in flags
    return ok("bf16", "in the processor's hardware" if is_native else "not in hardware; float32 is used")


def check_decoders() -> Finding:
    if not is_installed("av"):
        return Finding("PyAV", Verdict.MISSING, "not installed", pip("av"))
    import av
    from av.codec import Codec
    from av.codec.codec import UnknownCodecError

    def has(codec: str, mode: Literal["r", "w"]) -> bool:
        try:
            Codec(codec, mode)
        except UnknownCodecError:
            return False
        return True

    missing = [codec for codec in DECODERS if not has(codec, "r")]
    missing += [codec for codec in ENCODERS if not has(codec, "w")]
    version = ".".join(str(number) for number in av.library_versions.get("libavcodec", ()))
    detail = f"{av.__version__}, libavcodec {version}"
    if missing:
        mend = pip("--force-reinstall --only-binary av av")
        return Finding("PyAV", Verdict.MISSING, f"{detail}, without {', '.join(missing)}", mend)
    return ok("PyAV", f"{detail}: {', '.join([*DECODERS, *ENCODERS])}")


def check_opencv() -> Finding:
    if not is_installed("cv2"):
        return Finding("OpenCV", Verdict.MISSING, "not installed", pip("opencv-python-headless"))
    wheels = [wheel for wheel in ("opencv-python", "opencv-contrib-python") if is_distributed(wheel)]
    if wheels:
        detail = f"{wheels[0]} is installed as well; its GUI libraries clash with PyAV's"
        mend = f"{pip(' '.join(wheels), 'uninstall -y')} && {pip('--force-reinstall opencv-python-headless')}"
        return Finding("OpenCV", Verdict.NOTE, detail, mend)
    import cv2

    return ok("OpenCV", f"{cv2.__version__}, headless")


def check_sound() -> Finding:
    if not is_installed("sounddevice"):
        return Finding(
            "sound", Verdict.NOTE, "the library for microphones is not installed", pip("sounddevice")
        )
    if ctypes.util.find_library("portaudio") is None and not _carries_portaudio():
        return Finding(
            "sound", Verdict.NOTE, "PortAudio is not installed: no microphones", apt("libportaudio2")
        )
    return ok("sound", f"sounddevice {metadata.version('sounddevice')} with PortAudio")


def _carries_portaudio() -> bool:
    """On macOS and Windows the wheel brings PortAudio along."""
    return importlib.util.find_spec("_sounddevice_data") is not None


def check_triton() -> Finding:
    if is_installed("triton"):
        return ok("triton", metadata.version("triton"))
    if not is_installed("torch"):
        return Finding("triton", Verdict.NOTE, "needs torch")
    import torch

    if torch.cuda.is_available():
        return Finding("triton", Verdict.NOTE, "not installed; the GPU runs slower without it", pip("triton"))
    return ok("triton", "not installed, and not needed without a GPU")


def check_terminal() -> Finding:
    if not sys.stdout.isatty():
        return ok("terminal", "none: `agent run` prints plain lines")
    columns = shutil.get_terminal_size().columns
    if "utf" not in (sys.stdout.encoding or "").lower():
        return Finding("terminal", Verdict.NOTE, f"encoding {sys.stdout.encoding}", "export LC_ALL=C.UTF-8")
    if columns < MIN_COLUMNS:
        return Finding(
            "terminal",
            Verdict.NOTE,
            f"{columns} columns; the screen wants {MIN_COLUMNS}",
            "agent run --plain",
        )
    return ok("terminal", f"{columns} columns, {sys.stdout.encoding}")


CHECKS: tuple[Callable[[], Finding], ...] = (
    check_python,
    check_processor,
    check_memory,
    check_disk,
    check_torch,
    check_bf16,
    check_decoders,
    check_opencv,
    check_sound,
    check_triton,
    check_terminal,
)


def run_check(check: Callable[[], Finding]) -> Finding:
    """The finding of a check; one that fails in a way nobody thought of is a finding, too."""
    name = check.__name__.removeprefix("check_")
    try:
        return check()
    except MillraceError as error:
        return Finding(name, Verdict.MISSING, str(error))
    except Exception as error:
        detail = " ".join(f"{type(error).__name__}: {error}".split())
        return Finding(name, Verdict.MISSING, detail, pip("--force-reinstall millrace"))


def is_installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def is_distributed(distribution: str) -> bool:
    try:
        metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return False
    return True


def pip(what: str, action: str = "install") -> str:
    """The pip command that does something in the environment that this very program runs in."""
    return f"{sys.executable} -m pip {action} {what}"


def apt(what: str) -> str:
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return f"{'' if is_root else 'sudo '}apt-get install {what}"
