"""The route `/v1/realtime`."""

from __future__ import annotations

import hmac

from fastapi import APIRouter, WebSocket
from starlette.responses import PlainTextResponse

from ..house import House
from ..replies import Refusal
from ..speech import SpeechWatch
from .connection import TRY_LATER, Connection
from .events import event
from .limits import RealtimeLimits
from .pictures import PictureDecoder
from .problem import RealtimeError
from .session import Shared

PATH = "/v1/realtime"
_PROTOCOL = "realtime"
_KEY_PROTOCOL = "openai-insecure-api-key."  # how browsers send the token, which cannot set headers
_MAX_MODEL_CHARS = 128
_UPGRADE = {"Upgrade": "websocket", "Connection": "Upgrade"}


def make_router(
    house: House, watch: SpeechWatch, limits: RealtimeLimits | None = None, token: str = ""
) -> APIRouter:
    """The door for clients of OpenAI's Realtime API. With a `token` they must send it, as `Authorization: Bearer TOKEN`
    or as the subprotocol `openai-insecure-api-key.TOKEN`.

    What goes beyond that API (`docs/doors.md` tells of each event):
    - Cameras that came by WHIP, RTSP or the page are the same agent's, and it tells of them here, too.
    - `camera` in an `input_image` names the camera that took the picture; without it, and for sound, it is the
      `millrace.camera` of the session.
    - `session.update` takes `millrace: {narrate, cameras, camera}`: whether the agent tells what it sees of its own
      accord, of which cameras (null: all), and the name of the client's own camera.
    - Each sentence of its own accord is a response of its own, with `metadata` `{"kind": "narration" | "alert",
      "camera"}`; it may come while a question waits for its answer, of kind `reply`.
    - Lines such as `tell me when a car enters cam1`, typed or in `session.instructions`, stand; those of the
      instructions until they are changed or the client leaves.
    - Sound asks nothing: `create_response` is always false, and answers are text.
    """
    limits = limits or RealtimeLimits()
    router = APIRouter()
    shared = Shared(house, watch, PictureDecoder(limits.frame_bytes, limits.frame_pixels), limits)
    connected: set[Connection] = set()

    @router.get(PATH, include_in_schema=False)
    async def explain() -> None:
        raise Refusal(
            426,
            "this door is a WebSocket; a client connects to it by ws:// or wss://",
            "websocket_only",
            _UPGRADE,
        )

    @router.websocket(PATH)
    async def realtime(socket: WebSocket) -> None:
        if token and not _is_known(socket, token):
            refusal = PlainTextResponse(
                "the token is missing or wrong: send Authorization: Bearer TOKEN\n", 401
            )
            await socket.send_denial_response(refusal)
            return
        offered = socket.scope.get("subprotocols", [])
        await socket.accept(subprotocol=_PROTOCOL if _PROTOCOL in offered else None)
        if len(connected) >= limits.sessions:
            await _turn_away(socket, limits.sessions)
            return
        connection = Connection(
            socket, shared, socket.query_params.get("model", "millrace")[:_MAX_MODEL_CHARS]
        )
        connected.add(connection)
        try:
            await connection.run()
        finally:
            connected.discard(connection)
            if not connected:
                await shared.decoder.close()

    return router


def _is_known(socket: WebSocket, token: str) -> bool:
    """Whether the token was sent; each that was is compared in constant time."""
    scheme, _, value = socket.headers.get("authorization", "").partition(" ")
    sent = [value.strip()] if scheme.lower() == "bearer" else []
    sent += [
        offered.removeprefix(_KEY_PROTOCOL)
        for offered in socket.scope.get("subprotocols", [])
        if offered.startswith(_KEY_PROTOCOL)
    ]
    return any(hmac.compare_digest(each.encode(), token.encode()) for each in sent)


async def _turn_away(socket: WebSocket, num_sessions: int) -> None:
    error = RealtimeError("too_many_sessions", f"{num_sessions} clients are connected: try again later")
    await socket.send_json(event("error", error=error.body(None)))
    await socket.close(TRY_LATER)
