"""Where the settings of `agent serve` come from: flags over `MILLRACE_SERVE_*` over `millrace.toml` over defaults."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from ...errors import ConfigError
from ...runtime.config import CONFIG_FILE
from ...streams.spec import parse_source
from .settings import ServeConfig, explain, with_token

_NAMED = re.compile(r"([A-Za-z][\w.-]*)=(.+)", re.DOTALL)


class _LayeredConfig(ServeConfig, BaseSettings):
    """The same fields, filled from the environment and the file where no flag was given."""

    model_config = SettingsConfigDict(
        env_prefix="MILLRACE_SERVE_", env_ignore_empty=True, env_nested_delimiter="__"
    )

    @model_validator(mode="after")
    def _check_whole(self) -> Self:
        return self  # not yet whole: cameras of flags are still to come

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, InitSettingsSource(settings_cls, read_tables(CONFIG_FILE))


def load_serve_config(sources: Sequence[str] = (), **flags: Any) -> ServeConfig:
    """The settings from all layers; a flag that is None was not given. `sources` begin at once, `NAME=SPEC` each.

    A host other than this machine gets a token, made here if nobody gave one.
    Raises ConfigError or SourceError, one line that names the value and what to give instead, and no secret.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    added = dict(split_source(text) for text in sources)
    try:
        layered = _LayeredConfig(**given)
        values = {name: getattr(layered, name) for name in ServeConfig.model_fields}
        values["cameras"] = {**layered.cameras, **added}
        values["start"] = tuple(dict.fromkeys((*layered.start, *added)))
        config = ServeConfig(**values)
    except ValidationError as error:
        raise ConfigError(explain(error)) from None
    return config if config.is_loopback else with_token(config)


def split_source(text: str) -> tuple[str, str]:
    """`NAME=SPEC`, or a source whose own name will do. Raises SourceError or ConfigError."""
    named = _NAMED.fullmatch(text)
    name, spec = named.groups() if named is not None else (parse_source(text).name, text)
    return name, spec


def read_tables(path: Path) -> dict[str, Any]:
    """The table `[serve]` of the config file with `[cameras]` in it; empty where there is no file."""
    if not path.exists():
        return {}
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(
            f"{path}: cannot be read as TOML ({' '.join(str(error).split())}); mend or remove it"
        ) from None
    for name in ("serve", "cameras"):
        if not isinstance(tables.get(name, {}), dict):
            raise ConfigError(f"{path}: [{name}] is {tables[name]!r}; write a table of settings")
    serve: dict[str, Any] = tables.get("serve", {})
    return {**serve, "cameras": tables["cameras"]} if "cameras" in tables else serve
