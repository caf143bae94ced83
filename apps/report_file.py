"""Writes a machine-readable report: whole or not at all."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from ..errors import ConfigError


def write_json(path: Path, report: Mapping[str, object]) -> None:
    """Writes `report` beside its place and moves it there: a reader never sees half of it; `-` prints it.

    Raises ConfigError where the folder does not exist or cannot be written to.
    """
    write_text(path, json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_text(path: Path, text: str) -> None:
    """The same for a report that is text already. Raises ConfigError."""
    if str(path) == "-":
        sys.stdout.write(text)
        return
    try:
        _replace(path, text)
    except OSError as error:
        raise ConfigError(
            f"{path}: the report cannot be written ({error.strerror}); name another place"
        ) from None


def check_writable(path: Path) -> None:
    """Says before the work, not after it, that a report could not be written: raises ConfigError."""
    if str(path) == "-":
        return
    if path.is_dir():
        raise ConfigError(f"{path}: is a folder; name a file for the report")
    if not path.parent.is_dir():
        raise ConfigError(f"{path}: there is no folder {path.parent}; make it or name another")
    if not os.access(path.parent, os.W_OK):
        raise ConfigError(f"{path}: the folder {path.parent} cannot be written to; name another place")


def _replace(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
