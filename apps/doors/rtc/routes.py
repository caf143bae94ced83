"""WHIP (RFC 9725) and WHEP over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from fastapi import APIRouter, Request, Response

from ....errors import MillraceError
from ..replies import Refusal, wait_header
from .door import FullError, LabelError, RtcDoor, TakenError
from .host import DownError, GoneError
from .sdp import Fragment, OfferError, first_mid, read_fragment, write_fragment
from .sessions import RtcSession

_SDP, _FRAGMENT = "application/sdp", "application/trickle-ice-sdpfrag"
_BODY_S = 10.0
_BUSY_S = 2.0
_STATUS: dict[type[MillraceError], int] = {
    OfferError: 400,
    LabelError: 400,
    GoneError: 404,
    TakenError: 409,
    FullError: 503,
    DownError: 503,
}


def make_router(door: RtcDoor) -> APIRouter:
    """`/whip/{camera}` and `/whep`; the door is started and stopped by who includes it."""
    router = APIRouter(tags=["webrtc"])

    @router.options("/whip/{camera}")
    @router.options("/whep")
    async def options() -> Response:
        return _with_links(Response(status_code=204, headers={"Accept-Post": _SDP, "Allow": "OPTIONS, POST"}))

    @router.post("/whip/{camera}", status_code=201, summary="Send a camera: an SDP offer in, its answer out")
    async def publish(camera: str, request: Request) -> Response:
        return await _guard(_publish(camera, request))

    @router.post(
        "/whep", status_code=201, summary="Watch what the agent sees: an SDP offer in, its answer out"
    )
    async def watch(request: Request) -> Response:
        return await _guard(_watch(request))

    @router.patch("/whip/{camera}/{session}", summary="Trickle ICE, or an ICE restart")
    @router.patch("/whep/{session}", summary="Trickle ICE, or an ICE restart")
    async def patch(session: str, request: Request) -> Response:
        return await _guard(_patch(session, request))

    @router.delete("/whip/{camera}/{session}", summary="End the session")
    @router.delete("/whep/{session}", summary="End the session")
    async def delete(session: str) -> Response:
        return await _guard(_delete(session))

    @router.options("/whip/{camera}/{session}")
    @router.options("/whep/{session}")
    async def session_options(session: str) -> Response:
        headers = {"Accept-Patch": _FRAGMENT, "Allow": "DELETE, OPTIONS, PATCH"}
        return Response(status_code=204, headers=headers)

    def _with_links(response: Response) -> Response:
        # Also for OPTIONS: some clients need their servers before they can make an offer.
        for server in door.limits.ice_servers:
            response.headers.append("Link", server.link)
        return response

    async def _publish(camera: str, request: Request) -> Response:
        session = await door.publish(camera, await _read(request, _SDP, door.limits.max_sdp_bytes))
        return _with_links(_created(session, f"/whip/{camera}/{session.session_id}"))

    async def _watch(request: Request) -> Response:
        session = await door.watch(await _read(request, _SDP, door.limits.max_sdp_bytes))
        return _with_links(_created(session, f"/whep/{session.session_id}"))

    async def _patch(session_id: str, request: Request) -> Response:
        session = door.find(session_id)
        fragment = read_fragment(await _read(request, _FRAGMENT, door.limits.max_sdp_bytes))
        wanted = request.headers.get("if-match")
        if wanted is None:
            raise Refusal(428, "PATCH needs If-Match: the ETag of the session, or * to restart ICE")
        # "*" with its quotes, as if it were a tag, stands in the examples of the RFC.
        if {"*", '"*"', session.etag}.isdisjoint(tag.strip() for tag in wanted.split(",")):
            raise Refusal(412, "this ETag is not the session's; its ICE was restarted since")
        # Not by If-Match: a new name of the peer's side begins a new ICE session (RFC 9725, 4.3.3), and no other does.
        if fragment.is_of_another(session.ufrags):
            return _restarted(session, await door.restart(session, fragment))
        door.host.candidates(session_id, fragment)
        return Response(status_code=204)

    async def _delete(session_id: str) -> Response:
        door.close(session_id, "ended by its sender")
        return Response(status_code=200)

    return router


async def _guard(work: Awaitable[Response]) -> Response:
    try:
        return await work
    except MillraceError as error:
        status = next((status for kind, status in _STATUS.items() if isinstance(error, kind)), None)
        if status is None:
            raise
        headers = wait_header(_BUSY_S) if status == 503 else None
        raise Refusal(status, str(error), headers=headers) from None


async def _read(request: Request, content_type: str, max_bytes: int) -> str:
    given = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if given != content_type:
        raise Refusal(415, f"Content-Type {given[:60] or '(none)'}: send {content_type}")
    body = bytearray()
    try:
        async with asyncio.timeout(_BODY_S):
            async for part in request.stream():
                body += part
                if len(body) > max_bytes:
                    raise Refusal(413, f"the body is larger than {max_bytes} bytes")
    except TimeoutError:
        raise Refusal(408, f"the body did not come within {_BODY_S:g} s") from None
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise OfferError("the body is not UTF-8") from None


def _created(session: RtcSession, location: str) -> Response:
    headers = {"Location": location, "ETag": session.etag, "Accept-Patch": _FRAGMENT}
    return Response(session.answer, 201, headers, _SDP)


def _restarted(session: RtcSession, answer: Fragment) -> Response:
    body = write_fragment(answer.ufrag, answer.pwd, answer.candidates, first_mid(session.answer))
    return Response(body, 200, {"ETag": session.etag}, _FRAGMENT)
