"""Settings as a file: read over the defaults, shown as an example, and kept beside the run that they began."""

from __future__ import annotations

import json
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

from ...errors import CheckpointError, ConfigError
from ...files import write_whole
from .settings import FREE, TrainSettings, describe, parse

KEPT = "settings.toml"
_TABLE = "train"
_MACHINE = frozenset(
    {"out", "workers", "threads"}
)  # of this machine: never taken from a file that a run kept


def read_settings(path: Path) -> dict[str, Any]:
    """The settings that a TOML file gives, at its top or in a table `[train]`. Raises ConfigError."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            f"--config {path}: no such file; `agent train --show-config > {path}` writes one"
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"--config {path}: cannot be read as TOML ({reason}); mend it") from None
    table = content.get(_TABLE, content)
    if not isinstance(table, dict):
        raise ConfigError(f"--config {path}: {_TABLE} is {table!r}; write a table [{_TABLE}]")
    try:
        return parse(table)
    except ConfigError as error:
        raise ConfigError(f"--config {path}: {error}") from None


def parse_assignment(text: str) -> tuple[str, Any]:
    """`language_lr=1e-3` to a name and a value, written as in TOML; plain words need no quotes. Raises ConfigError."""
    name, separator, value = text.partition("=")
    if not separator:
        raise ConfigError(f"--set {text}: give a setting and its value, such as language_lr=1e-3")
    try:
        parsed = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        parsed = value.strip()
    return name.strip(), parse({name.strip(): parsed})[name.strip()]


def show_settings(settings: TrainSettings) -> str:
    """All settings as TOML, each under a comment that says what it means."""
    lines = []
    for field in fields(settings):
        lines += [f"# {describe(field.name)}", f"{field.name} = {_toml(getattr(settings, field.name))}", ""]
    return "\n".join(lines)


def kept_settings(out: Path) -> dict[str, Any]:
    """What the run in a folder was begun with, without what belongs to the machine; empty where there is none."""
    path = out / KEPT
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = " ".join(str(error).split())
        raise CheckpointError(f"{path}: cannot be read ({reason}); delete it, the states stay") from None
    known = {field.name for field in fields(TrainSettings)} - _MACHINE
    return parse({name: value for name, value in content.items() if name in known})


def keep_settings(settings: TrainSettings, force: bool = False) -> None:
    """Write the settings into the run's folder. Raises ConfigError if it was begun with others that move the curve."""
    kept = kept_settings(settings.out)
    changed = [n for n, v in kept.items() if n not in FREE and v != getattr(settings, n)]
    if changed and not force:
        what = ", ".join(f"{n} = {_toml(kept[n])}, not {_toml(getattr(settings, n))}" for n in changed)
        raise ConfigError(
            f"{settings.out} was begun with {what}: leave it as it was, choose another --out, "
            "or go on with the new value and --force"
        )
    write_whole(settings.out / KEPT, show_settings(settings).encode())


def _toml(value: Any) -> str:
    if isinstance(value, Path):
        return json.dumps(str(value))
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value)
