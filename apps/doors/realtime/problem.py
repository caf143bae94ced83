"""What a Realtime client did wrong, in the words of an `error` event."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from ....errors import MillraceError

_CODES = {
    "missing": "missing_required_parameter",
    "json_invalid": "invalid_json",
}
_MAX_SHOWN = 60  # characters of a value


class RealtimeError(MillraceError):
    """Becomes an `error` event; with `close_code` the connection ends after it."""

    def __init__(
        self,
        code: str,
        message: str,
        param: str | None = None,
        *,
        kind: str = "invalid_request_error",
        close_code: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code, self.param, self.kind, self.close_code = code, param, kind, close_code

    def body(self, event_id: str | None) -> dict[str, Any]:
        """The `error` of the event; `event_id` is that of the client's event."""
        return {
            "type": self.kind,
            "code": self.code,
            "message": str(self),
            "param": self.param,
            "event_id": event_id,
        }


def from_validation(error: ValidationError) -> RealtimeError:
    """The first thing that is wrong with a client's event."""
    first = error.errors(include_url=False)[0]
    param = ".".join(str(part) for part in first["loc"]) or None
    kind, message = first["type"], first["msg"]
    if kind.startswith("unsupported_"):  # one of ours, which says all
        return RealtimeError(kind, message, param)
    if kind == "missing":
        return RealtimeError(_CODES[kind], f"{param} is missing", param)
    code = _CODES.get(kind, "invalid_type" if kind.endswith("_type") else "invalid_value")
    given = repr(first["input"])
    shown = given if len(given) <= _MAX_SHOWN else f"{given[:_MAX_SHOWN]}…"
    return RealtimeError(code, f"{param or 'the event'} is {shown}: {message[0].lower()}{message[1:]}", param)
