"""The settings of a run, checked once: flags win over environment, over `millrace.toml`, over defaults."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from ..errors import ConfigError

CONFIG_FILE = Path("millrace.toml")
_TABLE = "run"


class RunConfig(BaseModel):
    """How one session runs. The description of a field is what an error tells the person to give."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    sources: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="a list of sources, such as clip.mp4, door=rtsp://10.0.0.2/stream, world:seed=7, 0 or mic",
    )
    cams: int | None = Field(None, ge=1, le=4, description="a number of cameras from 1 to 4")
    model: str = Field("nano", min_length=1, description="nano, or the path of a trained model")
    budget_ms: float = Field(200.0, ge=10, le=10_000, description="milliseconds from 10 to 10000")
    tick_hz: float = Field(5.0, ge=1, le=30, description="ticks a second from 1 to 30 (trained with 5)")
    seconds: float | None = Field(
        None, gt=0, allow_inf_nan=False, description="a number of seconds above 0, or leave it out"
    )
    realtime: bool = Field(True, description="true for real time, false for as fast as possible")
    fovea: bool = Field(True, description="true to look closely where something small has changed, or false")
    alert_confidence: float = Field(
        0.0, ge=0, le=1, description="a number from 0 to 1: how sure a sentence must be to be an alert"
    )
    json_path: Path | None = Field(None, description="the name of the file for the report")
    ask: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="a list of questions or instructions, such as: tell me when a car enters cam1"
    )

    @field_validator("sources", "ask", mode="before")
    @classmethod
    def _split_list(cls, value: Any) -> Any:
        return (
            tuple(part.strip() for part in value.split(";") if part.strip())
            if isinstance(value, str)
            else value
        )

    @property
    def budget_ns(self) -> int:
        return round(self.budget_ms * 1e6)

    @property
    def period_ns(self) -> int:
        return round(1e9 / self.tick_hz)


class _LayeredConfig(RunConfig, BaseSettings):
    """The same fields, filled from the environment and the file where no flag was given."""

    model_config = SettingsConfigDict(env_prefix="MILLRACE_", env_ignore_empty=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, InitSettingsSource(settings_cls, read_table(CONFIG_FILE))


def load_config(**flags: Any) -> RunConfig:
    """The settings from all layers; a flag that is None was not given.

    Sources in the environment are parted by `;` (`MILLRACE_SOURCES="door=a.mp4;mic"`); the file has a table
    `[run]`.
    Raises ConfigError, one line that names the value and what to give instead.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    try:
        return RunConfig(**_LayeredConfig(**given).model_dump())
    except ValidationError as error:
        raise ConfigError(explain(error)) from None


def make_config(**values: Any) -> RunConfig:
    """The settings from these values and the defaults alone. Raises ConfigError as `load_config` does."""
    try:
        return RunConfig(**values)
    except ValidationError as error:
        raise ConfigError(explain(error)) from None


def read_table(path: Path) -> dict[str, Any]:
    """The table `[run]` of the config file; empty where there is no file."""
    if not path.exists():
        return {}
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8")).get(_TABLE, {})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(
            f"{path}: cannot be read as TOML ({' '.join(str(error).split())}); mend or remove it"
        ) from None
    if not isinstance(table, dict):
        raise ConfigError(f"{path}: [{_TABLE}] is {table!r}; write a table of settings")
    return table


def explain(error: ValidationError) -> str:
    """One line for the first setting that is wrong: its name, its value, and what to give."""
    first = error.errors(include_url=False)[0]
    name = str(first["loc"][0]) if first["loc"] else "settings"
    field = RunConfig.model_fields.get(name)
    if field is None:
        return f"{name}: there is no such setting; choose from {', '.join(RunConfig.model_fields)}"
    return f"{name} is {first['input']!r}; give {field.description}"
