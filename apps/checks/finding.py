"""What a check finds, and the commands that mend it."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from importlib import metadata
from pathlib import Path

from ...errors import MillraceError


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


def note(name: str, detail: str, mend: str = "") -> Finding:
    return Finding(name, Verdict.NOTE, detail, mend)


def missing(name: str, detail: str, mend: str = "") -> Finding:
    return Finding(name, Verdict.MISSING, detail, mend)


def run_check(check: Callable[[], Finding]) -> Finding:
    """The finding of a check; one that fails in a way nobody thought of is a finding, too."""
    name = check.__name__.removeprefix("check_")
    try:
        return check()
    except MillraceError as error:
        return missing(name, str(error))
    except Exception as error:
        detail = " ".join(f"{type(error).__name__}: {error}".split())
        return missing(name, detail, reinstall())


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


def reinstall() -> str:
    """The command that installs Millrace itself again, from where it came."""
    root = Path(__file__).parents[2]
    if (root / "Makefile").exists():
        return f"make -C {root} clean run"
    return pip("--force-reinstall PATH/TO/millrace-*.whl")
