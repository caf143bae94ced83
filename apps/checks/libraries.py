"""The libraries: can they be imported, and do they have what is needed of them."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import Literal

from .finding import Finding, is_distributed, is_installed, missing, note, ok, pip

DECODERS = ("h264", "hevc", "aac")
ENCODERS = ("libx264",)  # rendered cameras have the artefacts of H.264


def check_torch() -> Finding:
    if not is_installed("torch"):
        return missing("torch", "not installed", pip("torch"))
    import torch

    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "none; the processor is enough"
    features = torch.backends.cpu.get_cpu_capability()
    return ok("torch", f"{torch.__version__}, {torch.get_num_threads()} threads, {features}, GPU: {gpu}")


def check_bf16() -> Finding:
    """Weights are stored in bf16; a processor that cannot multiply in it computes in float32, at no harm."""
    if not is_installed("torch"):
        return note("bf16", "needs torch")
    import torch

    if torch.cuda.is_available() and torch.cuda.is_bf16_supported():
        return ok("bf16", "in the GPU's hardware")
    flags = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").exists() else ""
    is_native = "avx512_bf16" in flags or "amx_bf16" in flags or " bf16 " in flags
    return ok("bf16", "in the processor's hardware" if is_native else "not in hardware; float32 is used")


def check_decoders() -> Finding:
    if not is_installed("av"):
        return missing("PyAV", "not installed", pip("av"))
    import av
    from av.codec import Codec
    from av.codec.codec import UnknownCodecError

    def has(codec: str, mode: Literal["r", "w"]) -> bool:
        try:
            Codec(codec, mode)
        except UnknownCodecError:
            return False
        return True

    lacking = [codec for codec in DECODERS if not has(codec, "r")]
    lacking += [codec for codec in ENCODERS if not has(codec, "w")]
    version = ".".join(str(number) for number in av.library_versions.get("libavcodec", ()))
    detail = f"{av.__version__}, libavcodec {version}"
    if lacking:
        mend = pip("--force-reinstall --only-binary av av")
        return missing("PyAV", f"{detail}, without {', '.join(lacking)}", mend)
    return ok("PyAV", f"{detail}: {', '.join([*DECODERS, *ENCODERS])}")


def check_opencv() -> Finding:
    if not is_installed("cv2"):
        return missing("OpenCV", "not installed", pip("opencv-python-headless"))
    wheels = [wheel for wheel in ("opencv-python", "opencv-contrib-python") if is_distributed(wheel)]
    if wheels:
        detail = f"{wheels[0]} is installed as well; its GUI libraries clash with PyAV's"
        mend = f"{pip(' '.join(wheels), 'uninstall -y')} && {pip('--force-reinstall opencv-python-headless')}"
        return note("OpenCV", detail, mend)
    import cv2

    return ok("OpenCV", f"{cv2.__version__}, headless")


def check_triton() -> Finding:
    if is_installed("triton"):
        return ok("triton", metadata.version("triton"))
    if not is_installed("torch"):
        return note("triton", "needs torch")
    import torch

    if torch.cuda.is_available():
        return note("triton", "not installed; the GPU runs slower without it", pip("triton"))
    return ok("triton", "not installed, and not needed without a GPU")
