"""Refusals as the doors tell them: JSON with a sentence and a code, and the right status."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, WebSocket
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match

from ...errors import MillraceError
from .masking import mask
from .questions import BusyError
from .seats import NoSeatError

log = logging.getLogger("millrace.doors")

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "too_slow",
    409: "conflict",
    412: "precondition_failed",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid",
    428: "precondition_required",
    429: "too_many_requests",
    500: "internal",
    503: "unavailable",
}


class Refusal(HTTPException):
    """What a route raises: a status, a sentence for a person, and a code for a program."""

    def __init__(
        self, status: int, message: str, code: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, message, headers)
        self.code = code or code_of(status)


def code_of(status: int) -> str:
    """The code of a status where the refusal has none of its own."""
    return _CODES.get(status, "refused")


def wait_header(seconds: float) -> Mapping[str, str]:
    """When to come again."""
    return {"Retry-After": str(max(1, math.ceil(seconds)))}


def error_body(message: str, code: str) -> dict[str, Any]:
    """`{"error": {"message", "code"}}`, without the passwords of addresses."""
    return {"error": {"message": mask(message), "code": code}}


def error_bytes(message: str, code: str) -> bytes:
    """The same as it is sent."""
    return json.dumps(error_body(message, code)).encode()


def add_handlers(app: FastAPI) -> None:
    """Let all errors of the routes come out in this form."""
    app.add_exception_handler(HTTPException, _tell_refusal)
    app.add_exception_handler(RequestValidationError, _tell_invalid)
    app.add_exception_handler(MillraceError, _tell_own)
    app.add_exception_handler(Exception, _tell_unexpected)


async def json_only(request: Request) -> None:
    """A route that depends on it takes JSON and nothing else. Raises Refusal 415."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refusal(415, f"content-type is {kind or 'missing'}; send application/json")


async def refuse_socket(socket: WebSocket) -> None:
    """The route of all WebSockets that have no other."""
    await socket.send_denial_response(_reply(404, "there is no WebSocket here; GET /docs lists all doors"))


def _reply(
    status: int, message: str, code: str | None = None, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    return JSONResponse(error_body(message, code or code_of(status)), status, headers)


async def _tell_refusal(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    detail: Any = error.detail
    message, code = detail, getattr(error, "code", None)
    if isinstance(detail, Mapping):
        inner = detail.get("error", detail)
        message, code = inner.get("message", ""), inner.get("code", code)
    text = str(message) or HTTPStatus(error.status_code).phrase
    if isinstance(error, Refusal):
        return _reply(error.status_code, text, code, error.headers)
    # The framework's own, which found no route.
    if error.status_code == 404:
        return _reply(404, "there is no such door; GET /docs lists all doors")
    if error.status_code == 405:
        allowed = _methods_of(request)
        return _reply(
            405, f"this door takes {allowed} alone; GET /docs lists all doors", headers={"Allow": allowed}
        )
    return _reply(error.status_code, text, code, error.headers)


def _methods_of(request: Request) -> str:
    # The framework names those of the first route with this path alone; there may be several, one for each method.
    def is_taken(method: str) -> bool:
        scope = {**request.scope, "method": method}
        return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)

    return ", ".join(filter(is_taken, _METHODS))


async def _tell_invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return _reply(400, "the body is no JSON; send one JSON object")
    place = ".".join(str(part) for part in first["loc"][1:]) or "the body"
    return _reply(422, f"{place}: {first['msg']}")


async def _tell_own(_: Request, error: Exception) -> JSONResponse:
    if isinstance(error, NoSeatError):
        return _reply(409, str(error))
    if isinstance(error, BusyError):
        return _reply(503, str(error), "busy", wait_header(1))
    return _reply(422, str(error))


async def _tell_unexpected(request: Request, error: Exception) -> JSONResponse:
    # Starlette raises it again after this reply, and uvicorn logs it with its traceback.
    name = type(error).__name__
    log.error("%s %s: unexpected %s", request.method, request.url.path, name)
    return _reply(500, f"unexpected {name}; the server's log says more")
