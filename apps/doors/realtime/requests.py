"""The events that a client sends, checked."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError, field_validator

from .config import CAMERA_NAME, MaxTokens, Modalities, NoTools, SessionPatch, Strict, refuse
from .problem import RealtimeError, from_validation

_MAX_PARTS = 16
_Id = Annotated[str, Field(min_length=1, max_length=128)]


class TextPart(Strict):
    type: Literal["input_text"]
    text: str


class ImagePart(Strict):
    """`camera` is an extension: the name of the camera that took the picture."""

    type: Literal["input_image"]
    image_url: str = Field(repr=False)
    camera: str | None = Field(default=None, pattern=CAMERA_NAME)


class AudioPart(Strict):
    type: Literal["input_audio"]
    audio: str = Field(repr=False)


class OutputPart(Strict):
    type: Literal["output_text"]
    text: str


Part = Annotated[TextPart | ImagePart | AudioPart, Field(discriminator="type")]


class UserItem(Strict):
    type: Literal["message"]
    role: Literal["user", "system"]
    id: _Id | None = None
    content: list[Part] = Field(min_length=1, max_length=_MAX_PARTS)

    @property
    def texts(self) -> list[str]:
        """Its lines of text."""
        return [part.text for part in self.content if isinstance(part, TextPart)]


class AssistantItem(Strict):
    """What the agent is said to have said elsewhere; it is kept in the conversation, the agent does not read it."""

    type: Literal["message"]
    role: Literal["assistant"]
    id: _Id | None = None
    content: list[OutputPart] = Field(min_length=1, max_length=_MAX_PARTS)


Item = UserItem | AssistantItem


def _choose_item(value: Any) -> Any:
    if isinstance(value, dict) and value.get("type") not in ("message", None):
        raise refuse(
            "unsupported_item", f"items of type {str(value['type'])[:40]!r} are not understood: give message"
        )
    model = AssistantItem if isinstance(value, dict) and value.get("role") == "assistant" else UserItem
    return model.model_validate(value)


class ResponseParams(Strict):
    instructions: str | None = None
    input: list[Any] | None = Field(default=None, max_length=64)
    max_output_tokens: MaxTokens | None = None
    metadata: dict[str, str] | None = Field(default=None, max_length=16)
    output_modalities: Modalities | None = None
    conversation: Literal["auto", "none"] | None = None
    tools: NoTools = None


class _Event(Strict):
    event_id: Annotated[str, Field(max_length=512)] | None = None


class SessionUpdate(_Event):
    type: Literal["session.update"]
    session: SessionPatch


class ItemCreate(_Event):
    type: Literal["conversation.item.create"]
    item: Item
    previous_item_id: str | None = None

    _choose = field_validator("item", mode="plain")(_choose_item)


class ItemDelete(_Event):
    type: Literal["conversation.item.delete"]
    item_id: str


class ItemRetrieve(_Event):
    type: Literal["conversation.item.retrieve"]
    item_id: str


class ItemTruncate(_Event):
    type: Literal["conversation.item.truncate"]
    item_id: str
    content_index: int
    audio_end_ms: int


class AudioAppend(_Event):
    type: Literal["input_audio_buffer.append"]
    audio: str = Field(repr=False)


class AudioCommit(_Event):
    type: Literal["input_audio_buffer.commit"]


class AudioClear(_Event):
    type: Literal["input_audio_buffer.clear"]


class ResponseCreate(_Event):
    type: Literal["response.create"]
    response: ResponseParams = ResponseParams()

    @field_validator("response", mode="before")
    @classmethod
    def _none_is_default(cls, value: Any) -> Any:
        return {} if value is None else value


class ResponseCancel(_Event):
    type: Literal["response.cancel"]
    response_id: str | None = None


Request = (
    SessionUpdate
    | ItemCreate
    | ItemDelete
    | ItemRetrieve
    | ItemTruncate
    | AudioAppend
    | AudioCommit
    | AudioClear
    | ResponseCreate
    | ResponseCancel
)
_MODELS: dict[str, TypeAdapter[Request]] = {
    model.model_fields["type"].annotation.__args__[0]: TypeAdapter(model) for model in Request.__args__
}

EVENTS_OF_CLIENTS = tuple(_MODELS)


def parse_json(text: str) -> dict[str, Any]:
    """The object in a message. Raises RealtimeError."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RealtimeError("invalid_json", f"the message is no JSON ({str(error)[:80]})") from None
    if not isinstance(body, dict):
        raise RealtimeError(
            "invalid_json", f"the message is a {type(body).__name__}: send an object with a type"
        )
    return body


def event_id_of(body: dict[str, Any]) -> str | None:
    """The client's own name for its event."""
    found = body.get("event_id")
    return found[:512] if isinstance(found, str) else None


def parse_request(body: dict[str, Any]) -> Request:
    """The event. Raises RealtimeError, one that names what is wrong."""
    kind = body.get("type")
    if kind is None:
        raise RealtimeError("missing_required_parameter", "type is missing: it names the event", "type")
    adapter = _MODELS.get(kind) if isinstance(kind, str) else None
    if adapter is None:
        raise RealtimeError(
            "unknown_event", f"type is {str(kind)[:60]!r}: send one of {', '.join(_MODELS)}", "type"
        )
    try:
        return adapter.validate_python(body)
    except ValidationError as error:
        raise from_validation(error) from None


def parse_item(value: Any) -> Item:
    """An item inside of another event. Raises RealtimeError."""
    try:
        return ItemCreate.model_validate({"type": "conversation.item.create", "item": value}).item
    except ValidationError as error:
        raise from_validation(error) from None
