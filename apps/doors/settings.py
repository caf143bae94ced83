"""The settings of `agent serve`, checked once, and told in one line where they are wrong."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import NoDecode

from ...errors import ConfigError
from ...streams.camera import CameraSource
from ...streams.microphone import MicrophoneSource
from ...streams.source import Source
from ...streams.spec import parse_source
from .limits import ServeLimits
from .masking import make_token, mask

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")  # of a camera, in a path or a table
NAME_HELP = "1 to 32 letters, digits, dots, dashes or underscores"
_TOKEN = re.compile(r"[\x21-\x7e]{8,256}")


class IceServer(BaseModel):
    """One STUN or TURN server, as browsers know them."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    urls: str = Field(pattern=r"^(stun|stuns|turn|turns):\S+$")
    username: str = ""
    credential: SecretStr = SecretStr("")


class ServeConfig(BaseModel):
    """How the doors stand. The description of a field is what an error tells the person to give."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    host: str = Field("127.0.0.1", min_length=1, description="an address of this machine, or 0.0.0.0 for all")
    port: int = Field(8080, ge=0, le=65_535, description="a port from 1 to 65535, or 0 for any free one")
    token: SecretStr | None = Field(None, description="8 to 256 printable characters without a space")
    cams: int = Field(4, ge=1, le=4, description="a number of cameras from 1 to 4")
    model: str = Field("nano", min_length=1, description="nano, or the path of a trained model")
    budget_ms: float = Field(200.0, ge=10, le=10_000, description="milliseconds from 10 to 10000")
    alert_confidence: float = Field(
        0.0, ge=0, le=1, description="a number from 0 to 1: how sure a sentence must be to be an alert"
    )
    record: Literal["off"] = Field("off", description="off; recordings come with a later version")
    tls_cert: Path | None = Field(None, description="the file of a certificate (PEM)")
    tls_key: Path | None = Field(None, description="the file of the certificate's key (PEM)")
    hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="a list of names under which browsers reach this machine, such as cams.example.org"
    )
    origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="a list of origins of other pages that may use the doors, such as https://example.org"
    )
    ice_servers: tuple[IceServer, ...] = Field(
        (), description='a list of {urls = "stun:host:3478"}, with username and credential for turn:'
    )
    webrtc: bool = Field(True, description="true for the doors WHIP and WHEP, or false")
    realtime: bool = Field(True, description="true for the door /v1/realtime, or false")
    udp_ports: tuple[int, int] | None = Field(
        None, description="the first and the last UDP port of WebRTC, such as [40000, 40100]"
    )
    cameras: Annotated[dict[str, str], NoDecode] = Field(
        {}, repr=False, description='a table of names and sources, such as door = "rtsp://10.0.0.5/main"'
    )
    start: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="a list of those cameras that begin at once"
    )
    listen: Annotated[tuple[str, ...] | None, NoDecode] = Field(
        None, description="a list of those cameras in whose sound speech is listened for; [] for none"
    )
    limits: ServeLimits = Field(ServeLimits(), description="a table of limits")

    @field_validator("hosts", "origins", "start", "listen", mode="before")
    @classmethod
    def _split_list(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(";") if part.strip()) if _is_text(value) else value

    @field_validator("cameras", mode="before")
    @classmethod
    def _split_table(cls, value: Any) -> Any:
        if not _is_text(value):
            return value
        pairs = [part.partition("=") for part in value.split(";") if part.strip()]
        return {name.strip(): spec.strip() for name, _, spec in pairs}

    @field_validator("token")
    @classmethod
    def _check_token(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _TOKEN.fullmatch(value.get_secret_value()):
            raise ValueError("token")
        return value

    @field_validator("origins")
    @classmethod
    def _check_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            if not re.fullmatch(r"https?://[^/\s*]+", origin):
                raise ValueError(origin)
        return tuple(origin.lower() for origin in value)

    @model_validator(mode="after")
    def _check_whole(self) -> Self:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ConfigError(
                "a certificate needs its key and the key its certificate: give --tls-cert and --tls-key"
            )
        for path in (self.tls_cert, self.tls_key):
            if path is not None and not path.is_file():
                raise ConfigError(
                    f"{path}: there is no such file; give the PEM files of a certificate and its key"
                )
        if self.udp_ports is not None and not 1024 <= self.udp_ports[0] <= self.udp_ports[1] <= 65_535:
            raise ConfigError(
                f"udp_ports is {list(self.udp_ports)}; give the first and the last, such as [40000, 40100]"
            )
        for name, spec in self.cameras.items():
            _check_camera(name, spec)
        for name in self.start:
            if name not in self.cameras:
                known = ", ".join(self.cameras) or "none"
                raise ConfigError(f"start: there is no camera {name!r}; the table [cameras] has {known}")
        self._check_listen()
        if len(self.start) > self.cams:
            raise ConfigError(
                f"{len(self.start)} cameras begin at once but there are {self.cams} places; take some away"
            )
        return self

    def _check_listen(self) -> None:
        for name in self.listen or ():
            if name not in self.cameras:
                known = ", ".join(self.cameras) or "none"
                raise ConfigError(f"listen: there is no camera {name!r}; the table [cameras] has {known}")
            if isinstance(source_of(name, self.cameras[name]), CameraSource):
                raise ConfigError(
                    f"listen: {name} is a local camera, which has no sound; name a microphone beside it:"
                    ' voice = "mic" in [cameras]'
                )

    @property
    def heard(self) -> tuple[str, ...]:
        """The cameras in whose sound speech is listened for: those of `listen`, or all microphones."""
        if self.listen is not None:
            return self.listen
        sources = ((name, source_of(name, spec)) for name, spec in self.cameras.items())
        return tuple(name for name, source in sources if isinstance(source, MicrophoneSource))

    @property
    def is_loopback(self) -> bool:
        """Whether only programs of this machine reach it."""
        return is_loopback(self.host)

    @property
    def scheme(self) -> str:
        return "https" if self.tls_cert is not None else "http"

    @property
    def secret(self) -> str:
        """The token; empty where none is asked for."""
        return self.token.get_secret_value() if self.token is not None else ""

    @property
    def secrets(self) -> tuple[str, ...]:
        """All that no log may show."""
        credentials = (server.credential.get_secret_value() for server in self.ice_servers)
        return tuple(filter(None, (self.secret, *credentials)))


def make_serve_config(**values: Any) -> ServeConfig:
    """The settings from these values and the defaults alone. Raises as `load_serve_config` does."""
    try:
        return ServeConfig(**values)
    except ValidationError as error:
        raise ConfigError(explain(error)) from None


def with_token(config: ServeConfig) -> ServeConfig:
    """The same with a token, its own or a new one."""
    return config if config.token else config.model_copy(update={"token": SecretStr(make_token())})


def explain(error: ValidationError) -> str:
    """One line for the first setting that is wrong: its name, its value unless it is a secret, and what to give."""
    first = error.errors(include_url=False)[0]
    place = [str(part) for part in first["loc"]]
    fields: Mapping[str, Any] = ServeConfig.model_fields
    if len(place) > 1 and place[0] == "limits":
        fields, place = ServeLimits.model_fields, place[1:]
    name = place[0] if place else "settings"
    if name not in fields:
        return f"{name}: there is no such setting; choose from {', '.join(fields)}"
    is_secret = name in ("token", "ice_servers")
    value = "not usable" if is_secret else mask(repr(first["input"]))
    return f"{name} is {value}; give {fields[name].description}"


def source_of(name: str, spec: str) -> Source:
    """What a line of `[cameras]` means. Raises SourceError."""
    return parse_source(f"{name}={spec}" if name[0].isalpha() else spec)


def is_loopback(host: str) -> bool:
    """Whether an address or name is this machine's own loopback."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check_camera(name: str, spec: str) -> None:
    if not NAME.fullmatch(name):
        raise ConfigError(f"{name!r} is no name of a camera; give {NAME_HELP}")
    source_of(name, spec)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)
