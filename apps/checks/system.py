"""The machine: Python, processor, memory, disk, terminal."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from .finding import Finding, apt, missing, note, ok

MIN_PYTHON = (3, 11)
MIN_MEMORY_BYTES = int(1.5 * 2**30)
MIN_DISK_BYTES = 2**30
MIN_COLUMNS = 80


def check_python() -> Finding:
    version = ".".join(str(number) for number in sys.version_info[:3])
    if sys.version_info[:2] < MIN_PYTHON:
        detail = f"{version}; {MIN_PYTHON[0]}.{MIN_PYTHON[1]} or newer is needed"
        return missing("Python", detail, apt("python3.11 python3.11-venv"))
    return ok("Python", f"{version} at {sys.executable}")


def check_processor() -> Finding:
    num_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    load = os.getloadavg()[0]
    detail = f"{num_cores} cores, load {load:.1f}"
    if load > num_cores:
        mend = "ps aux --sort=-%cpu | head"
        return note("processor", f"{detail}: other programs keep it busy, ticks may be late", mend)
    return ok("processor", detail)


def check_memory() -> Finding:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return ok("memory", "not known on this system")
    available = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    detail = f"{available / 2**30:.1f} GB available"
    if available < MIN_MEMORY_BYTES:
        return note("memory", f"{detail}; four cameras use up to 1.5 GB", "ps aux --sort=-%mem | head")
    return ok("memory", detail)


def check_disk() -> Finding:
    free = shutil.disk_usage(Path.cwd()).free
    detail = f"{free / 2**30:.1f} GB free in {Path.cwd()}"
    if free < MIN_DISK_BYTES:
        return note("disk", f"{detail}; training writes up to 1 GB", "du -xh . | sort -h | tail")
    return ok("disk", detail)


def check_terminal() -> Finding:
    if not sys.stdout.isatty():
        return ok("terminal", "none: `agent run` prints plain lines")
    columns = shutil.get_terminal_size().columns
    if "utf" not in (sys.stdout.encoding or "").lower():
        return note("terminal", f"encoding {sys.stdout.encoding}", "export LC_ALL=C.UTF-8")
    if columns < MIN_COLUMNS:
        return note(
            "terminal",
            f"{columns} columns; the screen wants {MIN_COLUMNS}",
            "agent run --plain",
        )
    return ok("terminal", f"{columns} columns, {sys.stdout.encoding}")
