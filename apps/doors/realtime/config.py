"""The settings of one Realtime session: what `session.update` may change, and what `session.updated` says of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from ..voice_activity import SpeechSettings

CAMERA_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$"
MAX_INSTRUCTIONS_CHARS = 8192


class Strict(BaseModel):
    """A part of an event: its values are not converted, what it does not know is left alone."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


def refuse(code: str, message: str) -> PydanticCustomError:
    """For a validator to raise: an error event with this code."""
    return PydanticCustomError(code, "{message}", {"message": message})


def _text_only(value: Any) -> Any:
    if isinstance(value, list) and "audio" in value:
        raise refuse("unsupported_modality", 'the agent answers in text: give output_modalities ["text"]')
    return value


def _no_tools(value: Any) -> Any:
    if value:
        raise refuse("unsupported_tools", "the agent calls no tools: give tools []")
    return value


def _no_transcription(value: Any) -> Any:
    if value is not None:
        raise refuse(
            "unsupported_transcription", "the agent does not write down speech: give transcription null"
        )
    return value


Modalities = Annotated[list[Literal["text"]], BeforeValidator(_text_only), Field(min_length=1, max_length=1)]
NoTools = Annotated[Any, AfterValidator(_no_tools)]
MaxTokens = Annotated[int, Field(ge=1, le=4096)] | Literal["inf"]


class Format(Strict):
    type: Literal["audio/pcm"] = "audio/pcm"
    rate: Literal[24000] = 24000


class TurnDetection(Strict):
    type: Literal["server_vad"]
    threshold: float = Field(default=0.5, ge=0.05, le=0.95)
    prefix_padding_ms: int = Field(default=300, ge=0, le=5000)
    silence_duration_ms: int = Field(default=500, ge=50, le=10_000)
    interrupt_response: bool = True

    @property
    def speech(self) -> SpeechSettings:
        return SpeechSettings(
            threshold=self.threshold,
            min_silence_ms=self.silence_duration_ms,
            padding_ms=self.prefix_padding_ms,
        )


class AudioInput(Strict):
    format: Format | None = None
    turn_detection: TurnDetection | None = None
    transcription: Annotated[Any, AfterValidator(_no_transcription)] = None


class Audio(Strict):
    input: AudioInput | None = None


class Extension(Strict):
    """`millrace`: what OpenAI's API has no words for."""

    narrate: bool | None = None  # whether what the agent says of its own accord comes as responses
    cameras: list[Annotated[str, Field(pattern=CAMERA_NAME)]] | None = Field(
        None, max_length=16
    )  # of the narration
    camera: str | None = Field(default=None, pattern=CAMERA_NAME)  # whose sound and pictures these are


class SessionPatch(Strict):
    """The `session` of `session.update`; a field that is not there stays as it is."""

    type: Literal["realtime"]
    model: str | None = Field(default=None, max_length=256)
    instructions: str | None = Field(default=None, max_length=MAX_INSTRUCTIONS_CHARS)
    output_modalities: Modalities | None = None
    max_output_tokens: MaxTokens | None = None
    audio: Audio | None = None
    tools: NoTools = None
    millrace: Extension | None = None


@dataclass(frozen=True, slots=True)
class SessionConfig:
    """How a session stands."""

    id: str
    model: str = "millrace"
    instructions: str = ""
    max_output_tokens: int | Literal["inf"] = "inf"
    turn_detection: TurnDetection | None = field(default_factory=lambda: TurnDetection(type="server_vad"))
    narrate: bool = True
    cameras: tuple[str, ...] | None = None
    camera: str = "realtime"

    def patched(self, patch: SessionPatch) -> SessionConfig:
        """With what a client changed."""
        plain = {"model", "instructions", "max_output_tokens"} & patch.model_fields_set
        changes = {name: value for name in plain if (value := getattr(patch, name)) is not None}
        if "instructions" in plain and patch.instructions is None:
            changes["instructions"] = ""
        hearing = patch.audio.input if patch.audio is not None else None
        if hearing is not None and "turn_detection" in hearing.model_fields_set:
            changes["turn_detection"] = hearing.turn_detection
        own = patch.millrace
        if own is not None:
            given = {name: getattr(own, name) for name in own.model_fields_set}
            if given.get("cameras") is not None:
                given["cameras"] = tuple(given["cameras"])
            changes |= {
                name: value for name, value in given.items() if value is not None or name == "cameras"
            }
        return replace(self, **changes)

    def body(self) -> dict[str, Any]:
        """The `session` of an event."""
        turn = self.turn_detection
        return {
            "type": "realtime",
            "object": "realtime.session",
            "id": self.id,
            "model": self.model,
            "instructions": self.instructions,
            "output_modalities": ["text"],
            "max_output_tokens": self.max_output_tokens,
            "tools": [],
            "tool_choice": "none",
            "audio": {
                "input": {
                    "format": {"type": "audio/pcm", "rate": 24000},
                    "noise_reduction": None,
                    "transcription": None,
                    # Sound alone asks nothing that the agent could answer: it never makes a response.
                    "turn_detection": turn
                    and {**turn.model_dump(), "create_response": False, "idle_timeout_ms": None},
                }
            },
            "millrace": {
                "narrate": self.narrate,
                "cameras": list(self.cameras) if self.cameras is not None else None,
                "camera": self.camera,
            },
        }
