"""What `agent doctor` looks at: each check is a function that looks at one thing and says what it found."""

from __future__ import annotations

from collections.abc import Callable

from .devices import check_cameras, check_microphones
from .finding import Finding
from .libraries import check_bf16, check_decoders, check_opencv, check_torch, check_triton
from .model import check_model
from .network import check_addresses, check_https, check_port
from .serving import check_browser, check_doors, check_rtsp
from .system import check_disk, check_memory, check_processor, check_python, check_terminal

CHECKS: tuple[Callable[[], Finding], ...] = (
    check_python,
    check_processor,
    check_memory,
    check_disk,
    check_torch,
    check_bf16,
    check_triton,
    check_decoders,
    check_opencv,
    check_cameras,
    check_microphones,
    check_terminal,
    check_doors,
    check_rtsp,
    check_port,
    check_https,
    check_addresses,
    check_browser,
    check_model,
)
